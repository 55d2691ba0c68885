"""Raw text: files, standard input, lines that must stay lines."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import pytest

from xlner.core.files import forget_copies
from xlner.data import load, stream_text


def test_lines_are_split_into_sentences_with_offsets(tmp_path: Path) -> None:
    path = tmp_path / "raw.txt"
    path.write_text("Zuri ran.  She won!\n\nKesho tutaonana.", encoding="utf-8")
    sentences = list(stream_text(path, language="sw"))
    assert [s.text for s in sentences] == ["Zuri ran.", "She won!", "Kesho tutaonana."]
    assert sentences[1].words == ("She", "won", "!")
    assert {s.language for s in sentences} == {"swa"}
    assert sentences[2].where == f"{path}:3"
    assert not load(path).sentences[0].labelled


def test_parallel_text_stays_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "raw.txt"
    path.write_text("One. Two.\n\nThree.\n", encoding="utf-8")
    assert [s.text for s in stream_text(path, split_lines=False)] == ["One. Two.", "", "Three."]


def test_a_new_call_starts_over_even_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(b"Zuri B-PER\nran O\n")

    forget_copies()
    monkeypatch.setattr("sys.stdin", Stdin)
    try:
        assert [s.words for s in stream_text("-")] == [("Zuri", "ran")]
        assert [s.spans[0].label for s in load("-")] == ["PER"]
    finally:
        forget_copies()


@pytest.mark.parametrize("name", ["raw.txt", "raw.conll"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("Zuri went home.\n" * 20_000 if name == "raw.txt" else "Zuri B-PER\nran O\n\n" * 20_000)
    tracemalloc.start()
    try:
        assert sum(1 for _ in stream_text(path)) == 20_000
        assert tracemalloc.get_traced_memory()[1] < 6_000_000
    finally:
        tracemalloc.stop()


def test_a_line_of_100_000_characters(tmp_path: Path) -> None:
    path = tmp_path / "raw.txt"
    path.write_text("x" * 100_000 + "\n" + "ab " * 33_333)
    assert [len(s) for s in stream_text(path)] == [1, 33_333]
