"""The extension point: what an aligner is, and which there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from xlner.align.alignment import Alignment
from xlner.align.windows import Pair
from xlner.registry import Registry

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

        The same call gives the same links (for aligners that learn: after the same fit).
        """
        ...


@runtime_checkable
class Fits(Protocol):
    """An aligner that learns from bitext before it aligns."""

    def fit(self, bitext: Sequence[Pair]) -> object:
        """Learn from sentence pairs."""
        ...
