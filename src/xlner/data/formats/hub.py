"""`datasets` objects and data sets on the hub, when the `datasets` extra is installed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from xlner.component import option, options
from xlner.core.tags import UNKNOWN, Scheme
from xlner.core.types import Sentence
from xlner.data.formats.base import Format
from xlner.data.formats.tokens import TAG_KEYS, TOKEN_KEYS, rows
from xlner.data.options import LABELS, SCHEME, ReadOptions
from xlner.data.records import LANGUAGE_KEYS
from xlner.data.report import ReadLog
from xlner.data.source import Input
from xlner.data.tagged import deliver
from xlner.errors import DataError, MissingExtraError, UsageError


class Datasets(Format):
    """A `datasets.Dataset` with words and tags; the names of integer tags come from its features.

    On the command line: `hf:owner/name`, `hf:owner/name/config`, each with `:split` at the end if wanted.
    """

    name = "datasets"
    named_only = True

    @options
    class Options:
        scheme: Scheme | None = option(None, SCHEME)
        labels: tuple[str, ...] = option((), LABELS)
        split: str | None = option(None, "Which split of a data set that has several; of the hub, train by default.")

    def read(self, source: Input, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        raise UsageError("format 'datasets' wants a datasets.Dataset object, or hf:owner/name for one on the hub")

    def load(self, name: str) -> Any:
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
        split = named or self.options.split or "train"
        try:
            return datasets.load_dataset("/".join(parts[:2]), config, split=split)
        except Exception as error:  # the library raises many kinds, its network stack more
            raise DataError(f"cannot be loaded from the hub: {error}", path=f"hf:{name}") from error

    def read_dataset(self, dataset: Any, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """Sentences of a Dataset, or of one split of a DatasetDict. Row numbers, from 1, stand for lines.

        Raises:
            UsageError: a DatasetDict came without the name of a split.
            DataError: there are no words and tags in it.
        """
        if hasattr(dataset, "keys") and not hasattr(dataset, "features"):
            if self.options.split not in dataset:
                names = ", ".join(map(str, dataset))
                raise UsageError(f"name one of the splits: {names}; `split` is {self.options.split}")
            dataset = dataset[self.options.split]
        features: Any = dataset.features or next(
            iter(dataset), {}
        )  # a stream may not know its features before its rows
        tokens = next((k for k in TOKEN_KEYS if k in features), None)
        tags = next((k for k in TAG_KEYS if k in features), None)
        if tokens is None or (tags is None and options.labelled):
            raise DataError(
                f"columns {' or '.join(TOKEN_KEYS)} and {', '.join(TAG_KEYS)} are wanted; "
                f"there are: {', '.join(features)}",
                path=log.path,
            )
        labels = self.options.labels or _names(features.get(tags)) or ()
        wanted = [c for c in (tokens, tags, *LANGUAGE_KEYS) if c in features]
        items = enumerate((_with_unknown(dict(row), tags, labels) for row in dataset.select_columns(wanted)), 1)
        return deliver(rows(items, log, options, labels), log, options, scheme=self.options.scheme)


def is_dataset(source: object) -> bool:
    """Whether this is a `datasets` object, without importing that library."""
    return type(source).__module__.partition(".")[0] == "datasets"


def is_id(source: str) -> bool:
    """Whether this names a data set on the hub."""
    return source.startswith("hf:")


def _with_unknown(row: dict[str, Any], tags: str | None, labels: Sequence[str]) -> dict[str, Any]:
    """A row whose tags are names if one of them is -1, by which `datasets` means that nobody knows it."""
    values = row.get(tags or "") or ()
    if labels and -1 in values and all(-1 <= value < len(labels) for value in values):
        row[str(tags)] = [UNKNOWN if value == -1 else labels[value] for value in values]
    return row


def _names(feature: Any) -> Sequence[str] | None:
    """Names of integer tags: a list feature of class labels holds them."""
    inner = getattr(feature, "feature", feature[0] if isinstance(feature, list) and feature else feature)
    return getattr(inner, "names", None)
