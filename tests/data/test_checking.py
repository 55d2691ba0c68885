"""`data check`: what it finds in files and between them."""

from __future__ import annotations

import json
from pathlib import Path

from xlner.data import CheckReport, check


def kinds(report: CheckReport, level: str | None = None) -> list[str]:
    return [f.kind for f in report.findings if level in (None, f.level)]


def bring(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def test_a_clean_file(tmp_path: Path) -> None:
    report = check([bring(tmp_path, "a.conll", "Zuri B-PER\nran O\n\nOk O\n")])
    assert report.ok
    assert report.findings == ()
    assert report.files[0].lengths["max"] == 2
    assert report.rows()[0]["entities"] == "PER 1"
    assert "2 sentences, 3 words, 1 entities (PER 1)" in report.describe()


def test_every_broken_line_is_listed_not_only_the_first(tmp_path: Path) -> None:
    path = bring(tmp_path, "a.conll", "Zuri B-PER\nran\nfar O\n\nOk ?\nyes O\nso O\n")
    report = check([path])
    assert not report.ok
    assert kinds(report, "error") == ["broken line", "broken line"]
    assert f"{path}:2" in report.findings[0].message
    assert f"{path}:5" in report.findings[1].message


def test_files_that_cannot_be_read_do_not_stop_the_others(tmp_path: Path) -> None:
    good = bring(tmp_path, "a.conll", "Zuri B-PER\n")
    latin = tmp_path / "b.conll"
    latin.write_bytes(b"Jos\xe9 B-PER\n")
    empty = bring(tmp_path, "c.conll", "")
    report = check([good, latin, empty, tmp_path / "missing"])
    assert [bool(file.findings) for file in report.files] == [False, True, True, True]
    assert "not UTF-8" in report.describe()
    assert kinds(report) == ["broken line", "empty", "broken line"]


def test_words_that_look_wrong(tmp_path: Path) -> None:
    odd = ["\u200b", "a\u200bb", "a\x07b", "x\ufffdy", "cafÃ©", "\u202eabc", "x" * 100]
    path = bring(tmp_path, "a.conll", "".join(f"{word}\tO\n" for word in odd) + "नहीं\tO\nمی‌روم\tO\n👩🏽‍💻\tO\n")
    report = check([path])
    assert report.ok
    messages = [f.message for f in report.findings if f.kind == "suspect word"]
    assert len(messages) == len(odd)
    assert all(message.startswith("1 words") for message in messages)


def test_duplicates_conflicts_and_long_sentences(tmp_path: Path) -> None:
    content = "Zuri B-PER\n\nZuri B-LOC\n\nZuri B-PER\n\n" + "word O\n" * 300
    report = check([bring(tmp_path, "a.conll", content)])
    assert sorted(kinds(report)) == ["conflict", "duplicate", "long sentence"]
    assert "2 sentences occur before" in report.describe()


def test_overlap_and_types_between_files(tmp_path: Path) -> None:
    train = bring(tmp_path, "train.conll", "Zuri B-PER\nran O\n\nOyo B-LOC\n")
    test = bring(tmp_path, "test.conll", "Zuri B-PERSON\nran O\n")
    report = check([train, test])
    assert sorted(f.kind for f in report.between) == ["conflict", "overlap", "types"]
    assert f"{train}:1 and {test}:1" in report.between[0].where


def test_usual_names_are_suggested(tmp_path: Path) -> None:
    path = bring(tmp_path, "a.conll", "Zuri B-PERSON\nOyo B-GPE\nAcme B-organization\n1999 B-DATE\n")
    report = check([path])
    assert report.suggestion == "`mapping GPE=LOC` `mapping PERSON=PER` `mapping organization=ORG`"
    assert check([path], mapping=report.mapping).suggestion == ""


def test_broken_sequences_and_unlabelled_text(tmp_path: Path) -> None:
    broken = bring(tmp_path, "a.conll", "Zuri B-PER\n\nOyo I-LOC\n\nKano B-LOC\n")
    raw = bring(tmp_path, "b.txt", "Zuri ran.\n")
    report = check([broken, raw])
    assert kinds(report) == ["broken sequence", "unlabelled"]
    assert report.findings[0].where == (f"{broken}:3",)


def test_the_report_is_plain_json(tmp_path: Path) -> None:
    report = check([bring(tmp_path, "a.conll", "Zuri B-PER\n\nZuri B-PER\n"), tmp_path / "missing"])
    plain = json.loads(json.dumps(report.as_dict()))
    assert plain["ok"] is False
    assert plain["files"][0]["report"]["types"] == {"PER": 2}
