"""JSON of every dialect, record by record; offsets that contradict their text; what was not asked is unknown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from xlner.core.tags import iob2
from xlner.core.types import Sentence
from xlner.data import check, load, stream_text
from xlner.errors import DataError

TEXT = "Zuri saw Oyo"
ZURI, OYO = [0, 4, "PER"], [9, 12, "LOC"]
WORDS = ["Zuri", "saw", "Oyo"]
BOTH = "B-PER O B-LOC"
FIRST = "B-PER O O"


def tags(sentence: Sentence) -> str:
    """The tags of all words, `_` for unknown ones."""
    found = iob2(sentence) if sentence.labelled else ["_"] * len(sentence)
    for start, end in sentence.missing:
        found[start:end] = ["_"] * (end - start)
    return " ".join(found)


def bring(folder: Path, *records: Any, name: str = "file.jsonl") -> Path:
    path = folder / name
    path.write_text("\n".join(json.dumps(r) for r in records), encoding="utf-8")
    return path


def mark(start: Any, end: Any, label: Any, kind: str = "labels", **more: Any) -> dict[str, Any]:
    labels = label if isinstance(label, list) else [label]
    return {"type": kind, "value": {"start": start, "end": end, kind: labels, **more}}


def task(*annotations: Any, text: str = TEXT) -> dict[str, Any]:
    return {"data": {"text": text}, "annotations": list(annotations)}


SPANS = [{"start": 0, "end": 4, "label": "PER"}]
ALL = [mark(0, 4, "PER"), mark(9, 12, "LOC")]
ONE = [mark(0, 4, "PER")]
TOKENS = {"tokens": [{"orth": w, "ner": t} for w, t in zip(WORDS, ["U-PER", "-", "U-LOC"], strict=True)]}
MARKUP = "<b>Zuri</b> saw &amp; Oyo"

# name: record, format, tags, what is counted
DIALECTS: dict[str, tuple[Any, str, str, int]] = {
    "doccano label": ({"text": TEXT, "label": [ZURI, OYO]}, "doccano", BOTH, 0),
    "doccano labels": ({"text": TEXT, "labels": [ZURI, OYO]}, "doccano", BOTH, 0),
    "doccano data": ({"data": TEXT, "label": [ZURI, OYO]}, "doccano", BOTH, 0),
    "two keys": ({"text": TEXT, "label": [ZURI], "entities": [OYO, ZURI]}, "doccano", BOTH, 0),
    "empty key first": ({"text": TEXT, "label": [], "entities": [ZURI]}, "doccano", FIRST, 0),
    "a key of their own": ({"text": TEXT, "marks": [ZURI, OYO]}, "doccano", BOTH, 0),
    "nobody looked": ({"text": TEXT, "label": None}, "doccano", "_ _ _", 0),
    "relations": (
        {"text": TEXT, "entities": [{"label": "PER", "start_offset": 0, "end_offset": 4}], "relations": [{"id": 1}]},
        "doccano", FIRST, 1,
    ),
    "two users": (
        {"text": TEXT, "annotations": [
            {"label": "PER", "start_offset": 0, "end_offset": 4, "user": 1},
            {"label": "LOC", "start_offset": 0, "end_offset": 4, "user": 2},
        ]}, "doccano", FIRST, 1,
    ),
    "cluener": ({"text": TEXT, "label": {"PER": {"Zuri": [[0, 3]]}, "LOC": {"Oyo": [[9, 11]]}}}, "doccano", BOTH, 0),
    "whole floats": ({"text": TEXT, "label": [[0.0, 4.0, "PER"]]}, "doccano", FIRST, 0),
    "crossing": ({"text": TEXT, "label": [[0, 8, "ORG"], [5, 12, "LOC"]]}, "doccano", "B-ORG I-ORG _", 1),
    "studio": (task({"result": ALL}), "label-studio", BOTH, 0),
    "studio ground truth": (task({"result": []}, {"result": ALL, "ground_truth": True}), "label-studio", BOTH, 1),
    "studio two labels": (task({"result": [mark(0, 4, ["PER", "AUTHOR"])]}), "label-studio", FIRST, 1),
    "studio relation": (task({"result": [*ONE, {"type": "relation"}]}), "label-studio", FIRST, 1),
    "studio choice": (task({"result": [{"type": "choices", "value": {"choices": ["x"]}}]}), "label-studio", "_ _ _", 1),
    "studio prediction": (
        {"data": {"text": TEXT}, "predictions": [{"result": ONE}]}, "label-studio", "_ _ _", 1
    ),
    "studio moved": (task({"result": [mark(1, 5, "PER", text="Zuri")]}), "label-studio", FIRST, 0),
    "studio lost": (task({"result": [mark(0, 4, "PER", text="Kofi")]}), "label-studio", "_ O O", 1),
    "studio hypertext": (
        task({"result": [mark(0, 4, "PER", "hypertextlabels", text="Zuri"), mark(9, 12, "LOC", "htmllabels")]}),
        "label-studio", BOTH, 0,
    ),
    "studio dialogue": (
        {"data": {"talk": [{"author": "A", "text": "Zuri saw"}, {"author": "B", "text": "Oyo"}]}, "annotations": [
            {"result": [mark("1", "1", "LOC", "paragraphlabels", startOffset=0, endOffset=3, text="Oyo")]}
        ]}, "label-studio", "O O B-LOC", 0,
    ),
    "prodigy": ({"text": TEXT, "spans": SPANS, "answer": "accept"}, "prodigy", FIRST, 0),
    "prodigy teach": (
        {"text": TEXT, "spans": SPANS, "_view_id": "ner", "answer": "accept"},
        "prodigy", "B-PER _ _", 0,
    ),
    "prodigy no": (
        {"text": TEXT, "spans": SPANS, "_is_binary": True, "answer": "reject"},
        "prodigy", "_ _ _", 1,
    ),
    "prodigy nothing found": ({"text": TEXT, "_view_id": "ner_manual", "answer": "accept"}, "prodigy", "O O O", 0),
    "prodigy choice": (
        {"text": TEXT, "spans": SPANS, "_view_id": "choice", "answer": "accept"},
        "prodigy", "_ _ _", 1,
    ),
    "spacy pair": ([TEXT, {"entities": [ZURI, OYO]}], "spacy", BOTH, 0),
    "spacy document": ({"text": TEXT, "ents": SPANS, "spans": {}}, "spacy", FIRST, 0),
    "spacy tree": ({"id": 0, "paragraphs": [{"sentences": [TOKENS]}]}, "spacy", "B-PER _ B-LOC", 0),
    "few-nerd": (
        {"support": {"word": [WORDS], "label": [["PER", "O", "LOC"]]}, "query": {"word": [], "label": []}},
        "few-nerd", BOTH, 0,
    ),
    "gliner": ({"tokenized_text": WORDS, "ner": [[0, 0, "PER"], [2, 2, "LOC"]]}, "gliner", BOTH, 0),
    "spert": ({"tokens": WORDS, "entities": [{"type": "PER", "start": 0, "end": 1}]}, "gliner", FIRST, 0),
    "w2ner gap": ({"sentence": WORDS, "ner": [{"index": [0, 2], "type": "PER"}]}, "gliner", "_ O _", 1),
    "dygie": ({"sentences": [WORDS], "ner": [[[0, 0, "PER"], [2, 2, "LOC"]]]}, "gliner", BOTH, 0),
    "tags with names": ({"tokens": WORDS, "ner_tags": ["B-PER", "O", "B-LOC"], "lang": "en"}, "tokens", BOTH, 0),
    "names before numbers": (
        {"tokens": WORDS, "ner_tags": [1, 0, 2], "tags": ["B-PER", "O", "B-LOC"]}, "tokens", BOTH, 0
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DIALECTS)
def test_a_record_of_each_dialect(tmp_path: Path, name: str) -> None:
    record, format, wanted, counted = DIALECTS[name]
    shapes = {
        "lines.jsonl": json.dumps(record),
        "text.txt": json.dumps(record),
        "array.json": json.dumps([record], indent=1),
        "wrapped.json": json.dumps({"info": "x", "items": [record]}, indent=1),
        "keyed.json": json.dumps({"7": record, "8": record}),
        "pretty": json.dumps(record, indent=2),
    }
    for shape, content in shapes.items():
        if isinstance(record, list) and shape == "pretty":
            continue  # an array over several lines is an array of records
        path = tmp_path / shape
        path.write_text(content, encoding="utf-8")
        corpus = load(path)
        assert corpus.report.format == format, shape
        assert tags(corpus.sentences[0]) == wanted, shape
        assert len(corpus.report.dropped) == counted * len(corpus.sentences), shape
        assert [s.words for s in stream_text(path)] == [tuple(WORDS)] * len(corpus.sentences)


def test_dialects_are_found_record_by_record(tmp_path: Path) -> None:
    names = ["doccano label", "prodigy", "studio", "tags with names", "gliner", "spacy pair"]
    corpus = load(bring(tmp_path, *(DIALECTS[name][0] for name in names)))
    assert [tags(s) for s in corpus] == [DIALECTS[name][2] for name in names]
    assert any("records of several dialects" in note for note in corpus.report.notes)


@pytest.mark.parametrize("name", ["f.jsonl", "f.txt", "f"])
@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('{"a": 1}', 1),
        ('\n{"text": "x"}\n{"a": 1}', 3),
        ('[\n {"a": 1}\n]', 2),
        ('["a", "b"]', 1),
        ('{\n "a": {\n  "b": 1}}', 1),
        ("{'text': 'x'}", 1),
        ('{"text": "x", "label": [[0, 1, "A"]]', 1),
        ('{"a": [{"text": "x"}], "b": [{"text": "y"}]}', 1),
    ],
)
def test_json_that_nobody_can_read_is_no_text(tmp_path: Path, name: str, content: str, line: int) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    for read in (load, lambda p: list(stream_text(p))):
        with pytest.raises(DataError, match=rf"{name}:{line}: "):
            read(path)
    assert not check([path]).ok


@pytest.mark.parametrize("content", ["[1] See below.", "{{Infobox}} Zuri ran.", "[[Oyo]] is a town.", "[1]\nZuri ran."])
def test_prose_may_begin_with_a_bracket(tmp_path: Path, content: str) -> None:
    path = tmp_path / "f.txt"
    path.write_text(content, encoding="utf-8")
    assert load(path).report.format == "text"


def test_several_annotators_have_several_records(tmp_path: Path) -> None:
    first = {"id": 3, "text": TEXT, "label": [{"start": 0, "end": 4, "labels": ["PER"]}], "annotation_id": 1}
    corpus = load(bring(tmp_path, first, first | {"annotation_id": 2, "label": []}))
    assert [tags(s) for s in corpus] == [FIRST]
    assert corpus.report.reasons == {"further annotation of the same task": 1}


def test_without_a_text_to_compare_a_note_says_that_two_ways_fit(tmp_path: Path) -> None:
    corpus = load(bring(tmp_path, {"text": "🙂明红去", "label": [[2, 3, "PER"]]}))
    assert "as code points and, elsewhere, as UTF-16 units" in corpus.report.notes[0]
    corpus = load(bring(tmp_path, {"text": "a\r\nZuri ran", "label": [[2, 6, "PER"]]}))
    assert tags(corpus.sentences[0]) == "O _ O"
    assert "only if offsets count CRLF as one character" in corpus.report.notes[0]


SCRIPTS = ["Zuri", "e\u0301ne\u0301", "北京", "红", "กำแพง", "سَلام", "🙂", "👩🏽‍🚒", "𝔘", "\r\n", "ran", "."]
COUNTS = {
    "code points": len,
    "utf-16": lambda text: len(text.encode("utf-16-le")) // 2,
    "bytes": lambda text: len(text.encode("utf-8")),
    "crlf": lambda text: len(text.replace("\r\n", "\n")),
    "utf-16 crlf": lambda text: len(text.replace("\r\n", "\n").encode("utf-16-le")) // 2,
}


@pytest.mark.parametrize("count", COUNTS)
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_entity_is_never_on_another_text_than_its_own(tmp_path: Path, count: str, data: st.DataObject) -> None:
    pieces = data.draw(st.lists(st.sampled_from(SCRIPTS), min_size=1, max_size=12))
    chosen = sorted(data.draw(st.sets(st.integers(0, len(pieces) - 1), min_size=1, max_size=3)))
    chosen = [i for i in chosen if pieces[i].strip()]
    assume(chosen)
    text = " ".join(pieces)
    starts = [sum(len(p) + 1 for p in pieces[:i]) for i in range(len(pieces))]
    units = COUNTS[count]
    marks = [
        mark(units(text[: starts[i]]), units(text[: starts[i] + len(pieces[i])]), f"T{i}", text=pieces[i])
        for i in chosen
    ]
    corpus = load(bring(tmp_path, task({"result": marks}, text=text)))
    (sentence,) = corpus.sentences
    held = {span.label: sentence.surface(span) for span in sentence.spans}
    assert all(held[label] == pieces[int(label[1:])] for label in held)
    assert len(held) + len(corpus.report.dropped) == len(marks)
    if count in ("code points", "utf-16") and all(pieces.count(pieces[i]) == 1 for i in chosen):
        assert {s.label: sentence.offsets[s.start][0] for s in sentence.spans} == {  # type: ignore[index]
            f"T{i}": starts[i] for i in chosen if f"T{i}" in held
        }


TASK = {"data": {"text": "Ana mora em Oyo"}}
MARK = {"type": "labels", "from_name": "l", "to_name": "text", "value": {"start": 0, "end": 3, "labels": ["PER"]}}


def read_one(tmp_path, record):
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps(record, ensure_ascii=False) + "\n", "utf-8")
    corpus = load(path)
    return corpus.sentences[0], corpus.report


@pytest.mark.parametrize(
    "annotations",
    [[{"result": [MARK]}], {"result": [MARK]}, [{"result": json.dumps([MARK])}], json.dumps([{"result": [MARK]}])],
)
def test_annotations_as_data_bases_write_them(tmp_path, annotations):
    sentence, _ = read_one(tmp_path, {**TASK, "annotations": annotations})
    assert [s.key for s in sentence.spans] == [(0, 1, "PER")]


def test_an_annotation_without_a_result_is_nobodys(tmp_path):
    assert not read_one(tmp_path, {**TASK, "annotations": [{"result": None}]})[0].labelled


@pytest.mark.parametrize("value", [{"start": 12, "end": 15}, {"start": 12, "end": 15, "labels": []}])
def test_a_region_without_a_label_is_unknown(tmp_path, value):
    sentence, report = read_one(tmp_path, {**TASK, "annotations": [{"result": [MARK, {**MARK, "value": value}]}]})
    assert sentence.missing == ((3, 4),)
    assert report.reasons == {"region without a label; its words are now unknown": 1}


SPANS = [{"start": 0, "end": 3, "label": "PER"}, {"start": 12, "end": 15, "label": "ORG", "answer": "reject"}]


def test_a_span_that_was_refused_is_unknown(tmp_path):
    record = {"text": "Ana mora em Oyo", "spans": SPANS, "answer": "accept", "no_missing": True}
    sentence, report = read_one(tmp_path, record)
    assert [s.key for s in sentence.spans] == [(0, 1, "PER")]
    assert sentence.missing == ((3, 4),)
    assert report.reasons == {"span whose own answer is not accept; its words are now unknown": 1}
    assert read_one(tmp_path, {**record, "no_missing": False})[0].missing == ((1, 4),)


def test_an_old_binary_question_was_about_one_span(tmp_path):
    span = {"start": 0, "end": 3, "label": "PER", "score": 0.4, "rank": 0}
    assert read_one(tmp_path, {"text": "Ana mora", "spans": [span], "answer": "accept"})[0].missing == ((1, 2),)


def test_tokens_that_are_characters_are_no_words(tmp_path):
    text = "Ana mora"
    tokens = [{"text": c, "start": i, "end": i + 1, "id": i} for i, c in enumerate(text)]
    sentence, _ = read_one(tmp_path, {"text": text, "tokens": tokens, "spans": SPANS[:1], "answer": "accept"})
    assert sentence.words == ("Ana", "mora")


def test_an_ignored_record_is_not_looked_at(tmp_path):
    path = tmp_path / "p.jsonl"
    records = [
        {"text": "Ana mora", "spans": [], "answer": "accept"},
        {"text": "Li viu", "tokens": [{"start": 9}], "answer": "ignore"},
    ]
    path.write_text("".join(json.dumps(r) + "\n" for r in records), "utf-8")
    assert [s.words for s in load(path)] == [s.words for s in stream_text(path)] == [("Ana", "mora")]


def test_words_without_spans_are_unlabelled(tmp_path):
    assert not read_one(tmp_path, {"words": ["Ana", "mora"]})[0].labelled
    assert read_one(tmp_path, {"words": ["Ana", "mora"], "spans": []})[0].labelled


def test_the_tag_of_a_word_is_no_type_of_an_entity(tmp_path):
    with pytest.raises(DataError, match="'B-PER' is the tag of a word and no type"):
        read_one(tmp_path, {"text": "Ana mora", "entities": [{"start": 0, "end": 3, "label": "B-PER"}]})


@pytest.mark.parametrize(
    "more",
    [
        {"text": "Ana mora em Oyo", "entities": [{"start": 0, "end": 3, "label": "PER"}]},
        {"text": "Ana mora em Oyo", "ner": [[0, 3, "PER"]]},
        {"entities": [{"start": 0, "end": 3, "label": "PER", "text": "Ana"}]},
    ],
)
def test_entities_beside_words_may_count_characters(tmp_path, more):
    sentence, report = read_one(tmp_path, {"tokens": ["Ana", "mora", "em", "Oyo"], **more})
    assert [s.key for s in sentence.spans] == [(0, 1, "PER")]
    assert any("count characters" in note for note in report.notes)


def test_a_mention_goes_before_the_name_of_its_page(tmp_path):
    entity = {"start": 0, "end": 3, "label": "PER", "mention": "Ana", "entity": "Ana_of_Oyo"}
    assert read_one(tmp_path, {"text": "Ana mora", "entities": [entity]})[0].spans


@pytest.mark.parametrize("view", ["pos", "pos_manual"])
def test_parts_of_speech_are_no_entities(tmp_path, view):
    record = {"text": "Ana mora", "spans": [{"start": 0, "end": 3, "label": "PROPN"}], "answer": "accept"}
    sentence, report = read_one(tmp_path, {**record, "_view_id": view})
    assert not sentence.labelled
    assert report.reasons == {f"highlight in a question of kind {view}, no entity": 1}


@pytest.mark.parametrize("broken", ["not JSON", "[" * 100_000])
def test_a_string_that_holds_no_annotations_is_an_error(tmp_path, broken):
    with pytest.raises(DataError, match="holds no JSON"):
        read_one(tmp_path, {**TASK, "annotations": broken})


def test_a_score_alone_makes_no_question_about_one_span(tmp_path):
    span = {"start": 0, "end": 3, "label": "PER", "score": 0.4}
    sentence, report = read_one(tmp_path, {"text": "Ana mora", "spans": [span]})
    assert (sentence.missing, report.notes) == ((), ())
    _, report = read_one(tmp_path, {"text": "Ana mora", "spans": [span], "answer": "accept"})
    assert any("about one entity" in note for note in report.notes)


@pytest.mark.parametrize("key", ["tokens", "words"])
def test_a_sentence_without_entities_among_those_with_some(tmp_path, key):
    records = {key: ["Ana", "mora"], "ner": [[0, 0, "PER"]]}, {key: ["Li", "viu"], "ner": []}
    assert [tags(s) for s in load(bring(tmp_path, *records)).sentences] == ["B-PER O", "O O"]


def test_numbers_with_names_go_before_parts_of_speech(tmp_path):
    path = bring(tmp_path, {"tokens": ["Ana", "mora"], "ner_tags": [1, 0], "tags": ["NNP", "VB"]})
    (sentence,) = load(path, options={"labels": ["O", "B-PER", "I-PER"]}).sentences
    assert tags(sentence) == "B-PER O"


def test_an_entity_behind_the_last_word_counts_characters(tmp_path):
    """Though another one in its record ends inside of a word, whose label is then unknown."""
    entities = [{"start": 0, "end": 6, "label": "PER"}, {"start": 15, "end": 18, "label": "LOC"}]
    record = {"text": "Mozart-like in Oyo", "tokens": ["Mozart-like", "in", "Oyo"], "entities": entities}
    (sentence,) = load(bring(tmp_path, record))
    assert tags(sentence) == "_ O B-LOC"


def test_a_marked_part_without_a_label_is_an_error_with_its_line(tmp_path):
    items = [{"start": 0, "end": 3, "text": "Ana", "hypertextlabels": ["PER"]}, {"start": 4, "end": 8, "text": "mora"}]
    with pytest.raises(DataError, match=r":1: a marked part has no label"):
        read_one(tmp_path, {"text": "Ana mora", "label": items, "annotation_id": 1})
