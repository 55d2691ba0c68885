"""Writers: whole files or none, and nothing lost on the way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from xlner.core.types import Sentence, Span
from xlner.data import convert, load, stream_text, write
from xlner.errors import DataError, UsageError, XlnerError

RICH = Sentence(
    words=("Zuri", "<b>", "Lomé", "🙂"),
    spans=(Span(0, 1, "PER", 0.75), Span(2, 3, "LOC")),
    language="eng",
    text="Zuri <b>  Lomé🙂",
    offsets=((0, 4), (5, 8), (10, 14), (14, 15)),
    missing=((1, 2),),
)
PLAIN = Sentence(words=("Ok", "#"), language="swa")
RAW = Sentence(words=("who", "knows"), labelled=False)


def bare(sentence: Sentence) -> Sentence:
    from dataclasses import replace

    return replace(sentence, where=None)


def test_json_lines_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "out.jsonl"
    assert write(path, [RICH, PLAIN, RAW]) == 3
    assert [bare(s) for s in load(path)] == [RICH, PLAIN, RAW]
    assert [s.words for s in stream_text(path)] == [RICH.words, PLAIN.words, RAW.words]


def test_conll_is_iob2_and_missing_is_not_o(tmp_path: Path) -> None:
    path = tmp_path / "out.conll"
    write(path, [RICH, PLAIN, RAW])
    assert path.read_text(encoding="utf-8") == (
        "Zuri\tB-PER\n<b>\t_\nLomé\tB-LOC\n🙂\tO\n\nOk\tO\n#\tO\n\nwho\t_\nknows\t_\n\n"
    )
    again = load(path).sentences
    assert [s.key for s in again[0].spans] == [s.key for s in RICH.spans]
    assert again[0].missing == RICH.missing
    assert not again[2].labelled
    write(path, [PLAIN], separator=" ")
    assert path.read_text(encoding="utf-8").startswith("Ok O\n")


def test_a_word_that_conll_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="write jsonl instead"):
        write(tmp_path / "out.conll", [Sentence(words=("a\tb",))])
    assert list(tmp_path.iterdir()) == []


def test_a_word_of_a_text_stays_a_word(tmp_path: Path) -> None:
    odd = Sentence(("a\x85b", "c\x0bd", "Kano"))
    write(tmp_path / "x.txt", [odd])
    assert (tmp_path / "x.txt").read_text("utf-8") == "a\x85b c\x0bd Kano\n"


def test_text_is_one_sentence_per_line(tmp_path: Path) -> None:
    write(tmp_path / "out.txt", [RICH, PLAIN])
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "Zuri <b>  Lomé🙂\nOk #\n"


def test_html_is_escaped_and_legible_from_both_sides(tmp_path: Path) -> None:
    arabic = Sentence(words=("زوري", "ذهبت"), spans=(Span(0, 1, "<PER>"),), language="ara")
    write(tmp_path / "out.html", [RICH, arabic], title="A & B")
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "<title>A &amp; B</title>" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert "<PER>" not in page
    assert 'title="PER 0.750"' in page
    assert '<p dir="auto" lang="ar">' in page
    assert 'class="unknown"' in page
    assert "http" not in page  # self-contained


def test_many_types_get_many_colours(tmp_path: Path) -> None:
    many = [Sentence(words=("x",), spans=(Span(0, 1, f"T{i}"),)) for i in range(40)]
    write(tmp_path / "out.html", many)
    page = (tmp_path / "out.html").read_text()
    colours = [line.split("background:")[1] for line in page.splitlines() if line.startswith(".t")]
    assert len(set(colours)) == 40


def test_nothing_half_written_stays_behind(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    write(path, [PLAIN])

    def breaks() -> Iterator[Sentence]:
        yield RICH
        raise DataError("the input ends badly")

    with pytest.raises(DataError, match="ends badly"):
        write(path, breaks())
    assert [bare(s) for s in load(path)] == [PLAIN]
    assert [p.name for p in tmp_path.iterdir()] == ["out.jsonl"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_said_plainly() -> None:
    with pytest.raises(XlnerError, match="/dev/full cannot be written: the disk is full"):
        write("/dev/full", [PLAIN] * 10_000, format="jsonl")


def test_a_device_is_written_to_and_not_replaced() -> None:
    write("/dev/null", [PLAIN], format="conll")
    assert not os.path.isfile("/dev/null")


def test_dash_is_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    write("-", [PLAIN], format="conll")
    assert capsys.readouterr().out == "Ok\tO\n#\tO\n\n"


def test_a_format_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can be read, not written; these can: jsonl, tokens, conll, html, text"):
        write(tmp_path / "x", [PLAIN], format="doccano")
    with pytest.raises(UsageError, match="is a folder"):
        write(tmp_path, [PLAIN])


def test_convert_reads_maps_and_writes(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "Zuri left Accra.", "label": [[0, 4, "person"], [10, 15, "GPE"]]}\n')
    report = convert(tmp_path / "in.jsonl", tmp_path / "out.conll", mapping={"person": "PER", "GPE": "O"})
    assert report.types == {"PER": 1}
    assert (tmp_path / "out.conll").read_text() == "Zuri\tB-PER\nleft\tO\nAccra\tO\n.\tO\n\n"


def test_convert_does_not_write_over_its_input(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text("Ana\tB-PER\n")
    with pytest.raises(UsageError, match="is the input, which would be lost"):
        convert(tmp_path / "a.conll", tmp_path / "." / "a.conll", to="text")
    assert (tmp_path / "a.conll").read_text() == "Ana\tB-PER\n"


def test_a_failed_convert_leaves_no_output(tmp_path: Path) -> None:
    (tmp_path / "in.conll").write_text("Zuri B-PER\nran ?\n")
    with pytest.raises(DataError, match=":2:"):
        convert(tmp_path / "in.conll", tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


def test_a_tag_that_would_be_two_columns_is_an_error(tmp_path: Path) -> None:
    sentence = Sentence(("Zuri",), (Span(0, 1, "First Name"),))
    with pytest.raises(DataError, match="the tag 'B-First Name' holds the separator"):
        write(tmp_path / "out.conll", [sentence], separator="space")
    assert not (tmp_path / "out.conll").exists()
