"""What a file format is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar, Protocol, TextIO, runtime_checkable

from xlner.component import Part
from xlner.core.types import Sentence
from xlner.data.formats.head import Head
from xlner.data.options import ReadOptions
from xlner.data.report import ReadLog
from xlner.data.source import Input


class Format(Part):
    """One file format: a part of the extension point `formats`.

    A format that can be read has `read`, one that can be written has `write` (see `Writer`). Files are recognised by
    `sniff`, which looks at the class alone, before any options are known.

    Attributes:
        name: under which it is registered.
        extensions: endings of file names, in lower case with their dot, that decide when the content does not.
        is_json: it is a dialect of JSON, so that `jsonl` as a wish can mean it.
        named_only: it is never found by looking, but has to be named.
    """

    name: ClassVar[str]
    extensions: ClassVar[tuple[str, ...]] = ()
    is_json: ClassVar[bool] = False
    named_only: ClassVar[bool] = False

    @classmethod
    def sniff(cls, head: Head) -> bool:
        """Whether the first bytes of a file look like this format. Never raises."""
        return False

    @classmethod
    def line_by_line(cls, head: bytes) -> bool:
        """Whether each line of a file that begins so is read by itself, so that reading can begin at any."""
        return False


@runtime_checkable
class Reader(Protocol):
    """A format that can be read."""

    def read(self, source: Input, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """The sentences; every fault, drop and finding goes to `log`.

        Raises:
            DataError: a line cannot be used; never any other exception for any content.
        """
        ...


@runtime_checkable
class Writer(Protocol):
    """A format that can be written."""

    def write(self, sentences: Iterable[Sentence], out: TextIO) -> int:
        """Write all sentences and return how many there were."""
        ...
