"""Sentences to a data set and back."""

from __future__ import annotations

import pytest
from tests.toy import sentences

datasets = pytest.importorskip("datasets")

import xlner  # noqa: E402
from xlner.core.labels import LabelSet  # noqa: E402
from xlner.core.types import Sentence, Span  # noqa: E402
from xlner.integrations.datasets import to_dataset  # noqa: E402


def keys(items):
    return [(s.words, s.spans, s.missing, s.labelled) for s in items]


def test_there_and_back(tmp_path):
    items = sentences(20)
    made = to_dataset(items)
    assert made.features["ner_tags"].feature.names == ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
    assert keys(xlner.load(made)) == keys(items)
    made.save_to_disk(tmp_path / "set")
    assert keys(xlner.load(datasets.load_from_disk(tmp_path / "set"))) == keys(items)
    made.to_parquet(tmp_path / "set.parquet")
    read = datasets.load_dataset("parquet", data_files=str(tmp_path / "set.parquet"), cache_dir=str(tmp_path / "c"))
    assert keys(xlner.load(read["train"])) == keys(items)


def test_missing_is_not_o():
    items = [
        Sentence(("Ana", "vive", "en", "Lima"), (Span(0, 1, "PER"),), missing=((2, 4),)),
        Sentence(("Boris", "no"), labelled=False),
    ]
    made = to_dataset(items)
    assert made["ner_tags"][:] == [[1, 0, -1, -1], [-1, -1]]
    back = xlner.load(made).sentences
    assert back[0].spans == items[0].spans
    assert [(s.missing, s.labelled) for s in back] == [(((2, 4),), True), ((), False)]


def test_types_that_do_not_occur_can_be_named():
    made = to_dataset(sentences(3), LabelSet(("ORG", "PER", "LOC")))
    assert made.features["ner_tags"].feature.names[1] == "B-ORG"
    with pytest.raises(xlner.DataError, match="type LOC is not among ORG"):
        to_dataset(sentences(3), LabelSet(("ORG", "PER")))


def test_a_converted_file_is_read_by_datasets(tmp_path):
    items = [*sentences(5), Sentence(("Ana", "vive", "aquí"), (Span(0, 1, "PER"),), missing=((1, 2),))]
    xlner.write(tmp_path / "a.jsonl", items)
    xlner.write(tmp_path / "b.jsonl", xlner.load(tmp_path / "a.jsonl"), format="tokens")
    read = datasets.load_dataset("json", data_files=str(tmp_path / "b.jsonl"), cache_dir=str(tmp_path / "c"))["train"]
    assert read[5] == {"tokens": ["Ana", "vive", "aquí"], "ner_tags": ["B-PER", "_", "O"]}
    assert keys(xlner.load(tmp_path / "b.jsonl")) == keys(xlner.load(read)) == keys(items)
