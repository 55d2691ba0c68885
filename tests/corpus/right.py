"""The corpus: small files of our own, each with its right reading beside it, derived by hand.

`NAME` is a file as people have them, `NAME.right.json` what it means. `sentences` are the words with their IOB2 tags,
`_` for a word whose label nobody knows, null for a sentence that nobody labelled; `text` is what the words point into.
`left_out` are all reasons with their counts, `broken` the number of broken tag sequences, `notes` are pieces of the
notes that must be there. `error` instead of sentences: the line, or null, and a piece of the message. `options` are
those of `load`. `without` names changes (see `CHANGES`) that mean something else here. `without_labels` is the number
of sentences where labels are not wanted, if it differs: what an annotator rejected is text nevertheless.
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
RIGHT = ".right.json"


@dataclass(frozen=True)
class Case:
    """One file of the corpus.

    Args:
        path: the file.
        right: what it means.
    """

    path: Path
    right: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.path.relative_to(FOLDER).as_posix()

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.right.get("options", {}))

    @property
    def error(self) -> Mapping[str, Any] | None:
        return self.right.get("error")

    @cached_property
    def words(self) -> list[tuple[str, ...]]:
        return [tuple(s["words"]) for s in self.right["sentences"]]

    @cached_property
    def tags(self) -> list[list[str]]:
        """A tag per word; `_` for all words of an unlabelled sentence, as CoNLL columns would have it."""
        return [
            ["_"] * len(s["words"]) if (row := s["tags"]) is None else row if isinstance(row, list) else row.split()
            for s in self.right["sentences"]
        ]

    @cached_property
    def labelled(self) -> list[bool]:
        return [s["tags"] is not None for s in self.right["sentences"]]


def cases() -> list[Case]:
    """All files, in the order of their names."""
    found = sorted(FOLDER.glob(f"*/*{RIGHT}"))
    return [Case(p.with_name(p.name.removesuffix(RIGHT)), json.loads(p.read_text("utf-8"))) for p in found]


def _zstd(data: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor().compress(data)


def _utf16(data: bytes) -> bytes:
    return data.decode("utf-8").encode("utf-16")


def _utf16_bare(data: bytes) -> bytes:
    return data.decode("utf-8").encode("utf-16-le")


# What happens to files on their way: name -> the new bytes. Their reading stays the same, but for UTF-16, an error.
CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "bom": lambda data: b"\xef\xbb\xbf" + data,
    "crlf": lambda data: data.replace(b"\n", b"\r\n"),
    "cr": lambda data: data.replace(b"\n", b"\r"),
    "no_last_newline": lambda data: data.rstrip(b"\n"),
    "blank_end": lambda data: data + b"\n\n",
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": _zstd,
    "bom_crlf_gz": lambda data: gzip.compress(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")),
    "utf16": _utf16,
    "utf16_bare": _utf16_bare,
}
PACKED = ("gz", "bz2", "xz", "zst", "bom_crlf_gz")
REFUSED = ("utf16", "utf16_bare")
