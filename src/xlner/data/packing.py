"""Compressed inputs: gzip, bzip2, xz and Zstandard, known by their first bytes and not by their names."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from xlner.errors import DataError, MissingExtraError

PACKED = {".gz", ".bz2", ".xz", ".zst"}
_FIRST_BYTES = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
)


def packing_of(start: bytes) -> str | None:
    """The packing of a file that begins with these bytes, or None."""
    if start[1:4] == b"\x2a\x4d\x18" and 0x50 <= start[0] <= 0x5F:
        return "zstd"  # a frame to be skipped, as parallel and seekable compressors write it
    for first, packing in _FIRST_BYTES:
        if start.startswith(first) and (packing != "bzip2" or (len(start) > 3 and 0x31 <= start[3] <= 0x39)):
            return packing
    return None


def unpacked(stream: BinaryIO, packing: str | None, name: str) -> BinaryIO:
    """The bytes behind a packing, read as they are asked for.

    Args:
        stream: the packed bytes.
        packing: from `packing_of`; None gives the stream itself.
        name: what messages call the input.

    Raises:
        DataError: an archive of several files; damage is found while reading, and is a DataError then.
        MissingExtraError: Zstandard needs a library that is absent.
    """
    if packing is None:
        return stream
    if packing == "zip":
        stream.close()
        raise DataError("is a ZIP archive, which can hold many files; unpack it first", path=name)
    opened = io.BufferedReader(_Checked(_OPENERS[packing](stream), name))
    return cast(BinaryIO, opened)


class _Checked(io.RawIOBase):
    """A stream whose damage is a DataError."""

    def __init__(self, inner: Any, name: str) -> None:
        self._inner, self._name = inner, name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._inner.read(len(buffer))
        except Exception as error:  # each library has kinds of its own
            raise DataError(f"is packed, and damaged or cut short: {error}", path=self._name) from None
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._inner.close()
        super().close()


def _gzip(stream: BinaryIO) -> Any:
    import gzip

    return gzip.GzipFile(fileobj=stream)


def _bzip2(stream: BinaryIO) -> Any:
    import bz2

    return _Frames(stream, bz2.BZ2Decompressor)


def _xz(stream: BinaryIO) -> Any:
    import lzma

    return _Frames(stream, lzma.LZMADecompressor)


def _zstd(stream: BinaryIO) -> Any:
    try:
        from compression import zstd  # from Python 3.14 on
    except ImportError:
        pass
    else:
        return zstd.ZstdFile(stream)
    try:
        import zstandard
    except ImportError:
        raise MissingExtraError("Reading .zst files", extra="zstd") from None
    return _Frames(stream, lambda: zstandard.ZstdDecompressor().decompressobj())


class _Frames:
    """Packed files one after the other, to the last byte.

    The libraries' own streams drop what follows the first good one, or take a file that was cut short for one that
    ended.

    Args:
        stream: the packed bytes.
        make: gives something that unpacks one of them.
    """

    def __init__(self, stream: BinaryIO, make: Callable[[], Any]) -> None:
        self._stream, self._make = stream, make
        self._frame: Any = None
        self._packed, self._data = b"", io.BytesIO()

    def read(self, size: int) -> bytes:
        while not (data := self._data.read(size)):
            self._packed = self._packed or self._stream.read(1 << 16)
            if not self._packed:
                if self._frame is not None:
                    raise EOFError("the last frame does not end")
                return b""
            if self._frame is None:
                self._packed = self._packed.lstrip(b"\0")  # zeros between and behind packed files are no damage
                if not self._packed:
                    continue
                self._frame = self._make()
            self._data, self._packed = io.BytesIO(self._frame.decompress(self._packed)), b""
            if self._frame.eof:
                self._packed, self._frame = self._frame.unused_data, None
        return data

    def close(self) -> None:
        self._stream.close()


_OPENERS: dict[str, Callable[[BinaryIO], Any]] = {"gzip": _gzip, "bzip2": _bzip2, "xz": _xz, "zstd": _zstd}
