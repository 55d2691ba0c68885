"""`datasets` objects, and ids on the hub without the hub."""

from __future__ import annotations

import builtins
from typing import Any

import pytest

from xlner.data import load
from xlner.errors import DataError, MissingExtraError, UsageError

datasets = pytest.importorskip("datasets")

NAMES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


@pytest.fixture
def small() -> Any:
    features = datasets.Features(
        {"tokens": datasets.List(datasets.Value("string")), "ner_tags": datasets.List(datasets.ClassLabel(names=NAMES))}
    )
    return datasets.Dataset.from_dict({"tokens": [["Zuri", "ran"], ["Accra"]], "ner_tags": [[1, 0], [3]]}, features)


def test_names_come_from_the_features(small: Any) -> None:
    corpus = load(small, language="en", mapping={"LOC": "GPE"})
    assert [[s.key for s in x.spans] for x in corpus] == [[(0, 1, "PER")], [(0, 1, "GPE")]]
    assert corpus.report.format == "datasets"


def test_a_column_tells_the_language_of_each_row() -> None:
    rows = {"tokens": [["Zuri"], ["Accra"], ["Oslo"]], "ner_tags": [["B-PER"], ["B-LOC"], ["B-LOC"]]}
    for column in ("language", "lang"):
        several = datasets.Dataset.from_dict({**rows, column: ["sw", "tw", None]})
        assert [s.language for s in load(several)] == ["swa", "aka", None]
        assert {s.language for s in load(several, language="en")} == {"eng"}


def test_a_dict_of_splits_wants_one_name(small: Any) -> None:
    both = datasets.DatasetDict({"train": small, "test": small})
    assert len(load(both, split="test")) == 2
    with pytest.raises(UsageError, match="name one of the splits: train, test"):
        load(both)


def test_other_columns_are_named_in_the_message() -> None:
    with pytest.raises(DataError, match="there are: sentence"):
        load(datasets.Dataset.from_dict({"sentence": ["x"]}))


def test_a_hub_id_is_asked_for_in_so_many_letters(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fake(path: str, config: str | None, split: str) -> Any:
        asked.append((path, config, split))
        return small

    monkeypatch.setattr(datasets, "load_dataset", fake)
    assert len(load("hf:owner/name/sw:validation")) == 2
    assert len(load("owner/name", format="datasets", split="test")) == 2
    assert asked == [("owner/name", "sw", "validation"), ("owner/name", None, "test")]


def test_the_hubs_refusal_becomes_a_data_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **options: Any) -> Any:
        raise RuntimeError("Dataset scripts are no longer supported")

    monkeypatch.setattr(datasets, "load_dataset", refuse)
    with pytest.raises(DataError, match="hf:owner/name: cannot be loaded from the hub: Dataset scripts"):
        load("hf:owner/name")


def test_without_the_extra_the_pip_line_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **options: Any) -> Any:
        if name == "datasets":
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"pip install 'xlner\[datasets\]'"):
        load("hf:owner/name")


def test_a_stream_of_rows_that_does_not_know_its_columns() -> None:
    rows = datasets.IterableDataset.from_generator(lambda: iter([{"tokens": ["Ana"], "ner_tags": ["B-PER"]}]))
    assert load(rows).report.types == {"PER": 1}
