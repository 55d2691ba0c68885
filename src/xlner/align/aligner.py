"""The extension point: what an aligner is, and which there are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from xlner.registry import Registry

if TYPE_CHECKING:
    from xlner.align.alignment import Alignment
    from xlner.align.windows import WordPair

ALIGNERS = Registry(
    "aligners",
    {
        "embedding": "xlner.align.embedding:EmbeddingAligner",
        "layers": "xlner.align.layers:LayersAligner",
        "tuned": "xlner.align.tuned:TunedAligner",
        "thot": "xlner.align.statistical:ThotAligner",
        "files": "xlner.align.files:FilesAligner",
        "combined": "xlner.align.combined:CombinedAligner",
    },
    one="aligner",
)


@runtime_checkable
class Aligner(Protocol):
    """What an aligner can do. Third parties register theirs under the entry-point group `xlner.aligners`.

    One that reads an encoder may have an attribute `tokenizer`: projection then gives it raw text without spaces in
    the pieces of that tokenizer.
    """

    def align(self, pairs: Sequence[WordPair]) -> list[Alignment]:
        """One alignment per pair, in order. A pair with an empty side has no links.

        The same call gives the same links (for aligners that learn: after the same fit).
        """
        ...


@runtime_checkable
class Fits(Protocol):
    """An aligner that learns from bitext before it aligns. One with a true `fitted` has learned already."""

    def fit(self, bitext: Sequence[WordPair]) -> object:
        """Learn from sentence pairs."""
        ...


@runtime_checkable
class Saves(Protocol):
    """An aligner that can be kept in a folder."""

    def save(self, folder: str | Path) -> object:
        """Write what was learned. `xlner.align.saved` has what makes folders whole and spares those of others."""
        ...

    @classmethod
    def load(cls, folder: str | Path) -> Aligner:
        """The aligner that `save` wrote, ready to align.

        Raises:
            ModelError: the folder holds none, or a part of one, or what it was made from is no longer there.
            UsageError: it holds another aligner.
        """
        ...


@runtime_checkable
class InOrder(Aligner, Protocol):
    """An aligner that answers by position, such as one that reads lines of a file: pair n gets line n.

    One that reads files has a class method `link_files`, which names them, given its options, so that no output
    replaces them. One whose members may be of this kind has a class method `by_position`, which says whether any is.
    """

    def check(self, pairs: Sequence[WordPair]) -> None:
        """Refuse pairs that it has no answers for. `xlner align` asks with all pairs, before the first is aligned.

        Raises:
            DataError: there are too few or too many answers, or one does not fit its pair.
        """
        ...

    def skip(self, count: int) -> None:
        """Move on past the pairs that an interrupted run has done."""
        ...

    def digest(self) -> str:
        """What tells its answers from others, so that no run goes on with what was made from another file."""
        ...
