"""Sentences as a data set of the library `datasets`. `xlner.load(data_set)` reads it back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from xlner.core.labels import LabelSet
from xlner.core.types import Sentence
from xlner.errors import MissingExtraError

UNKNOWN = -1  # what `datasets` writes for a label that is not known


def to_dataset(sentences: Iterable[Sentence], labels: LabelSet | None = None) -> Any:
    """A `datasets.Dataset` with the columns `tokens` (words) and `ner_tags` (IOB2 tags, whose features name them).

    Words whose label is not known have the tag -1.

    Args:
        sentences: any.
        labels: the types in their order; None takes those that occur, sorted by name.

    Raises:
        MissingExtraError: `datasets` is not installed.
        DataError: a sentence has a type that `labels` lacks.
    """
    try:
        import datasets
    except ImportError:
        raise MissingExtraError("Making a data set", extra="datasets") from None
    items = list(sentences)
    labels = LabelSet.of(items) if labels is None else labels
    features = datasets.Features(
        {
            "tokens": datasets.Sequence(datasets.Value("string")),
            "ner_tags": datasets.Sequence(datasets.ClassLabel(names=list(labels.tags))),
        }
    )
    columns = {
        "tokens": [list(s.words) for s in items],
        "ner_tags": [labels.tag_ids(s, ignore=UNKNOWN) for s in items],
    }
    return datasets.Dataset.from_dict(columns, features=features)
