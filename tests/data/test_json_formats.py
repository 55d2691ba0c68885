"""JSON of annotation tools, of hubs, and our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xlner.core.types import Sentence
from xlner.data import Corpus, load, stream_text
from xlner.errors import DataError, UsageError


def bring(folder: Path, *records: Any, array: bool = False) -> Path:
    path = folder / "file.json"
    content = json.dumps(records, indent=1) if array else "\n".join(json.dumps(r) for r in records)
    path.write_text(content, encoding="utf-8")
    return path


def entities(sentence: Sentence) -> list[tuple[str, str]]:
    return [(sentence.surface(s), s.label) for s in sentence.spans]


TEXT = "Zuri left Accra 🙂 for Lomé."
WANTED = [("Zuri", "PER"), ("Accra", "LOC"), ("Lomé", "LOC")]
PLACES = [[0, 4, "PER"], [10, 15, "LOC"], [22, 26, "LOC"]]


def one(corpus: Corpus, format: str) -> Sentence:
    assert corpus.report.format == format
    (sentence,) = corpus.sentences
    assert sentence.text is not None
    assert sentence.offsets is not None
    assert all(sentence.text[a:b] == w for (a, b), w in zip(sentence.offsets, sentence.words, strict=True))
    return sentence


@pytest.mark.parametrize(
    "record",
    [
        {"id": 1, "text": TEXT, "label": PLACES},
        {"text": TEXT, "labels": PLACES},
        {"text": TEXT, "entities": [{"start_offset": s, "end_offset": e, "label": t} for s, e, t in PLACES]},
        {"text": TEXT, "label": [{"start": s, "end": e, "labels": [t]} for s, e, t in PLACES]},
    ],
    ids=["doccano", "doccano 1.8", "entities", "label studio json-min"],
)
def test_text_with_character_spans(tmp_path: Path, record: dict[str, Any]) -> None:
    assert entities(one(load(bring(tmp_path, record)), "doccano")) == WANTED


def test_prodigy(tmp_path: Path) -> None:
    marks = [{"start": s, "end": e, "label": t} for s, e, t in PLACES]
    words = [(0, 4), (5, 9), (9, 10), (10, 15), (16, 17), (18, 21), (22, 26), (26, 27)]
    tokens = [{"text": TEXT[a:b], "start": a, "end": b, "id": i} for i, (a, b) in enumerate(words)]
    path = bring(
        tmp_path,
        {"text": TEXT, "tokens": tokens, "spans": marks, "answer": "accept"},
        {"text": TEXT, "spans": marks, "answer": "reject"},
        {"text": TEXT, "spans": marks, "answer": "ignore"},
    )
    corpus = load(path)
    assert entities(one(corpus, "prodigy")) == WANTED
    assert " " not in corpus.sentences[0].words  # a token of white space is no word
    assert sum(corpus.report.reasons.values()) == 2
    assert len(list(stream_text(path))) == 3


def studio(start: int, end: int, label: str, text: str) -> dict[str, Any]:
    return {"type": "labels", "value": {"start": start, "end": end, "text": text, "labels": [label]}}


@pytest.mark.parametrize("array", [True, False], ids=["array", "lines"])
def test_label_studio_counts_as_browsers_do(tmp_path: Path, array: bool) -> None:
    # The emoji is two UTF-16 units, so the last entity is at 23 for a browser and at 22 for us.
    result = [studio(0, 4, "PER", "Zuri"), studio(10, 15, "LOC", "Accra"), studio(23, 27, "LOC", "Lomé")]
    task = {"data": {"text": TEXT}, "annotations": [{"was_cancelled": True, "result": []}, {"result": result}]}
    corpus = load(bring(tmp_path, task, {"data": {"text": "Nobody saw."}, "annotations": []}, array=array))
    assert corpus.report.format == "label-studio"
    assert entities(corpus.sentences[0]) == WANTED
    assert corpus.report.reasons == {"cancelled annotation": 1}
    assert not corpus.sentences[1].labelled


def test_tokens_with_named_tags(tmp_path: Path) -> None:
    corpus = load(bring(tmp_path, {"tokens": ["Zuri", "ran"], "ner_tags": ["B-PER", "O"]}))
    assert corpus.report.format == "tokens"
    assert entities(corpus.sentences[0]) == [("Zuri", "PER")]


def test_integer_tags_want_names(tmp_path: Path) -> None:
    path = bring(tmp_path, {"tokens": ["Zuri", "ran"], "ner_tags": [1, 0]})
    with pytest.raises(DataError, match=r":1: tags are numbers and nobody names them"):
        load(path)
    assert entities(load(path, labels=["O", "B-PER"]).sentences[0]) == [("Zuri", "PER")]
    with pytest.raises(DataError, match="tag 1 has no name"):
        load(path, labels=["O"])


def test_an_entity_that_cuts_a_word_makes_it_unknown(tmp_path: Path) -> None:
    corpus = load(bring(tmp_path, {"text": "Accra-based Zuri", "label": [[0, 5, "LOC"], [12, 16, "PER"]]}))
    (sentence,) = corpus.sentences
    assert sentence.words == ("Accra-based", "Zuri")
    assert sentence.missing == ((0, 1),)
    assert entities(sentence) == [("Zuri", "PER")]
    assert corpus.report.missing == 1
    assert corpus.report.dropped[0].where.endswith(":1")


def test_of_overlapping_entities_the_longest_stays(tmp_path: Path) -> None:
    marks = [[0, 10, "ORG"], [14, 19, "LOC"], [0, 19, "ORG"], [20, 24, "PER"]]
    corpus = load(bring(tmp_path, {"text": "University of Accra Zuri", "label": marks}))
    assert entities(corpus.sentences[0]) == [("University of Accra", "ORG"), ("Zuri", "PER")]
    assert corpus.report.reasons == {"entity that overlaps a longer one": 2}


def test_white_space_at_the_edge_of_an_entity_is_nothing(tmp_path: Path) -> None:
    corpus = load(bring(tmp_path, {"text": "in Accra now", "label": [[2, 9, "LOC"]]}))
    assert entities(corpus.sentences[0]) == [("Accra", "LOC")]


def test_text_alone_is_unlabelled(tmp_path: Path) -> None:
    assert not load(bring(tmp_path, {"text": "Zuri ran."})).sentences[0].labelled


def test_format_json_means_any_dialect(tmp_path: Path) -> None:
    path = bring(tmp_path, {"tokens": ["Zuri"], "ner_tags": ["B-PER"]})
    assert load(path, format="jsonl").report.format == "tokens"
    with pytest.raises(UsageError, match=r"no format called 'xml'; there are: .*doccano"):
        load(path, format="xml")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "x", "label": [[0, 5, "PER"]]}', "outside of the text"),
        ('{"text": "x", "label": [[0, "1", "PER"]]}', "an entity must be"),
        ('{"text": "x", "label": [[0, 1, "O"]]}', "an entity must be"),
        ('{"text": "x", "label": "PER"}', "a list of entities is wanted"),
        ('{"text": 5, "label": []}', "'text' must be a string"),
        ('{"text": "\\ud83d", "label": []}', "half of a surrogate pair"),
        ('{"text": "x"', "no JSON"),
        ("[1, 2", "a JSON object is wanted"),
        ('{"text": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ('{"text": ' + "9" * 5000 + "}", "no JSON"),
        ('{"tokens": ["a"], "ner_tags": ["B-PER", "O"]}', "1 tokens but 2 tags"),
        ('{"tokens": "a b", "ner_tags": ["B-PER", "O"]}', "must be a list of strings"),
        ('{"tokens": ["a"], "ner_tags": [true]}', "'ner_tags' must be a string"),
        ('{"words": ["a"], "spans": [{"start": 0, "end": 2, "label": "PER"}]}', "start < end <= 1"),
        ('{"words": ["a"], "text": "b", "offsets": [[0, 1]]}', "that word"),
        ('{"words": ["a", "a"], "text": "a a", "offsets": [[2, 3], [0, 1]]}', "in their order"),
        ('{"words": ["a"], "text": "a"}', "come together"),
        ('{"words": ["a"], "missing": [[0, 3]]}', "'missing'"),
        ('{"words": ["a"], "language": "xx-nope"}', "no language code"),
        ('{"text": "a", "spans": [], "tokens": [{"text": "b", "start": 0, "end": 1}]}', "is not at"),
        ('{"data": {"a": 1}, "annotations": []}', "no 'text'"),
    ],
)
def test_bad_records_are_answered_with_their_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text("\n" + line + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=rf"bad\.jsonl:\d+: .*{message}"):
        load(path)


def test_an_object_in_a_broken_array_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text('[\n{"text": "a", "label": []},\n{"text": "b", "label": [}\n]', encoding="utf-8")
    with pytest.raises(DataError, match=r"bad\.json:3: no JSON"):
        load(path)


def test_a_long_line_is_read(tmp_path: Path) -> None:
    text = "Zuri ran. " * 60_000
    (sentence,) = load(bring(tmp_path, {"text": text, "label": [[0, 4, "PER"]]})).sentences
    assert len(sentence) == 180_000
