"""CoNLL columns in all the shapes that people bring."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from xlner.data import load, stream_text
from xlner.errors import DataError

Bring = Callable[..., Path]


@pytest.fixture
def bring(tmp_path: Path) -> Bring:
    """Write a file and return its path."""

    def make(content: str | bytes, name: str = "file.conll") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return make


def spans(path: Path, **options: object) -> list[list[tuple[int, int, str]]]:
    return [[s.key for s in sentence.spans] for sentence in load(path, **options)]  # type: ignore[arg-type]


SMALL = "Amina B-PER\nlives O\nin O\nKano B-LOC\n\nShe O\nsmiles O\n"


@pytest.mark.parametrize(
    "content",
    [
        SMALL,
        SMALL.replace(" ", "\t"),
        SMALL.replace("\n", "\r\n"),
        SMALL.replace("\n", "\r\r\n"),
        SMALL.rstrip("\n"),
        "\ufeff" + SMALL,
        SMALL.replace("\n\n", "\n \n"),
        SMALL.replace("\n\n", "\n\t\n\n\n"),
        "-DOCSTART- O\n\n" + SMALL,
        "-DOCSTART- -X- -X- O\n" + SMALL,
        SMALL.replace("Amina B-PER", "Amina NNP I-NP B-PER").replace(" O", " X Y O").replace("B-LOC", "X Y B-LOC"),
        "# sent_id = 1\n# text = Amina lives in Kano\n" + SMALL,
        "#begin document (demo); part 000\n" + SMALL + "#end document\n",
        "".join("en:" + line + "\n" if line else "\n" for line in SMALL.splitlines()),
    ],
    ids=[
        "spaces", "tab", "crlf", "two carriage returns", "no newline at the end", "byte order mark", "separator with a "
        "space", "several separators", "docstart", "docstart in columns", "four columns", "comments", "conll-2012 "
        "comments", "language prefix",
    ],
)  # fmt: skip
def test_one_text_in_many_shapes(bring: Bring, content: str) -> None:
    corpus = load(bring(content))
    assert [s.words for s in corpus] == [("Amina", "lives", "in", "Kano"), ("She", "smiles")]
    assert [[s.key for s in sentence.spans] for sentence in corpus] == [[(0, 1, "PER"), (3, 4, "LOC")], []]
    assert corpus.report.format == "conll"
    assert corpus.report.types == {"LOC": 1, "PER": 1}


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("IOB2", "B-LOC B-LOC I-LOC O B-PER"),
        ("IOB1", "I-LOC B-LOC I-LOC O I-PER"),
        ("BIOES", "S-LOC B-LOC E-LOC O S-PER"),
        ("BILOU", "U-LOC B-LOC L-LOC O U-PER"),
    ],
)
def test_the_scheme_is_found_and_named(bring: Bring, scheme: str, tags: str) -> None:
    path = bring("".join(f"w{i} {tag}\n" for i, tag in enumerate(tags.split())))
    assert spans(path) == [[(0, 1, "LOC"), (1, 3, "LOC"), (4, 5, "PER")]]
    assert load(path).report.scheme == scheme


def test_broken_sequences_follow_the_policy_and_are_counted_with_their_line(bring: Bring) -> None:
    path = bring("Ali B-PER\nin O\n\nLagos I-LOC\nis O\nbig O\n\nOyo B-LOC\n")
    report = load(path).report
    assert report.broken == (f"{path}:4",)
    assert "1 broken" in report.describe()
    assert spans(path) == [[(0, 1, "PER")], [(0, 1, "LOC")], [(0, 1, "LOC")]]
    assert spans(path, repair="discard") == [[(0, 1, "PER")], [], [(0, 1, "LOC")]]
    with pytest.raises(DataError, match=r"file\.conll:4: .*IOB2"):
        load(path, repair="error")


def test_types_are_mapped_and_dropped(bring: Bring) -> None:
    path = bring("Ali B-PERSON\n1999 B-DATE\nOyo B-GPE\n")
    corpus = load(path, mapping={"PERSON": "PER", "DATE": "O", "GEP": "LOC"})
    assert [s.label for s in corpus.sentences[0].spans] == ["PER", "GPE"]
    assert corpus.report.types == {"GPE": 1, "PER": 1}
    assert "`mapping GEP=LOC`: no GEP here" in corpus.report.notes


def test_columns_can_be_named(bring: Bring) -> None:
    path = bring("1 B-PER Ali x\n2 O ran y\n\n1 O Ok z\n")
    corpus = load(path, token_column=2, tag_column=1, language="en")
    assert corpus.sentences[0].words == ("Ali", "ran")
    assert corpus.sentences[0].spans[0].key == (0, 1, "PER")
    assert corpus.sentences[0].language == "eng"
    with pytest.raises(DataError, match="no column 9"):
        load(path, tag_column=9)


def test_a_hash_can_be_a_word(bring: Bring) -> None:
    corpus = load(bring("# O\n1 O\nin O\nOyo B-LOC\n\n#one O\n"))
    assert [s.words for s in corpus] == [("#", "1", "in", "Oyo"), ("#one",)]


def test_a_prefix_stays_unless_every_word_has_it(bring: Bring) -> None:
    corpus = load(bring("en:Oyo B-LOC\nen: O\nx O\n"))
    assert corpus.sentences[0].words == ("en:Oyo", "en:", "x")
    stripped = load(bring("sw:Oyo B-LOC\nsw:: O\n")).sentences[0]
    assert stripped.words == ("Oyo", ":")
    assert stripped.language == "swa"


@pytest.mark.parametrize("inside", ["\x85", "\u2028", "\xa0", "\x0b", "\x1c"])
def test_odd_white_space_stays_inside_its_word(bring: Bring, inside: str) -> None:
    assert load(bring(f"10{inside}000 O\nOyo B-LOC\n")).sentences[0].words == (f"10{inside}000", "Oyo")


def test_blank_words_are_left_out_and_counted_but_zero_width_ones_stay(bring: Bring) -> None:
    corpus = load(bring("Oyo\tB-LOC\n \tI-LOC\nKe\tI-LOC\n\tO\n\u200b\tO\n🙂\tO\n"))
    assert corpus.sentences[0].words == ("Oyo", "Ke", "\u200b", "🙂")
    assert corpus.sentences[0].spans[0].key == (0, 2, "LOC")
    assert corpus.report.reasons == {"word that is empty or only white space": 2}
    assert corpus.report.dropped[0].where.endswith(":2")


def test_underscore_means_unknown_not_o(bring: Bring) -> None:
    first, second = load(bring("Ali B-PER\nran _\nfar _\n\nwho _\nknows _\n\nme O\n")).sentences[:2]
    assert first.missing == ((1, 3),)
    assert not second.labelled
    assert second.missing == ()


def test_labels_can_be_ignored_word_for_word(bring: Bring) -> None:
    path = bring("Ali B-PER\nran ?!\nfar\n\nOk O\n")
    assert [s.words for s in stream_text(path)] == [("Ali", "ran", "far"), ("Ok",)]
    assert not any(s.labelled for s in stream_text(path))


def test_a_5000_word_sentence_is_kept_whole(bring: Bring) -> None:
    path = bring("word O\n" * 4999 + "Oyo B-LOC")
    assert spans(path) == [[(4999, 5000, "LOC")]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Ali B-PER\nran\nfar O\n", ":2: a word without a tag"),
        ("Ali B-PER\n O\nfar O\n", ":2: a word without a tag, or a tag without a word"),
        ("Ali B-PER\nran X-PER\nfar O\n", ":2: 'X-PER' is no tag"),
        ("Ali B-PER\nran B-\nfar O\n", ":2: 'B-' is no tag"),
        ("Ali B-PER\nNew York B-LOC\nfar O\n", ":2: 3 columns where lines of this file have 2"),
        ("Ali\nran\n", ":1: a word without a tag"),
        (b"Ali B-PER\nJos\xe9 B-PER\n", ":2: not UTF-8 .*Latin-1.*iconv -f LATIN1"),
        (b"\xff\xfeA\0l\0i\0", ":1: not UTF-8 .*UTF-16.*iconv"),
        (b"Ali B-PER\nr\0n O\n", ":2: holds NUL"),
        (b"\x1f\x8b\x08\x00rest", "is packed, and damaged"),
        ("", "no sentence in it"),
        ("\n\n\n", "no sentence in it"),
        ("-DOCSTART- O\n", "no sentence in it"),
    ],
)
def test_bad_input_is_answered_with_file_and_line(bring: Bring, content: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=r"file\.conll" + (message if message[0] == ":" else ": " + message)):
        load(bring(content))


def test_a_missing_file_is_no_journey_to_the_hub(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        load(tmp_path / "nothing.conll")
    with pytest.raises(DataError, match=r"no such file; if you mean .* write hf:owner/name"):
        load("owner/name")
    with pytest.raises(DataError, match="this is a folder"):
        load(tmp_path)


def test_marks_are_counted_without_keeping_the_place_of_each(tmp_path: Path) -> None:
    (tmp_path / "many.conll").write_text("-DOCSTART- O\n\nZuri B-PER\n\n" * 1500, encoding="utf-8")
    report = load(tmp_path / "many.conll").report
    assert list(report.reasons.values()) == [1500]
    assert len(report.dropped) == 1000
    assert "left out 1500" in report.describe()
