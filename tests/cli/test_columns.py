"""Commands that read words alone: columns can be named, and what reading took or left out is said."""

from __future__ import annotations

import pytest

from xlner.cli import main

NUMBERED = "1\tAna\tB-PER\n2\tvisits\tO\n3\tArcol\tB-LOC\n\n1\tBoris\tB-PER\n2\tleaves\tO\n"
LETTERED = "a)\tAna\tB-PER\nb)\tvisits\tO\nc)\tArcol\tB-LOC\n\na)\tBoris\tB-PER\nb)\tleaves\tO\n"
TOOK = "numbered.conll: column 0 counts the words; words are in column 1 (--token-column says otherwise)"


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = {"numbered.conll": NUMBERED, "lettered.conll": LETTERED, "es.txt": "Ana visita Arcol\nBoris deja\n"}
    files["links"] = "0-0 1-1 2-2\n0-0 1-1\n"
    files["brat.ann"] = "T1\tPER 0 3\tAna\nT2\tLOC 12 18\tArcol\n"
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")

    def go(words, code=0):
        with pytest.raises(SystemExit) as stopped:
            main(words.split())
        assert (stopped.value.code or 0) == code
        return capsys.readouterr()

    return go


ALIGN = "align --aligner files --path links --output out --target es.txt --source "
SIMILARITY = "similarity --measure lexical:ngrams --json --language es=es.txt --language en="


@pytest.mark.parametrize("command", [ALIGN, SIMILARITY])
def test_the_columns_that_were_taken_are_said(run, command):
    assert TOOK in run(command + "numbered.conll").err


@pytest.mark.parametrize("command", [ALIGN, SIMILARITY])
def test_columns_can_be_named(run, command):
    named = run(command + "lettered.conll --token-column 1")
    found = run(command + "numbered.conll")
    assert "column 0" not in named.err
    assert named.out.replace("lettered", "numbered").split('"notes"')[0] == found.out.split('"notes"')[0]
    assert "no column 9" in run(command + "numbered.conll --token-column 9", code=1).err


@pytest.mark.parametrize("command", [ALIGN, SIMILARITY])
def test_annotations_that_nobody_reads_are_no_text(run, command):
    assert "annotations of brat" in run(command + "brat.ann", code=1).err


@pytest.mark.parametrize("nothing", ["", "\n\n"])
def test_files_without_words_cannot_be_aligned(run, tmp_path, nothing):
    (tmp_path / "nothing.txt").write_text(nothing, "utf-8")
    said = run("align --aligner files --path links --output out --source nothing.txt --target nothing.txt", code=1).err
    assert "nothing.txt: no sentence in it" in said
