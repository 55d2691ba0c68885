"""Pairs longer than an aligner can take, cut into overlapping windows along the diagonal and put together again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from xlner.align.alignment import Alignment

WordPair = tuple[Sequence[str], Sequence[str]]
"""Words of a source sentence and of its translation."""


def align_in_windows(
    pairs: Sequence[WordPair], align: Callable[[Sequence[WordPair]], list[Alignment]], *, most: int
) -> list[Alignment]:
    """Align pairs of any length with a function that takes sides of up to `most` words.

    A longer pair becomes windows that lie at the same share of both sides. Each owns a stretch of the longer side and
    sees at least a quarter of `most` more on both ends of both sides; links of words that it owns are kept.

    Limits: in a long pair, a link that strays from the diagonal by more than a quarter of `most` can be missed.

    Args:
        pairs: words of both sides.
        align: aligns pairs that fit.
        most: words that a side may have.
    """
    pieces: list[WordPair] = []
    plan: list[list[Window] | None] = []
    for source, target in pairs:
        if max(len(source), len(target)) <= most:
            plan.append(None)
            pieces.append((source, target))
            continue
        windows = diagonal_windows(len(source), len(target), most)
        plan.append(windows)
        pieces += [(source[slice(*w.source)], target[slice(*w.target)]) for w in windows]
    aligned = iter(align(pieces))
    out = []
    for cuts in plan:
        out.append(next(aligned) if cuts is None else _joined([window.owned(next(aligned)) for window in cuts]))
    return out


@dataclass(frozen=True)
class Window:
    """A part of a long pair.

    Args:
        source: its first source word, and the end of them.
        target: likewise.
        side: of which words are owned: 0 the source, 1 the target.
        own: the first of those words, and their end.
    """

    source: tuple[int, int]
    target: tuple[int, int]
    side: int
    own: tuple[int, int]

    def owned(self, alignment: Alignment) -> Alignment:
        """Links of the words that it owns, as links of the pair."""
        pairs = alignment.pairs + np.array([self.source[0], self.target[0]], np.int32)
        words = pairs[:, self.side]
        keep = (words >= self.own[0]) & (words < self.own[1])
        return Alignment(pairs[keep], None if alignment.scores is None else alignment.scores[keep])


def diagonal_windows(n_source: int, n_target: int, most: int) -> list[Window]:
    """Windows with sides of up to `most` words, of which every word of the longer side is owned by one."""
    lengths = (n_source, n_target)
    side = int(n_target > n_source)  # the shorter one may have fewer words than there are windows
    count = -(-lengths[side] // max(1, most // 2))
    out = []
    for k in range(count):
        cuts = [(n * k // count, n * (k + 1) // count) for n in lengths]
        seen = []
        for (start, end), length in zip(cuts, lengths, strict=True):
            margin = (most - (end - start)) // 2
            seen.append((max(0, start - margin), min(length, end + margin)))
        (source, target), own = seen, cuts[side]
        out.append(Window(source, target, side, own))
    return out


def pair_pieces(pair: WordPair, most: int) -> list[WordPair]:
    """A pair in as many pieces as it takes for each side to have up to `most` words, at the same share of both sides.

    Every word is in one piece, so that models which count see it once. A piece may have an empty side.
    """
    source, target = pair
    count = max(1, -(-max(len(source), len(target)) // most))
    cuts = [[len(side) * k // count for k in range(count + 1)] for side in (source, target)]
    return [(source[a:b], target[c:d]) for (a, b), (c, d) in zip(pairwise(cuts[0]), pairwise(cuts[1]), strict=True)]


def _joined(parts: Sequence[Alignment]) -> Alignment:
    pairs = np.concatenate([p.pairs for p in parts])
    if any(p.scores is None for p in parts):
        return Alignment(pairs)
    return Alignment(pairs, np.concatenate([p.scores for p in parts if p.scores is not None]))
