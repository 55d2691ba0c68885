"""Read an E5S1 file: a BERT encoder with 4-bit weights, its unigram tokenizer and its normalisation table.

The file is mapped into memory and nothing is copied before it is asked for, so reading costs what is read.
"""

from __future__ import annotations

import itertools
import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from xlner.errors import ModelError

MAGIC = b"E5S1"
_FLOAT32, _FOUR_BIT = 0, 1
_BLOCK_WEIGHTS = 32
_BLOCK_BYTES = 18  # one float16 scale and 16 bytes of two nibbles each


@dataclass(frozen=True)
class Header:
    """Sizes of the encoder, in the order of the file."""

    hidden: int
    layers: int
    heads: int
    ffn: int
    vocab: int
    positions: int
    token_types: int
    layer_norm_eps: float


@dataclass(frozen=True)
class Vocabulary:
    """The unigram tokenizer: piece i is token id i.

    Args:
        pieces: the pieces as text.
        scores: log probability of each piece. Shape: (n_pieces,), float32.
        bos, eos, pad, unk: ids of the special pieces.
        normalisation: what one code point is replaced by before anything else; "" deletes it.
    """

    pieces: tuple[str, ...]
    scores: np.ndarray
    bos: int
    eos: int
    pad: int
    unk: int
    normalisation: dict[str, str]


@dataclass(frozen=True)
class _Entry:
    dtype: int
    count: int
    offset: int
    size: int


class _Cursor:
    """Reads forward and says where the file ended too early."""

    def __init__(self, data: mmap.mmap | bytes, where: str) -> None:
        self.data, self.where, self.position = data, where, 0

    def take(self, size: int) -> bytes:
        if size < 0 or self.position + size > len(self.data):
            raise ModelError(
                f"{self.where} is cut short: byte {self.position} should start a part of {size} bytes, "
                f"but the file has {len(self.data)}. Install the package again."
            )
        self.position += size
        return self.data[self.position - size : self.position]

    def unpack(self, fmt: str) -> tuple[Any, ...]:
        return struct.unpack("<" + fmt, self.take(struct.calcsize("<" + fmt)))

    def array(self, dtype: str, count: int) -> np.ndarray:
        return np.frombuffer(self.take(count * np.dtype(dtype).itemsize), dtype)


class E5S1File:
    """An E5S1 file, parsed up to its tensors; these are read one by one.

    Attributes:
        header: sizes of the encoder.
        vocabulary: its tokenizer.

    Raises:
        ModelError: the file is no E5S1 file, is cut short, or contradicts itself.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as stream:
            empty = path.stat().st_size == 0
            self._data: mmap.mmap | bytes = b"" if empty else mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        cursor = _Cursor(self._data, str(path))
        magic, version = cursor.unpack("4sI")
        if magic != MAGIC or version != 1:
            raise ModelError(
                f"{path} is no E5S1 file of version 1: it starts with {magic!r}, version {version}. "
                "Install the package again."
            )
        hidden, layers, heads, ffn, vocab, positions, token_types = cursor.unpack("7i")
        eps, block = cursor.unpack("fi")
        # The file stores the number as float32; the shortest decimal of it is what its makers meant.
        eps = float(str(np.float32(eps)))
        self.header = Header(hidden, layers, heads, ffn, vocab, positions, token_types, eps)
        if block != _BLOCK_WEIGHTS or min(hidden, layers, heads, ffn, vocab, positions, token_types) <= 0:
            raise ModelError(f"{path}: {self.header} with blocks of {block} weights cannot be read")
        try:
            self.vocabulary = _read_vocabulary(cursor)
            self._entries = _read_directory(cursor)
        except UnicodeDecodeError as error:
            raise ModelError(f"{path}: its vocabulary is no UTF-8 ({error}). Install the package again.") from error

    @property
    def tensor_names(self) -> list[str]:
        """Names of all tensors, in the order of the file."""
        return list(self._entries)

    def blocks(self, name: str, shape: tuple[int, ...], *, rows_at_once: int = 8192) -> Iterator[np.ndarray]:
        """One tensor as float32, a few rows at a time.

        A 4-bit weight is `(nibble - 8) * scale`, which float32 holds exactly.

        Args:
            name: as in `tensor_names`.
            shape: what the tensor must have; (out, in) for matrices.
            rows_at_once: how many rows each yielded array has at most.

        Yields:
            Shape: (rows, *shape[1:]), float32.

        Raises:
            ModelError: there is no such tensor, or it has another size.
        """
        entry = self._entries.get(name)
        if entry is None:
            raise ModelError(f"{self.path} has no tensor '{name}'. Install the package again.")
        count = int(np.prod(shape))
        width = count // shape[0]
        quantised = entry.dtype == _FOUR_BIT
        row_bytes = width // _BLOCK_WEIGHTS * _BLOCK_BYTES if quantised else width * 4
        if entry.count != count or entry.size != row_bytes * shape[0] or entry.offset + entry.size > len(self._data):
            raise ModelError(
                f"{self.path}: tensor '{name}' should have shape {shape}, but the file holds {entry.count} numbers "
                f"in {entry.size} bytes at {entry.offset} of {len(self._data)}. Install the package again."
            )
        for start in range(0, shape[0], rows_at_once):
            rows = min(rows_at_once, shape[0] - start)
            first = entry.offset + start * row_bytes
            raw = self._data[first : first + rows * row_bytes]
            values = _dequantise(raw) if quantised else np.frombuffer(raw, "<f4")
            yield values.reshape(rows, *shape[1:])


def _dequantise(raw: bytes) -> np.ndarray:
    """Weights of whole 4-bit blocks. Shape: (len(raw) / 18 * 32,), float32."""
    blocks = np.frombuffer(raw, np.dtype([("scale", "<f2"), ("nibbles", "u1", (_BLOCK_WEIGHTS // 2,))]))
    half = _BLOCK_WEIGHTS // 2
    weights = np.empty((len(blocks), _BLOCK_WEIGHTS), np.float32)
    weights[:, :half] = blocks["nibbles"] & 0x0F
    weights[:, half:] = blocks["nibbles"] >> 4
    weights -= 8.0
    weights *= blocks["scale"].astype(np.float32)[:, None]
    return weights.reshape(-1)


def _read_vocabulary(cursor: _Cursor) -> Vocabulary:
    n_pieces, bos, eos, pad, unk, blob_size = cursor.unpack("5iQ")
    offsets = cursor.array("<u4", n_pieces + 1).tolist()
    scores = cursor.array("<f4", n_pieces)
    blob = cursor.take(blob_size)
    pieces = tuple(blob[a:b].decode() for a, b in itertools.pairwise(offsets))

    n_entries, size = cursor.unpack("iI")
    table = _Cursor(cursor.take(size), f"{cursor.where}: its normalisation table")
    normalisation = {}
    for _ in range(n_entries):
        code_point, count = table.unpack("IB")
        normalisation[chr(code_point)] = "".join(map(chr, table.unpack(f"{count}I")))
    return Vocabulary(pieces, scores, bos, eos, pad, unk, normalisation)


def _read_directory(cursor: _Cursor) -> dict[str, _Entry]:
    entries = {}
    for _ in range(cursor.unpack("i")[0]):
        name = cursor.take(cursor.unpack("H")[0]).decode()
        entries[name] = _Entry(*cursor.unpack("BIQQ"))
    return entries
