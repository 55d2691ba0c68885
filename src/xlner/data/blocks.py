"""Files in blocks that are the same whoever reads them, so that several processes can share one file.

A block is what a tagger computes at once. What it computes for a sentence depends in the last digits on the sentences
beside it; with blocks that do not depend on the number of processes, the answers do not either.

Where each line is read by itself (raw text, JSON lines), a block is the lines that begin within 256 KiB of the file:
it is found without reading what stands before it. Elsewhere a block is 1024 sentences, and whoever wants the last one
reads the file from its start.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from xlner.core.types import Sentence
from xlner.data.corpus import Reading, stream_text
from xlner.data.formats import find_format, hub
from xlner.data.formats.head import Head
from xlner.data.source import Input
from xlner.errors import DataError

BLOCK_BYTES = 1 << 18
BLOCK_SENTENCES = 1024
_SKIPPED = 1 << 20  # bytes of a packed file at a time


class Mark(NamedTuple):
    """Where a block begins.

    Args:
        start: in bytes of the unpacked file, or in sentences.
        line: number of its first line; 1 where blocks are counted in sentences.
        checksum: of what is in it.
    """

    start: int
    line: int
    checksum: int


@dataclass(frozen=True)
class Stretch:
    """Blocks of one file, one behind the other.

    Args:
        name: of the file, as sentences name it in `where`.
        start: of the first block; see `Mark`.
        end: where the last block ends, likewise; None for the end of the file.
        line: number of its first line.
        checksum: of its blocks; None if nobody took it.
    """

    name: str
    start: int = 0
    end: int | None = None
    line: int = 1
    checksum: int | None = None


@dataclass(frozen=True)
class Reader:
    """How files are read in blocks.

    Args:
        language: BCP-47 or ISO 639 code of the text.
        token_column: as in `load`.
        tag_column: as in `load`.
        folder: that relative names of files start from; "" for the working folder.
        block_bytes: size of a block where each line is read by itself.
        block_sentences: size of a block elsewhere.
    """

    language: str | None = None
    token_column: int | None = None
    tag_column: int | None = None
    folder: str = ""
    block_bytes: int = BLOCK_BYTES
    block_sentences: int = BLOCK_SENTENCES

    def read(self, stretch: Stretch) -> BlockReading:
        """The sentences of a stretch, in blocks.

        Raises:
            DataError: the input cannot be used; while reading also where it is not what its checksum was taken of.
        """
        source = self._source(stretch.name)
        if isinstance(source, Input) and self._line_by_line(source):
            place = {"start": stretch.start, "end": stretch.end, "first_line": stretch.line}
            lines = _Lines(source.path, source.name, block=self.block_bytes, **place)  # type: ignore[arg-type]
            return BlockReading(self._reading(lines), stretch, lines, 0)
        return BlockReading(self._reading(source), stretch, None, self.block_sentences)

    def marks(self, name: str) -> tuple[list[Mark], int]:
        """Where the blocks of a file begin, and its size: in bytes of the unpacked file, or in sentences.

        Line by line this only counts lines; else the file is read as a whole.

        Raises:
            DataError: the input cannot be used, or is empty.
        """
        source = self._source(name)
        if isinstance(source, Input) and self._line_by_line(source):
            lines = _Lines(source.path, source.name, block=self.block_bytes)
            with lines.open() as stream:
                size = sum(map(len, lines.whole_lines(stream)))
            if not size:
                raise DataError("no sentence in it", path=name)
            return lines.marks, size
        marks: list[Mark] = []
        size = 0
        for block in _grouped(self._reading(source), self.block_sentences):
            marks.append(Mark(size, 1, _checksum(block)))
            size += len(block)
        return marks, size

    def _source(self, name: str) -> Input | str:
        if hub.is_id(name):
            return name
        file = Input.of(name if name == "-" else Path(self.folder, name))
        return Input(file.path, "<stdin>" if name == "-" else name)

    def _line_by_line(self, file: Input) -> bool:
        data = file.head()
        columns = (self.token_column, self.tag_column)
        format = find_format(Head(data, file.suffix, columns=columns))
        return format.line_by_line(data) and not file.ends_with_returns

    def _reading(self, source: Input | str) -> Reading:
        return stream_text(
            source, language=self.language, token_column=self.token_column, tag_column=self.tag_column
        )  # fmt: skip


class BlockReading:
    """One pass over a stretch, in blocks of sentences; then `remarks()`.

    Args:
        reading: of the file.
        stretch: what is wanted of it.
        lines: the input of `reading`, if that is read line by line.
        size: sentences of a block, if not.
    """

    def __init__(self, reading: Reading, stretch: Stretch, lines: _Lines | None, size: int) -> None:
        self._reading, self._stretch, self._lines, self._size = reading, stretch, lines, size

    def __iter__(self) -> Iterator[list[Sentence]]:
        stretch, checksums = self._stretch, []
        if self._lines is not None:
            yield from _between(self._reading, self._lines.marks)
            checksums = [mark.checksum for mark in self._lines.marks]
        else:
            for block in _grouped(islice(self._reading, stretch.start, stretch.end), self._size):
                checksums.append(_checksum(block))
                yield block
        if stretch.checksum is not None and together(checksums) != stretch.checksum:
            raise DataError(
                "is not what it was when the shards were divided; put the former file back, or name a new output",
                path=stretch.name,
            )

    def remarks(self) -> list[str]:
        """What reading left out, complete at the end; of the whole file, and once, where that had to be read."""
        return self._reading.report().remarks() if self._lines or self._stretch.end is None else []


def together(checksums: Iterable[int]) -> int:
    """One checksum of those of several blocks."""
    return zlib.crc32(b"".join(c.to_bytes(4, "little") for c in checksums))


@dataclass(frozen=True)
class _Lines(Input):
    """A part of a file of lines.

    Args:
        path: the file.
        name: what messages call it.
        block: bytes of a block.
        start: first byte of the unpacked file; a block begins there.
        end: the byte behind the last one; None for the end of the file.
        first_line: number of the line that begins at `start`.
        marks: of the blocks that were read so far.
    """

    block: int = BLOCK_BYTES
    start: int = 0
    end: int | None = None
    first_line: int = 1  # type: ignore[misc]
    marks: list[Mark] = field(default_factory=list, compare=False)

    @property
    def is_part(self) -> bool:  # type: ignore[override]
        return self.end is not None or self.start > 0

    def whole_lines(self, stream: BinaryIO) -> Iterator[bytes]:
        """A block at a time."""
        _skip(stream, self.start)
        at, line = self.start, self.first_line
        while self.end is None or at < self.end:
            data = stream.read(self.block - at % self.block)
            if not data:
                break
            if not data.endswith(b"\n"):
                data += stream.readline()
            self.marks.append(Mark(at, line, zlib.crc32(data)))
            at, line = at + len(data), line + data.count(b"\n")
            yield data


def _skip(stream: BinaryIO, count: int) -> None:
    if stream.seekable():
        stream.seek(count)
        return
    while count and (data := stream.read(min(count, _SKIPPED))):
        count -= len(data)


def _between(reading: Iterable[Sentence], marks: list[Mark]) -> Iterator[list[Sentence]]:
    """Sentences that lie between the same marks; more marks come while reading goes on."""
    block: list[Sentence] = []
    number = 0
    for sentence in reading:
        line = int((sentence.where or "").rpartition(":")[2])
        begins = bisect_right(marks, line, key=lambda mark: mark.line)
        if block and begins != number:
            yield block
            block = []
        number = begins
        block.append(sentence)
    if block:
        yield block


def _grouped(sentences: Iterable[Sentence], size: int) -> Iterator[list[Sentence]]:
    """Groups of `size` sentences, and of those of the same line behind them, which are numbered from its beginning."""
    group: list[Sentence] = []
    for sentence in sentences:
        if len(group) >= size and (sentence.where is None or sentence.where != group[-1].where):
            yield group
            group = []
        group.append(sentence)
    if group:
        yield group


def _checksum(block: Iterable[Sentence]) -> int:
    return zlib.crc32("\n".join(word for sentence in block for word in sentence.words).encode())
