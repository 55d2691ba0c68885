"""Every file of the corpus is read right, checked, converted and back, predicted and scored; see `right.py`."""

from __future__ import annotations

import json
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from tests.corpus.right import CHANGES, PACKED, REFUSED, RIGHT, Case, cases

from xlner.cli import main
from xlner.core.tags import iob2
from xlner.core.types import Sentence
from xlner.data import Corpus, check, convert, load, stream_text
from xlner.errors import DataError

ALL = cases()
GOOD = [case for case in ALL if case.error is None]
BAD = [case for case in ALL if case.error is not None]
FLAGS = {"token_column": "--token-column", "tag_column": "--tag-column", "format": "--format", "split": "--split"}


# What a reader gets wrong today: files, the kinds of tests that show it, and what happens. Strict: mended is taken off.
OPEN: list[tuple[str, str, str]] = []


def params(chosen: list[Case], kind: str, *, sample: int = 1) -> list[Any]:
    """Test parameters; a file that a reader gets wrong today is expected to fail, and must."""
    found = []
    for case in chosen[::sample]:
        reasons = [why for name, kinds, why in OPEN if fnmatch(case.name, name) and kind in kinds.split()]
        marks = [pytest.mark.xfail(reason=reason, strict=True) for reason in reasons]
        found.append(pytest.param(case, id=case.name, marks=marks))
    return found


def tags(sentence: Sentence) -> list[str]:
    """A tag per word, `_` for unknown ones."""
    found = iob2(sentence) if sentence.labelled else ["_"] * len(sentence)
    for start, end in sentence.missing:
        found[start:end] = ["_"] * (end - start)
    return found


def assert_right(corpus: Corpus, case: Case) -> None:
    """Words, entities, texts, what is unknown, and all that was left out are as they should be."""
    assert [s.words for s in corpus] == case.words
    assert [tags(s) for s in corpus] == case.tags
    assert [s.labelled for s in corpus] == case.labelled
    for sentence, right in zip(corpus, case.right["sentences"], strict=True):
        if "text" in right:
            assert sentence.text == right["text"]
        if sentence.text is not None and sentence.offsets is not None:
            assert tuple(sentence.text[a:b] for a, b in sentence.offsets) == sentence.words
    report = corpus.report
    assert report.reasons == case.right["left_out"]
    assert len(report.broken) == case.right.get("broken", 0)
    assert report.format == case.right.get("format", report.format)
    for note in case.right.get("notes", ()):
        assert any(note in told for told in report.notes), (note, report.notes)
    for dropped in report.dropped:  # and whoever reads hears it, whatever the command
        assert not dropped.content or any(dropped.reason in remark for remark in report.remarks())


def assert_refused(error: str, path: Path, case: Case) -> None:
    """The message names file and line, and says what is wrong."""
    line = case.error["line"]  # type: ignore[index]
    assert error.startswith(f"{path}:" if line is None else f"{path}:{line}: "), error
    assert case.error["says"] in error  # type: ignore[index]


def flags(case: Case) -> list[str]:
    words = []
    for name, value in case.options.items():
        for item in value if isinstance(value, list) else [value]:
            if name == "options":
                words += [w for key, v in item.items() for w in (f"--{key.replace('_', '-')}", str(v))]
            else:
                words += [FLAGS.get(name, "--label"), str(item)]
    return words


def run(*words: object) -> int:
    """The exit code of a command."""
    with pytest.raises(SystemExit) as stopped:
        main([str(w) for w in words])
    return int(stopped.value.code or 0)


def test_the_corpus_is_whole() -> None:
    """No file without its right reading and no reading without its file; enough of them, in many scripts."""
    folder = Path(__file__).parent
    files = {p for p in folder.glob("*/*") if p.is_file() and "__pycache__" not in p.parts}
    assert {p for p in files if not p.name.endswith(RIGHT)} == {case.path for case in ALL}
    assert len(ALL) >= 150
    seen = "".join(word for case in GOOD for words in case.words for word in words)
    for script in ("ж", "ل", "נ", "म", "ส", "小", "は", "🙂", "\u0301", "\u200d"):
        assert script in seen, script


@pytest.mark.parametrize("case", params(GOOD, "read"))
def test_it_is_read_as_what_it_means(case: Case) -> None:
    assert_right(load(case.path, **case.options), case)


@pytest.mark.parametrize("case", params(BAD, "refuse"))
def test_it_is_refused_with_file_and_line(case: Case) -> None:
    with pytest.raises(DataError) as stopped:
        load(case.path, **case.options)
    assert_refused(str(stopped.value), case.path, case)


@pytest.mark.parametrize("case", params(ALL, "way"))
def test_its_way_here_does_not_change_what_it_means(case: Case, tmp_path: Path) -> None:
    for change, changed in CHANGES.items():
        skipped = case.right.get("without", ())
        if change in skipped or (change in PACKED and "packed" in skipped):
            continue
        path = tmp_path / change / (case.path.name + (f".{change[-3:].strip('_')}" if change in PACKED else ""))
        path.parent.mkdir()
        path.write_bytes(changed(case.path.read_bytes()))
        if change in REFUSED:  # of a few bytes without a mark nobody can be sure to say the encoding
            with pytest.raises(DataError, match="iconv -f UTF-16" if change == "utf16" else "utf16_bare"):
                load(path, **case.options)
        elif case.error is not None:
            with pytest.raises(DataError) as stopped:
                load(path, **case.options)
            assert_refused(str(stopped.value), path, case)
        else:
            assert_right(load(path, **case.options), case)


@pytest.mark.parametrize("case", params(GOOD, "raw"))
def test_its_words_are_the_same_without_labels(case: Case) -> None:
    columns = {k: v for k, v in case.options.items() if k in ("format", "token_column", "tag_column")}
    if set(case.options) - set(columns) - {"labels", "options"}:
        pytest.skip("raw text has no such option")
    raw = list(stream_text(case.path, **columns))
    if "without_labels" in case.right:
        assert len(raw) == case.right["without_labels"]
        assert set(case.words) <= {s.words for s in raw}
    else:
        assert [s.words for s in raw] == case.words
    assert not any(s.labelled or s.spans or s.missing for s in raw)


@pytest.mark.parametrize("case", params(ALL, "check"))
def test_check_tells_the_same(case: Case) -> None:
    options = {k: v for k, v in case.options.items() if k != "split"}
    more = {"options": {"split": case.options["split"]}} if "split" in case.options else {}
    told = check([case.path], **options, **more).as_dict()
    errors = [f["message"] for f in told["files"][0]["findings"] if f["level"] == "error"]
    assert told["ok"] == (case.error is None), errors
    if case.error is not None:
        assert_refused(errors[0], case.path, case)
    else:
        assert told["files"][0]["report"]["sentences"] == len(case.words)
        assert told["files"][0]["report"]["dropped_counts"] == case.right["left_out"]


@pytest.mark.parametrize("case", params(GOOD, "convert"))
def test_it_is_converted_and_back(case: Case, tmp_path: Path) -> None:
    first, columns, back = tmp_path / "a.jsonl", tmp_path / "b.conll", tmp_path / "c.jsonl"
    report = convert(case.path, first, **case.options)
    assert report.reasons == case.right["left_out"]
    again = load(first)
    assert [s.words for s in again] == case.words
    assert [tags(s) for s in again] == case.tags
    assert [s.text for s in again] == [s.text for s in load(case.path, **case.options)]
    convert(first, columns)
    convert(columns, back, scheme="IOB2", format="conll")
    for path, options in ((columns, {"scheme": "IOB2", "format": "conll"}), (back, {})):
        again = load(path, **options)  # type: ignore[arg-type]
        assert [s.words for s in again] == case.words
        assert [tags(s) for s in again] == case.tags


@pytest.mark.parametrize("case", params(BAD, "nofile"))
def test_what_is_refused_leaves_no_file(case: Case, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        convert(case.path, tmp_path / "out.jsonl", **case.options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("case", params(ALL, "command", sample=12))
def test_the_commands_do_the_same(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = 0 if case.error is None else 1
    assert run("data", "check", case.path, "--json", *flags(case)) == code
    told = json.loads(capsys.readouterr().out)["files"][0]
    if code == 0:
        assert told["report"]["dropped_counts"] == case.right["left_out"]
    assert run("data", "convert", case.path, tmp_path / "out.jsonl", *flags(case)) == code
    told = capsys.readouterr().err
    assert str(case.path) in told
    if code == 0:
        assert all(reason in told for reason in case.right["left_out"])
        assert [s.words for s in load(tmp_path / "out.jsonl")] == case.words
    else:
        assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def model(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tagger with random weights."""
    from xlner.core.labels import LabelSet
    from xlner.tagger import Tagger

    tagger = Tagger.fresh(str(tiny_encoder), LabelSet(("LOC", "PER")), precision="fp32")
    return tagger.save(tmp_path_factory.mktemp("corpus") / "model")


# A sample is enough: what a command reads, it reads with `load` or `stream_text`.
SAMPLE = [case for case in GOOD if not case.options and "without_labels" not in case.right][::9]
SCORED = [case for case in SAMPLE if all(case.labelled) and any(tag[0] == "B" for row in case.tags for tag in row)]


@pytest.mark.parametrize("case", params(SAMPLE, "predict"))
def test_it_is_predicted_word_for_word(
    case: Case, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.jsonl"
    assert run("predict", model, case.path, "--format", "jsonl", "--output", out) == 0
    assert [tuple(json.loads(line)["words"]) for line in out.read_text("utf-8").splitlines()] == case.words
    told = capsys.readouterr().err
    for reason in case.right["left_out"]:
        if reason.startswith("word that is empty"):
            assert reason in told


@pytest.mark.parametrize("case", params(SCORED, "score"))
def test_it_scores_full_marks_against_itself(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("data", "convert", case.path, tmp_path / "same.jsonl", "--repair", "discard") == 0
    capsys.readouterr()
    assert run("evaluate", tmp_path / "same.jsonl", case.path, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    if not case.right.get("broken"):
        assert told["f1"] == 1.0
    assert set(case.right["left_out"]) == set(told["left_out"]["gold"])


def test_checking_all_of_them_at_once_loses_none() -> None:
    report = check([case.path for case in ALL])
    assert [f.path for f in report.files] == [str(case.path) for case in ALL]
