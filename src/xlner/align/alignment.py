"""The value that aligners make: which words of two sentences translate each other."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from xlner.errors import DataError


@dataclass(frozen=True, eq=False)
class Alignment:
    """The links between the words of a source and a target sentence.

    Links are given in any order and kept sorted by source, then target word; each link occurs once.

    Args:
        pairs: 0-based word indices (source, target) per link. Shape: (n_links, 2), int32.
        scores: confidence per link, or None when the aligner has none. Shape: (n_links,), float32. Their scale is the
            aligner's own; a higher one is surer.
    """

    pairs: np.ndarray
    scores: np.ndarray | None = None

    def __post_init__(self) -> None:
        pairs = np.asarray(self.pairs, np.int32).reshape(-1, 2)
        if len(pairs) and pairs.min() < 0:
            raise ValueError(f"word indices start at 0, got {pairs.min()}")
        scores = None if self.scores is None else np.asarray(self.scores, np.float32).reshape(-1)
        if scores is not None and len(scores) != len(pairs):
            raise ValueError(f"{len(pairs)} links but {len(scores)} scores")
        order = np.lexsort((pairs[:, 1], pairs[:, 0]))
        if len(order) and not (order[:-1] < order[1:]).all():
            pairs = pairs[order]
            scores = None if scores is None else scores[order]
        if len(pairs) > 1 and (pairs[1:] == pairs[:-1]).all(1).any():
            raise ValueError("a link occurs twice")
        object.__setattr__(self, "pairs", pairs)
        object.__setattr__(self, "scores", scores)

    @classmethod
    def of(cls, links: Iterable[tuple[int, int]]) -> Alignment:
        """From pairs of indices; repeats count once."""
        return cls(np.array(sorted(set(links)), np.int32).reshape(-1, 2))

    @classmethod
    def empty(cls) -> Alignment:
        """No links, of an aligner that has scores."""
        return cls(np.zeros((0, 2), np.int32), np.zeros(0, np.float32))

    def __len__(self) -> int:
        return len(self.pairs)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Alignment):
            return NotImplemented
        if not np.array_equal(self.pairs, other.pairs) or (self.scores is None) != (other.scores is None):
            return False
        return self.scores is None or np.array_equal(self.scores, other.scores)  # type: ignore[arg-type]

    __hash__ = None  # type: ignore[assignment]  # arrays can be written to

    def links(self) -> list[tuple[int, int]]:
        """The links as plain numbers, sorted."""
        return [(i, j) for i, j in self.pairs.tolist()]

    def targets_of(self, start: int, end: int) -> np.ndarray:
        """Target words linked to source words `[start, end)`, sorted, each once. Shape: (n,), int32."""
        low, high = np.searchsorted(self.pairs[:, 0], (start, end))
        return np.unique(self.pairs[low:high, 1])

    def matrix(self, n_source: int, n_target: int) -> np.ndarray:
        """Scores of the links, 1 where there are no scores, 0 elsewhere. Shape: (n_source, n_target), float32.

        Raises:
            ValueError: a link lies outside.
        """
        if len(self.pairs) and (self.pairs.max(0) >= (n_source, n_target)).any():
            raise ValueError(f"a link lies outside of {n_source} source and {n_target} target words")
        out = np.zeros((n_source, n_target), np.float32)
        out[self.pairs[:, 0], self.pairs[:, 1]] = 1.0 if self.scores is None else self.scores
        return out

    def transposed(self) -> Alignment:
        """The same links seen from the other side."""
        return Alignment(self.pairs[:, ::-1], self.scores)

    def to_pharaoh(self, *, scores: bool = False) -> str:
        """One line such as `0-0 1-2`; with scores and if there are any, `0-0:0.98 1-2:0.41`."""
        if not scores or self.scores is None:
            return " ".join(f"{i}-{j}" for i, j in self.pairs.tolist())
        scored_links = zip(self.pairs.tolist(), self.scores.tolist(), strict=True)
        return " ".join(f"{i}-{j}:{score:.4g}" for (i, j), score in scored_links)

    @classmethod
    def from_pharaoh(cls, line: str, *, path: object = None, number: int | None = None, base: int = 0) -> Alignment:
        """Read one line of `i-j` or `i-j:score` items.

        Possible links, `ipj` or `i?j` in files of gold alignments, count as links here. A link that occurs twice counts
        once, with its higher score. Scores are kept when every item has one.

        Args:
            line: the items, separated by white space; an empty line has no links.
            path: the file, for messages.
            number: the 1-based line number, for messages.
            base: index of the first word: 0, or 1 as in some gold files.

        Raises:
            DataError: an item is neither, or an index lies before the first word.
        """
        by_link: dict[tuple[int, int], float | None] = {}
        for item in line.split():
            link, value = _read_item(item, base, path, number)
            before = by_link.get(link)
            by_link[link] = value if before is None or value is None else max(before, value)
        values = [v for v in by_link.values() if v is not None]
        complete = bool(by_link) and len(values) == len(by_link)
        pairs = np.array(list(by_link), np.int32).reshape(-1, 2)
        return cls(pairs, np.array(values, np.float32) if complete else None)


def _read_item(item: str, base: int, path: object, number: int | None) -> tuple[tuple[int, int], float | None]:
    link, colon, rest = item.partition(":")
    left, sep, right = next((parts for mark in "-p?" if (parts := link.partition(mark))[1]), (link, "", ""))
    try:
        if not (sep and left.isascii() and left.isdigit() and right.isascii() and right.isdigit()):
            raise ValueError
        pair = (int(left) - base, int(right) - base)
        score = float(rest) if colon else None
        if min(pair) < 0 or max(pair) >= 2**31 or (score is not None and not math.isfinite(score)):
            raise ValueError
    except ValueError:
        raise DataError(
            f"an item of a word alignment is i-j with indices from {base}, or i-j:score; got '{item[:40]}'",
            path=path,
            line=number,
        ) from None
    return pair, score
