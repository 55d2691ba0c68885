"""`datasets` objects and data sets on the hub, when the `datasets` extra is installed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from xlner.core.types import Sentence
from xlner.data.formats.head import Head
from xlner.data.formats.tokens import TAG_KEYS, TOKEN_KEYS, rows
from xlner.data.options import ReadOptions
from xlner.data.report import ReadLog
from xlner.data.source import Source
from xlner.data.tagged import deliver
from xlner.errors import DataError, MissingExtraError, UsageError


class Datasets:
    """A `datasets.Dataset` with words and tags; the names of integer tags come from its features.

    On the command line: `hf:owner/name`, `hf:owner/name/config`, each with `:split` at the end if wanted.
    """

    name = "datasets"
    extensions: tuple[str, ...] = ()

    def sniff(self, head: Head) -> bool:
        """Never: a data set is named, not found in a file."""
        return False

    def read(self, source: Source, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        raise UsageError("format 'datasets' wants a datasets.Dataset object, or hf:owner/name for one on the hub")


def is_dataset(source: object) -> bool:
    """Whether this is a `datasets` object, without importing that library."""
    return type(source).__module__.partition(".")[0] == "datasets"


def read_dataset(dataset: Any, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
    """Sentences of a Dataset, or of one split of a DatasetDict. Row numbers, from 1, stand for lines.

    Raises:
        UsageError: a DatasetDict came without the name of a split.
        DataError: there are no words and tags in it.
    """
    if hasattr(dataset, "keys") and not hasattr(dataset, "features"):
        if options.split not in dataset:
            raise UsageError(f"name one of the splits: {', '.join(map(str, dataset))}; got {options.split}")
        dataset = dataset[options.split]
    features = dataset.features or {}
    tokens = next((k for k in TOKEN_KEYS if k in features), None)
    tags = next((k for k in TAG_KEYS if k in features), None)
    if tokens is None or (tags is None and options.labelled):
        raise DataError(
            f"columns {' or '.join(TOKEN_KEYS)} and {', '.join(TAG_KEYS)} are wanted; there are: {', '.join(features)}",
            path=log.path,
        )
    options = replace(options, labels=options.labels or _names(features.get(tags)))
    wanted = [c for c in (tokens, tags) if c]
    items = enumerate((dict(row) for row in dataset.select_columns(wanted)), 1)
    return deliver(rows(items, log, options), log, options)


def load_from_hub(name: str, *, split: str | None = None) -> Any:
    """A data set from the hub: `owner/name`, `owner/name/config`, with `:split`; without one, "train".

    Raises:
        MissingExtraError: the `datasets` extra is not installed.
        DataError: the hub or the library refused; the message holds their reason.
    """
    try:
        import datasets
    except ImportError:
        raise MissingExtraError("Reading data sets from the hub", extra="datasets") from None
    path, _, named = name.partition(":")
    parts = path.split("/")
    config = "/".join(parts[2:]) or None
    try:
        return datasets.load_dataset("/".join(parts[:2]), config, split=named or split or "train")
    except Exception as error:  # the library raises many kinds, its network stack more
        raise DataError(f"cannot be loaded from the hub: {error}", path=f"hf:{name}") from error


def _names(feature: Any) -> Sequence[str] | None:
    """Names of integer tags: a list feature of class labels holds them."""
    inner = getattr(feature, "feature", feature[0] if isinstance(feature, list) and feature else feature)
    return getattr(inner, "names", None)


DATASETS = Datasets()
