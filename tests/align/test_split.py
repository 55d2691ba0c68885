"""Words of raw text beside links that another program made, which split lines at blanks only."""

from __future__ import annotations

from pathlib import Path

import pytest

from xlner.align.files import LinkFile
from xlner.align.split import find_split, words_at
from xlner.api.align import align
from xlner.api.project import project
from xlner.cli import main
from xlner.errors import DataError, OptionError

KIN = ["\u00a0", "\u2009", "\u202f", "\u3000", "\u0085", "\u2028", "\x1f"]


def bitext(folder: Path, gap: str, links: str) -> tuple[Path, Path, Path]:
    files = folder / "a.txt", folder / "b.txt", folder / "links"
    files[0].write_text("Ana paid 10 euros in Arcol\nBoris left\n", "utf-8", newline="\n")
    files[1].write_text(f"Ana pagó 10{gap}euros en Arcol\nBoris salió\n", "utf-8", newline="\n")
    files[2].write_text(links + "\n0-0 1-1\n", "utf-8")
    return files


AT_BLANKS = "0-0 1-1 2-2 3-2 4-3 5-4"
AT_WHITE_SPACE = "0-0 1-1 2-2 3-3 4-4 5-5"


@pytest.mark.parametrize("gap", KIN)
@pytest.mark.parametrize(("links", "words"), [(AT_BLANKS, 5), (AT_WHITE_SPACE, 6)])
def test_words_are_counted_as_the_links_count_them(tmp_path, gap, links, words):
    source, target, file = bitext(tmp_path, gap, links)
    labelled = tmp_path / "a.conll"
    rows = [("Ana", "B-PER"), *((w, "O") for w in ("paid", "10", "euros", "in")), ("Arcol", "B-LOC")]
    labelled.write_text("".join(f"{w}\t{t}\n" for w, t in rows) + "\nBoris\tB-PER\nleft\tO\n", "utf-8")
    for given in ({"alignment": file}, {"aligner": "files", "aligner_options": {"path": str(file)}}):
        result = project(labelled, target, tmp_path / "out.conll", matcher="heuristic", **given)
        first = result.sentences[0]
        assert len(first) == words
        assert [first.surface(s) for s in first.spans] == ["Ana", "Arcol"]
    report = align(source, target, tmp_path / "again", aligner="files", options={"path": str(file)}, gold=file)
    assert report.gold is not None
    assert report.gold.f1 == 1
    assert (tmp_path / "again").read_text() == file.read_text()


def test_what_fits_both_ways_is_asked(tmp_path):
    source, target, file = bitext(tmp_path, "\u00a0", "0-0 1-1")
    how = {"aligner": "files", "options": {"path": str(file)}}
    with pytest.raises(DataError, match=r"links:1: .*`words_split space` or `words_split unicode`"):
        align(source, target, tmp_path / "out", **how)
    for way in ("space", "unicode"):
        assert align(source, target, tmp_path / "out", **how, words_split=way).links == 4


def test_what_fits_neither_way_is_refused(tmp_path):
    source, target, file = bitext(tmp_path, "\u00a0", "0-0 1-6")
    with pytest.raises(DataError, match="links:1: links words that are not there"):
        align(source, target, tmp_path / "out", aligner="files", options={"path": str(file)})


def test_a_wrong_way_is_refused_by_its_name(tmp_path):
    source, target, _ = bitext(tmp_path, " ", AT_WHITE_SPACE)
    with pytest.raises(OptionError, match="`words_split` must be one of auto, space, unicode"):
        align(source, target, tmp_path / "out", words_split="blank")


def test_the_command_line_has_it(tmp_path, capsys):
    source, target, file = bitext(tmp_path, "\u00a0", "0-0 1-1")
    command = ["align", "--source", source, "--target", target, "--aligner", "files", "--path", file, "--output", "-"]
    for more, code in (([], 1), (["--words-split", "space"], 0)):
        with pytest.raises(SystemExit) as ended:
            main([str(a) for a in [*command, *more]])
        assert int(ended.value.code or 0) == code
    assert "--words-split space" in capsys.readouterr().err


def test_a_no_break_space_that_stands_alone_is_a_word_at_blanks_only():
    line = "a \u00a0 b"
    assert words_at("space", line) == ("a", "\u00a0", "b")
    assert words_at("unicode", line) == ("a", "b")


def test_lines_that_contradict_each_other_fit_neither_way(tmp_path):
    (tmp_path / "links").write_text("0-2\n0-1\n", "utf-8")
    spaced = [(("x",), ("a\u00a0b", "c")), (("x",), ("a", "\u00a0", "b"))]
    by_unicode = [(("x",), ("a", "b", "c")), (("x",), ("a", "b"))]
    assert find_split(spaced, by_unicode, [LinkFile(str(tmp_path / "links"))]) == "unicode"
    (tmp_path / "links").write_text("0-2\n0-2\n", "utf-8")
    with pytest.raises(DataError, match="links:2"):
        find_split(spaced, by_unicode, [LinkFile(str(tmp_path / "links"))])
