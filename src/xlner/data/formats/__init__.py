"""File formats: one module each, found by content first and by file name second.

A third party adds one under the entry-point group `xlner.formats`; it meets the `Format` protocol.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TextIO, runtime_checkable

from xlner.core.types import Sentence
from xlner.data.formats.head import Head
from xlner.data.options import ReadOptions, WriteOptions
from xlner.data.report import ReadLog
from xlner.data.source import Source
from xlner.errors import UsageError
from xlner.registry import Registry

# The order is the order of asking: the stricter a format's signs, the earlier it stands. "text" takes anything.
FORMATS = Registry(
    "formats",
    {
        "uner": "xlner.data.formats.uner:UNER",
        "label-studio": "xlner.data.formats.label_studio:LABEL_STUDIO",
        "jsonl": "xlner.data.formats.native:NATIVE",
        "tokens": "xlner.data.formats.tokens:TOKENS",
        "prodigy": "xlner.data.formats.prodigy:PRODIGY",
        "doccano": "xlner.data.formats.doccano:DOCCANO",
        "conll": "xlner.data.formats.conll:CONLL",
        "html": "xlner.data.formats.html:HTML",
        "text": "xlner.data.formats.text:TEXT",
        "datasets": "xlner.data.formats.hub:DATASETS",
    },
)

# Besides "jsonl" itself; a user who says `--format jsonl` means JSON lines of whatever dialect.
JSON_DIALECTS = ("label-studio", "jsonl", "tokens", "prodigy", "doccano")


class Format(Protocol):
    """One file format."""

    name: str
    extensions: tuple[str, ...]

    def sniff(self, head: Head) -> bool:
        """Whether the first bytes of a file look like this format. Never raises."""
        ...

    def read(self, source: Source, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """The sentences; every fault, drop and finding goes to `log`.

        Raises:
            DataError: a line cannot be used; never any other exception for any content.
        """
        ...


@runtime_checkable
class Writer(Protocol):
    """A format that can also be written."""

    def write(self, sentences: Iterable[Sentence], out: TextIO, options: WriteOptions) -> int:
        """Write all sentences and return how many there were."""
        ...


def find_format(head: Head, *, wanted: str | None = None, columns_given: bool = False) -> Format:
    """The format of an input: the wanted one, else by content, else by extension, else raw text.

    Args:
        head: start of the input.
        wanted: name that the user gave.
        columns_given: the user named a column, which only CoNLL and UNER files have.

    Raises:
        UsageError: no such format, or one that can only be written.
    """
    if wanted in ("jsonl", "json"):
        return _first_that_sniffs(JSON_DIALECTS, head) or FORMATS.load("jsonl")
    if wanted is not None:
        chosen: Format = FORMATS.load(wanted)
        if not hasattr(chosen, "read"):
            raise UsageError(f"format '{wanted}' can be written, not read")
        return chosen
    names = [n for n in FORMATS.names() if n not in ("text", "html", "datasets")]
    found = _first_that_sniffs(names, head)
    if found is None and columns_given:
        found = FORMATS.load("conll")
    return found or _by_extension(names, head.suffix) or FORMATS.load("text")


def _first_that_sniffs(names: Iterable[str], head: Head) -> Format | None:
    for name in names:
        candidate: Format = FORMATS.load(name)
        if candidate.sniff(head):
            return candidate
    return None


def _by_extension(names: Iterable[str], suffix: str) -> Format | None:
    for name in names:
        candidate: Format = FORMATS.load(name)
        if suffix in candidate.extensions:
            return candidate
    return None
