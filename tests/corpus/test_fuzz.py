"""A few hundred inputs of the long fuzz in benchmarks/fuzz_readers.py; the results page says how many ran there."""

from __future__ import annotations

import importlib
import random
from pathlib import Path
from types import ModuleType

import pytest

from xlner.data import load

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
# Faults that are known and open; the list empties as readers are mended.
OPEN: tuple[str, ...] = ("other words with labels than without",)


@pytest.fixture
def fuzz(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("fuzz_readers")


def test_changed_files_are_read_or_refused_and_nothing_else(fuzz: ModuleType, tmp_path: Path) -> None:
    found = fuzz.fuzz(seed=0, first=0, inputs=400, seconds=60, place=tmp_path)
    assert found["inputs"] > 100
    assert [kind for kind in found["faults"] if not any(known in kind for known in OPEN)] == []


def test_an_input_can_be_made_again_from_its_number(fuzz: ModuleType) -> None:
    files = fuzz.seeds()
    assert fuzz.make(3, 17, files) == fuzz.make(3, 17, files)
    assert fuzz.make(3, 17, files) != fuzz.make(3, 18, files)


def test_every_change_gives_bytes(fuzz: ModuleType) -> None:
    files = [*fuzz.seeds(), b"", b"\n", b"[]", b"{}", b"\xff"]
    for change in fuzz.CHANGES:
        for number, data in enumerate([*files[::20], *files[-5:]]):
            assert isinstance(change(data, files, random.Random(number)), bytes)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"Zuri\tB-PER\nran\tO\n# Oyo\n", "2 lines are neither"), (b"Zuri\tB-PER\nran\tO\n", None)],
)
def test_words_lost_in_silence_would_be_seen(
    fuzz: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, says: str | None
) -> None:
    """A reader that loses a word is a fault; one that does not is none."""
    path = tmp_path / "a.conll"
    path.write_bytes(content)
    corpus = load(path)
    if says is not None:
        sentences = [type(s)(words=s.words[:1], spans=s.spans[:1], where=s.where) for s in corpus]
        report = corpus.report.__class__("p", "conll", words=1, sentences=1)
        corpus = type(corpus)(sentences, report)
    fault = fuzz._lost(path, corpus, list(corpus))
    assert (fault or "").startswith(says or "")
    assert (fault is None) == (says is None)
