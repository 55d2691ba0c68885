"""Floor 5: word alignment. Which words of a sentence and of its translation belong together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from xlner.align.alignment import Alignment
from xlner.registry import Registry

Pair = tuple[Sequence[str], Sequence[str]]
"""Words of a source sentence and of its translation."""

ALIGNERS = Registry(
    "aligners",
    {
        "embedding": "xlner.align.embedding:EmbeddingAligner",
        "thot": "xlner.align.statistical:ThotAligner",
        "files": "xlner.align.files:FilesAligner",
        "combined": "xlner.align.combined:CombinedAligner",
    },
)


class Aligner(Protocol):
    """What an aligner can do. Third parties register theirs under the entry-point group `xlner.aligners`."""

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """One alignment per pair, in order. A pair with an empty side has no links.

        The same pairs give the same links, however they are grouped into calls (fitted aligners: after the same fit).
        """
        ...


@runtime_checkable
class Fits(Protocol):
    """An aligner that learns from bitext before it aligns."""

    def fit(self, bitext: Sequence[Pair]) -> object:
        """Learn from sentence pairs."""
        ...


__all__ = ["ALIGNERS", "Aligner", "Alignment", "Fits", "Pair"]
