"""Pairs longer than an aligner can take, cut into overlapping windows along the diagonal and put together again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from xlner.align.alignment import Alignment

WordPair = tuple[Sequence[str], Sequence[str]]
"""Words of a source sentence and of its translation."""


def align_in_windows(
    pairs: Sequence[WordPair], align: Callable[[Sequence[WordPair]], list[Alignment]], *, most: int
) -> list[Alignment]:
    """Align pairs of any length with a function that takes sides of up to `most` words.

    A longer pair becomes windows that lie at the same share of both sides. Each owns a stretch of source words and
    sees a quarter of `most` more on both ends of both sides; its links from source words it owns are kept.

    Limits: in a long pair, a link that strays from the diagonal by more than a quarter of `most` can be missed.

    Args:
        pairs: words of both sides.
        align: aligns pairs that fit.
        most: words that a side may have.
    """
    pieces: list[WordPair] = []
    plan: list[list[tuple[int, int, int, int]] | None] = []
    for source, target in pairs:
        if max(len(source), len(target)) <= most:
            plan.append(None)
            pieces.append((source, target))
            continue
        windows = diagonal_windows(len(source), len(target), most)
        plan.append(windows)
        for _, high, source_low, target_low in windows:
            pieces.append((source[source_low : high + most // 4], target[target_low : target_low + most]))
    aligned = iter(align(pieces))
    out = []
    for cuts in plan:
        out.append(next(aligned) if cuts is None else _joined([_owned(next(aligned), window) for window in cuts]))
    return out


def diagonal_windows(n_source: int, n_target: int, most: int) -> list[tuple[int, int, int, int]]:
    """Windows as (first owned source word, end of owned source words, first source word, first target word)."""
    count = -(-max(n_source, n_target) // max(1, most // 2))
    margin = most // 4
    out = []
    for k in range(count):
        low, high = n_source * k // count, n_source * (k + 1) // count
        if low < high:
            out.append((low, high, max(0, low - margin), max(0, n_target * k // count - margin)))
    return out


def pair_pieces(pair: WordPair, most: int) -> list[WordPair]:
    """A pair in as many pieces as it takes for each side to have up to `most` words, at the same share of both sides.

    Every word is in one piece, so that models which count see it once. A piece may have an empty side.
    """
    source, target = pair
    count = max(1, -(-max(len(source), len(target)) // most))
    cuts = [[len(side) * k // count for k in range(count + 1)] for side in (source, target)]
    return [(source[a:b], target[c:d]) for (a, b), (c, d) in zip(pairwise(cuts[0]), pairwise(cuts[1]), strict=True)]


def _owned(alignment: Alignment, window: tuple[int, int, int, int]) -> Alignment:
    low, high, source_low, target_low = window
    pairs = alignment.pairs + np.array([source_low, target_low], np.int32)
    keep = (pairs[:, 0] >= low) & (pairs[:, 0] < high)
    return Alignment(pairs[keep], None if alignment.scores is None else alignment.scores[keep])


def _joined(parts: Sequence[Alignment]) -> Alignment:
    pairs = np.concatenate([p.pairs for p in parts]) if parts else np.zeros((0, 2), np.int32)
    if not parts or any(p.scores is None for p in parts):
        return Alignment(pairs)
    return Alignment(pairs, np.concatenate([p.scores for p in parts if p.scores is not None]))
