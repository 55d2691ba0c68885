"""The corridor of a pair: the cells near the line through its likely links.

A softmax over all words of a long text finds few links: the more words compete, the lower every probability. Words that
are far away cannot be translations of each other, so they need not compete.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np

Link = tuple[int, int]


def corridor(likely: Sequence[Link], shape: tuple[int, int], width: int) -> np.ndarray:
    """Which words of both sides are near each other.

    The line goes from the first words to the last words through the longest chain of likely links that rises on both
    sides. So links that stray do not bend it, and a stretch that only one side has does not shift what follows. A word
    may have several likely links, as it has in a text that repeats itself.

    Args:
        likely: links, sorted.
        shape: words of the source and of the target.
        width: how far a word may be from the line to both sides, in words; times the target's words per source word if
            those are more than one.

    Returns:
        Shape: (n_source, n_target), bool. Every source word has a target word that is near.
    """
    n_source, n_target = shape
    chain = np.array([(-1, -1), *rising_chain(likely), (n_source, n_target)])
    line = np.interp(np.arange(n_source), chain[:, 0], chain[:, 1]).clip(0, n_target - 1)
    near: np.ndarray = np.abs(np.arange(n_target) - line[:, None]) <= width * max(1.0, n_target / n_source)
    return near


def rising_chain(links: Sequence[Link]) -> list[Link]:
    """The longest selection of links whose source and target words both rise.

    Args:
        links: sorted by source, then target word.
    """
    # Links of one source word are visited from the right, so that no two of them come into a chain.
    ordered = sorted(links, key=lambda link: (link[0], -link[1]))
    ends: list[int] = []  # lowest target word that a chain of each length can end with
    last: list[int] = []  # and the link it ends with
    before: list[int] = []
    for k, (_, target) in enumerate(ordered):
        length = bisect_left(ends, target)
        before.append(last[length - 1] if length else -1)
        ends[length : length + 1] = [target]
        last[length : length + 1] = [k]
    chain = []
    k = last[-1] if last else -1
    while k >= 0:
        chain.append(ordered[k])
        k = before[k]
    return chain[::-1]
