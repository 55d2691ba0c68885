"""Alignments that somebody else made, from a file of Pharaoh lines."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xlner.component import REQUIRED, Part, option, options
from xlner.data.source import Input
from xlner.errors import DataError

if TYPE_CHECKING:
    from xlner.align.alignment import Alignment
    from xlner.align.windows import WordPair


@dataclass(frozen=True)
class LinkFile:
    """A file of Pharaoh lines.

    Args:
        path: its place.
        base: index of the first word.
        swapped: it has target-source items.
    """

    path: str
    base: int = 0
    swapped: bool = False

    def read(self) -> list[Alignment]:
        """One alignment per line.

        Raises:
            DataError: the file is missing or a line is no alignment.
        """
        from xlner.align.alignment import Alignment

        source = Input.of(self.path)
        numbered = source.lines()
        read = [Alignment.from_pharaoh(x, path=source.name, number=n, base=self.base) for n, x in numbered]
        return [a.transposed() for a in read] if self.swapped else read


class FilesAligner(Part):
    """Gives the lines of a file, one per pair, in order.

    Calls go on where the last one stopped; after the last line the first one follows, so a second pass over the same
    pairs gives the same.

    Raises:
        DataError: the file is missing or a line is no alignment.
    """

    @options
    class Options:
        path: str = option(REQUIRED, "File of i-j or i-j:score items, one line per pair.")
        base: int = option(0, "Index of the first word in the file.", ge=0, le=1)
        swapped: bool = option(False, "The file has target-source items.")

    def __init__(self, options: Options | None = None, /, **values: Any) -> None:
        super().__init__(options, **values)
        self.name = Input.of(self.options.path).name
        self.alignments = self.link_files(self.options)[0].read()
        self._next = 0

    @classmethod
    def link_files(cls, options: Options) -> list[LinkFile]:
        """The file of links."""
        return [LinkFile(options.path, options.base, options.swapped)]

    def __len__(self) -> int:
        return len(self.alignments)

    def align(self, pairs: Sequence[WordPair]) -> list[Alignment]:
        """The next `len(pairs)` alignments.

        Raises:
            DataError: the file ends before the pairs do, or an index lies behind the last word of its sentence.
        """
        end = self._next + len(pairs)
        if end > len(self):
            raise DataError(f"has {len(self)} alignments, and pair {len(self) + 1} wants one too", path=self.name)
        chosen = self.alignments[self._next : end]
        for number, ((source, target), alignment) in enumerate(zip(pairs, chosen, strict=True), self._next + 1):
            check_range(alignment, len(source), len(target), path=self.name, number=number)
        self._next = end % max(1, len(self))
        return chosen

    def check(self, pairs: Sequence[WordPair]) -> None:
        """Refuse pairs that are not as many as the lines, or that a line does not fit.

        Raises:
            DataError: with the first line that does not fit.
        """
        if len(self) != len(pairs):
            raise DataError(f"has {len(self)} lines for {len(pairs)} sentence pairs", path=self.name)
        for number, ((source, target), alignment) in enumerate(zip(pairs, self.alignments, strict=True), 1):
            check_range(alignment, len(source), len(target), path=self.name, number=number)

    def skip(self, count: int) -> None:
        """Move on past `count` lines."""
        self._next = (self._next + count) % max(1, len(self))

    def digest(self) -> str:
        """A hash of the lines."""
        lines = "\n".join(a.to_pharaoh(scores=True) for a in self.alignments)
        return hashlib.sha256(lines.encode()).hexdigest()


def check_range(alignment: Alignment, n_source: int, n_target: int, *, path: object, number: int) -> None:
    """Refuse links to words that are not there.

    Raises:
        DataError: with the line's number.
    """
    if not len(alignment):
        return
    source, target = alignment.pairs.max(0).tolist()
    if source >= n_source or target >= n_target:
        raise DataError(
            f"links words up to {source}-{target}, but the pair has {n_source} source and {n_target} target words; "
            "are the indices from 1, the sides swapped, or the words split in another way?",
            path=path,
            line=number,
        )
