"""Where bytes come from, and how they become lines: a file or a pipe, packed or not, UTF-8 or an error."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import BinaryIO, ClassVar, cast

from xlner.core.files import readable
from xlner.data.packing import PACKED, packing_of, unpacked
from xlner.errors import DataError, UsageError

HEAD_BYTES = 1 << 18  # what format and column detection look at
_BLOCK = 1 << 16
_BOM = b"\xef\xbb\xbf"
_LONE_RETURN = re.compile(rb"\r(?![\r\n])")
_MARKS = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


_NO_TEXT = (
    (b"PAR1\x15", "a Parquet file"),
    (b"%PDF-", "a PDF"),
    (b"{\\rtf", "a document in RTF"),
    (b"\xd0\xcf\x11\xe0", "a document of an office program"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)


@dataclass(frozen=True)
class Input:
    """A readable input that can be read from its start as often as wanted.

    Args:
        path: the file that holds the bytes.
        name: what messages call it.

    Attributes:
        first_line: number of the first line; not 1 where it begins further on.
        is_part: it is a part of something, and may hold no word.
    """

    path: Path
    name: str
    first_line: ClassVar[int] = 1
    is_part: ClassVar[bool] = False

    @classmethod
    def of(cls, source: str | Path) -> Input:
        """What a path names; "-" is standard input. What can be read once only, such as a pipe, is copied.

        Raises:
            DataError: there is no such file.
        """
        name = "<stdin>" if str(source) == "-" else str(source)
        try:
            path = readable(source)
            if path.is_dir():
                raise DataError("this is a folder; a file is wanted", path=path)
        except FileNotFoundError:
            raise DataError("no such file" + _hub_hint(str(source)), path=source) from None
        except (OSError, ValueError) as error:  # no right to read, a name with NUL, or too long
            if isinstance(error, DataError):
                raise
            raise DataError(f"cannot be read: {getattr(error, 'strerror', None) or error}", path=source) from None
        return cls(path, name)

    @property
    def suffix(self) -> str:
        """The extension of the name in lower case, with its dot, without that of a packing: ".conll" of a.conll.gz."""
        suffixes = [s.lower() for s in Path(self.name).suffixes]
        while suffixes and suffixes[-1] in PACKED:
            suffixes.pop()
        return suffixes[-1] if suffixes else ""

    def open(self) -> BinaryIO:
        """The bytes, unpacked where they are packed."""
        try:
            stream = self.path.open("rb")
            packing = packing_of(stream.peek(8))
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", path=self.name) from None
        return unpacked(cast(BinaryIO, stream), packing, self.name)

    def head(self) -> bytes:
        """The first bytes, for finding out the format."""
        return self._head

    @cached_property
    def _head(self) -> bytes:
        with self.open() as stream:
            return stream.read(HEAD_BYTES)

    def lines(self) -> Iterator[tuple[int, str]]:
        r"""Line numbers from 1 and lines without their ends.

        Lines end with \n, so that words may hold \x85; where \r stands alone more often, each \r and each \n ends one.

        Raises:
            DataError: the line is not UTF-8, or holds NUL.
        """
        return enumerate(chain.from_iterable(self.blocks()), self.first_line)

    def blocks(self) -> Iterator[list[str]]:
        """The same lines, many at a time: a block is decoded at once, and only one with a fault line by line."""
        number = self.first_line
        for mark, kind in _NO_TEXT if number == 1 else ():
            if self._head.startswith(mark):
                raise DataError(f"is {kind}, and no text; write its text into a text file first", path=self.name)
        with self.open() as stream:
            for block in self.whole_lines(stream):
                try:
                    text = block.decode("utf-8")
                except UnicodeDecodeError:
                    text = "\0"
                if "\0" in text:
                    for at, line in enumerate(block.split(b"\n"), number):  # ends with the error of one of them
                        yield [self.decode(line, at).rstrip("\r")]
                lines = text.split("\n")
                if not lines[-1]:
                    lines.pop()
                if "\r" in text:
                    lines = [line.rstrip("\r") for line in lines]
                if "\ufeff" in text:
                    lines = [line.lstrip("\ufeff") for line in lines]
                number += len(lines)
                yield lines

    def whole_lines(self, stream: BinaryIO) -> Iterator[bytes]:
        """The bytes of a stream in pieces that end where a line ends."""
        return _whole_lines(stream, returns=self.ends_with_returns)

    @cached_property
    def ends_with_returns(self) -> bool:
        """Whether lines end with a carriage return alone, as on old Macs."""
        return len(_LONE_RETURN.findall(self._head)) > self._head.count(b"\n")

    def text(self) -> str:
        """Everything at once; for formats that are one value, such as a JSON array."""
        return "\n".join(line for _, line in self.lines())

    def decode(self, raw: bytes, number: int) -> str:
        """One line as text; byte order marks at the start are taken off, which joined files have in the middle."""
        while raw.startswith(_BOM):
            raw = raw.removeprefix(_BOM)
        if number == 1:
            if raw.startswith(b"\x1f\x8b"):
                raise DataError("is packed twice; unpack it once first", path=self.name)
            for mark, encoding in _MARKS:
                if raw.startswith(mark):
                    raise self._not_utf8(f"it looks like {encoding}", encoding, 1)
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            if wide := _without_mark(self._head):
                raise self._not_utf8(f"it looks like {wide} without byte order mark", wide, number) from None
            byte = f"byte 0x{raw[error.start]:02x} at {error.start + 1}"
            if _looks_latin(raw):
                raise self._not_utf8(f"{byte}; it looks like Latin-1?", "LATIN1", number) from None
            raise self._not_utf8(f"{byte}; name its encoding, such as CP1251", "ENCODING", number) from None
        if "\0" in text:
            if wide := _without_mark(self._head):
                raise self._not_utf8(f"it looks like {wide} without byte order mark", wide, number)
            if self._head[257:262] == b"ustar":
                raise DataError("is a tar archive; unpack it first", path=self.name, line=number)
            raise DataError("holds NUL bytes; this is no text file", path=self.name, line=number)
        return text

    def _not_utf8(self, guess: str, encoding: str, line: int) -> DataError:
        # An error and not a guess: a wrong guess would turn every accented name into other letters, in silence.
        return DataError(
            f"not UTF-8 ({guess}); convert it with: iconv -f {encoding} -t UTF-8 {self.name} > utf8.txt",
            path=self.name,
            line=line,
        )


def _looks_latin(raw: bytes) -> bool:
    """Whether a line can be of an encoding with Latin letters: most of its letters then are ASCII."""
    high = sum(byte >= 0x80 for byte in raw)
    plain = sum(chr(byte).isalpha() for byte in raw if byte < 0x80)
    return high <= plain and not any(0x80 <= byte < 0xA0 for byte in raw)


def _whole_lines(stream: BinaryIO, *, returns: bool) -> Iterator[bytes]:
    r"""The bytes in blocks that end where a line ends, with \n; a line of any length is in one block.

    Args:
        stream: the bytes.
        returns: a lone carriage return ends a line.
    """
    parts: list[bytes] = []  # of a line that has not ended yet
    while block := stream.read(_BLOCK):
        if returns:
            while block.endswith(b"\r") and (following := stream.read(1)):  # it may be the \n that belongs to it
                block += following
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        whole, newline, rest = block.rpartition(b"\n")
        if newline:
            yield b"".join([*parts, whole, newline])
            parts = []
        if rest:
            parts.append(rest)
    if parts:
        yield b"".join(parts)


def _without_mark(head: bytes) -> str | None:
    """UTF-16 or UTF-32 by what a file's beginning says when it is read so, or None."""
    if b"\0" not in head:
        return None
    plausible: dict[str, int] = {}
    for encoding in ("UTF-32LE", "UTF-32BE", "UTF-16LE", "UTF-16BE"):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(head)  # the head may end inside a character
        except UnicodeDecodeError:
            continue
        readable_characters = sum(map(_is_of_text, text))
        breaks = sum(map(text.count, "\n\r "))
        # Latin text with a stray NUL can pass for Chinese, but its line ends then are no line ends.
        if (
            "\0" not in text
            and 20 * readable_characters >= 19 * len(text)
            and 10 * breaks >= max(map(head.count, (b"\n", b"\r")))
        ):
            plausible[encoding] = sum(c < "\x80" or c in "\u3000\u3001\u3002\uff0c" for c in text)
    return max(plausible, key=lambda encoding: plausible[encoding], default=None)


def _is_of_text(character: str) -> bool:
    """Whether text holds such a character: it prints, is white space, or is invisible as direction marks are."""
    return character.isprintable() or character.isspace() or unicodedata.category(character) == "Cf"


def _hub_hint(source: str) -> str:
    owner, slash, name = source.partition("/")
    if slash and owner and name and "/" not in name and "." not in name:
        return f"; if you mean the data set of that name on the hub, write hf:{source}"
    return ""


def check_stdin(inputs: Iterable[str | Path]) -> None:
    """Refuse standard input for two files at once: both would read the same.

    Raises:
        UsageError: "-" is among them twice.
    """
    if sum(str(p) == "-" for p in inputs) > 1:
        raise UsageError("'-', standard input, can stand for one file only")
