"""Where bytes come from, and how they become lines: a file or standard input, UTF-8 or an error."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, cast

from xlner.errors import DataError, UsageError

HEAD_BYTES = 1 << 18  # what format and column detection look at

_OTHER_ENCODINGS = (
    (b"\xff\xfe", "it looks like UTF-16", "UTF-16"),
    (b"\xfe\xff", "it looks like UTF-16", "UTF-16"),
)


@dataclass(frozen=True)
class Input:
    """A readable input that can be read from its start as often as wanted.

    Args:
        path: the file that holds the bytes.
        name: what messages call it.
    """

    path: Path
    name: str

    @classmethod
    def of(cls, source: str | Path) -> Input:
        """The file at a path; "-" is standard input, kept in a temporary file so that it can be read twice.

        Raises:
            DataError: there is no such file.
        """
        if str(source) == "-":
            return cls(_spooled_stdin(), "<stdin>")
        try:
            path = Path(source)
            if path.is_dir():
                raise DataError("this is a folder; a file is wanted", path=path)
            if not path.exists():
                raise DataError("no such file" + _hub_hint(str(source)), path=path)
        except (OSError, ValueError) as error:  # a name with NUL, or too long
            if isinstance(error, DataError):
                raise
            raise DataError(f"no such file ({error})", path=source) from None
        return cls(path, str(source))

    @property
    def suffix(self) -> str:
        """The extension of the name in lower case, with its dot."""
        return Path(self.name).suffix.lower()

    def open(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", path=self.name) from None

    def head(self) -> bytes:
        """The first bytes, for finding out the format."""
        with self.open() as stream:
            return stream.read(HEAD_BYTES)

    def lines(self) -> Iterator[tuple[int, str]]:
        r"""Line numbers from 1 and lines without their ends. Only \n ends a line, so that words may hold \x85.

        Raises:
            DataError: the line is not UTF-8, or holds NUL.
        """
        with self.open() as stream:
            for number, raw in enumerate(stream, 1):
                yield number, self.decode(raw, number).rstrip("\r\n")

    def text(self) -> str:
        """Everything at once; for formats that are one value, such as a JSON array."""
        return "\n".join(line for _, line in self.lines())

    def decode(self, raw: bytes, number: int) -> str:
        """One line as text; a byte order mark at the start of the file is taken off."""
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
            if raw.startswith(b"\x1f\x8b"):
                raise DataError("is compressed with gzip; unpack it first", path=self.name, line=1)
            for mark, guess, encoding in _OTHER_ENCODINGS:
                if raw.startswith(mark):
                    raise self._not_utf8(guess, encoding, 1)
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            byte = f"byte 0x{raw[error.start]:02x} at {error.start + 1}"
            raise self._not_utf8(f"{byte}; it looks like Latin-1?", "LATIN1", number) from None
        if "\0" in text:
            raise DataError("holds NUL bytes; this is no text file", path=self.name, line=number)
        return text

    def _not_utf8(self, guess: str, encoding: str, line: int) -> DataError:
        # An error and not a guess: a wrong guess would turn every accented name into other letters, in silence.
        return DataError(
            f"not UTF-8 ({guess}); convert it with: iconv -f {encoding} -t UTF-8 {self.name} > utf8.txt",
            path=self.name,
            line=line,
        )


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


@lru_cache(maxsize=1)
def _spooled_stdin() -> Path:
    """Standard input, copied once to a file that ends with this process."""
    spool = tempfile.NamedTemporaryFile(prefix="xlner-stdin-")  # noqa: SIM115 - lives as long as the process
    shutil.copyfileobj(sys.stdin.buffer, cast(BinaryIO, spool))
    spool.flush()
    _KEEP_OPEN.append(spool)
    return Path(spool.name)


_KEEP_OPEN: list[object] = []

Source = Input  # the former name, for rooms that still use it
