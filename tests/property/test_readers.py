"""Any bytes give sentences or a DataError with the file's name: no other exception, no hang."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from xlner.core.types import Sentence, Span
from xlner.data import check, load, split_sentences, split_words, stream_text, write
from xlner.errors import DataError

FORMATS = [None, "conll", "conllu", "uner", "text", "jsonl", "tokens", "doccano", "prodigy", "label-studio"]
common = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

# Pieces that files are made of, so that the fuzz gets past the first line.
PIECES = [
    *(
        "word",
        "Zuri",
        "B-PER",
        "I-PER",
        "S-LOC",
        "O",
        "_",
        "-DOCSTART-",
        "#",
        "# text = Zuri",
        "1",
        "1-2",
        "# global.columns = ID FORM NER",
        "ner=B-PER|SpaceAfter=No",
        "\t_\t_\t_\t_",
        "PER",
        "B_PER",
        "PER-I",
        "\r",
        "en:",
        "en:x",
    ),
    *("🙂", "\u200b", "\u202e", "\xa0", "\x85", "\u2028", "é", "ก", "中", "\ufeff", " ", "\t", "\n", "\r\n", "\n\n"),
    *("{", "}", "[", "]", ",", "null", "true", "NaN", "1e999", "-1", '"x"', '"\\ud800"', '"text":', '"tokens":'),
    *(
        '"ner_tags":',
        '"label":',
        '"spans":',
        '"data":',
        '"annotations":',
        '"words":',
        '"answer":',
        '"start":',
        '"end":',
    ),
]
pieces = st.sampled_from(PIECES)
file_bytes = st.one_of(
    st.binary(max_size=300),
    st.lists(pieces, max_size=60).map(lambda p: "".join(p).encode("utf-8")),
    st.lists(st.tuples(st.text(max_size=5), st.sampled_from(["O", "B-PER", "I-LOC", "E-X", "?"])), max_size=20).map(
        lambda rows: "".join(f"{word}\t{tag}\n" for word, tag in rows).encode("utf-8", "surrogatepass")
    ),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 12) | st.floats() | st.text(max_size=6) | st.sampled_from(["PER", "O"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["text", "start", "end", "label", "labels", "value", "result", "globalOffsets"]), inner
        )
    ),
    max_leaves=12,
)
KEYS = ["text", "tokens", "words", "ner_tags", "tags", "label", "labels", "entities", "spans", "answer", "data"]
KEYS += ["annotations", "offsets", "missing", "language"]
json_records = st.lists(st.dictionaries(st.sampled_from(KEYS), values, min_size=1, max_size=5), max_size=4)


def sentences_or_data_error(path: Path, **options: Any) -> None:
    for view in (lambda: load(path, **options).sentences, lambda: list(stream_text(path, format=options["format"]))):
        with suppress(DataError):
            for sentence in view():
                assert all(sentence.words)
                if sentence.text is not None and sentence.offsets is not None:
                    assert tuple(sentence.text[a:b] for a, b in sentence.offsets) == sentence.words


@pytest.mark.parametrize("format", FORMATS)
@given(content=file_bytes)
@example(content=b"(\xb5/\xfd")  # the sign of zstandard, and no more
@example(content=b"\x1f\x8b")
@example(content=b"BZh9")
@example(content=b"\xfd7zXZ\x00")
@common
def test_any_bytes(tmp_path: Path, format: str | None, content: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(content)
    sentences_or_data_error(path, format=format)


@pytest.mark.parametrize("array", [True, False], ids=["array", "lines"])
@given(records=json_records)
@common
def test_any_json(tmp_path: Path, array: bool, records: list[dict[str, Any]]) -> None:
    path = tmp_path / "any.jsonl"
    path.write_text(json.dumps(records) if array else "\n".join(map(json.dumps, records)), encoding="utf-8")
    for format in FORMATS[5:]:
        sentences_or_data_error(path, format=format)


@given(content=file_bytes)
@common
def test_checking_never_raises(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(content)
    json.dumps(check([path, path]).as_dict())


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=80))
@settings(max_examples=500, deadline=None)
def test_words_cover_all_that_can_be_seen(text: str) -> None:
    import regex

    last = 0
    for start, end in [*split_words(text), (len(text), len(text))]:
        assert last <= start <= end
        assert regex.fullmatch(r"[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]*", text[last:start])
        last = end
    pieces = split_sentences(text)
    assert all(a < b for a, b in pieces)
    assert "".join("".join(text[a:b].split()) for a, b in pieces) == "".join(text.split())


words = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=6).filter(
    lambda word: not word.isspace() and not word.startswith(("#", "-DOCSTART-", "\ufeff"))
)


@st.composite
def labelled(draw: st.DrawFn) -> Sentence:
    tokens = tuple(draw(st.lists(words, min_size=1, max_size=8)))
    edges = sorted(draw(st.sets(st.integers(0, len(tokens)), max_size=6)))
    kinds = draw(st.lists(st.sampled_from(["PER", "LOC-X", "组织"]), min_size=3, max_size=3))
    spans = tuple(Span(a, b, kinds[i % 3]) for i, (a, b) in enumerate(zip(edges[::2], edges[1::2], strict=False)))
    return Sentence(words=tokens, spans=spans)


@pytest.mark.parametrize("name", ["out.conll", "out.jsonl"])
@given(sentences=st.lists(labelled(), min_size=1, max_size=5))
@common
def test_what_is_written_is_read_again(tmp_path: Path, name: str, sentences: list[Sentence]) -> None:
    path = tmp_path / name
    write(path, sentences)
    again = load(path, scheme="IOB2", format=path.suffix[1:])
    prefixed = any("words started with" in note for note in again.report.notes)
    if not prefixed:
        assert [(s.words, s.spans) for s in again] == [(s.words, s.spans) for s in sentences]
