"""Which target words have an unknown label once entities were lost: those are masked, never O."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xlner.align import Alignment
from xlner.core.types import Sentence
from xlner.project.fates import Fate


def unknown_words(
    source: Sentence, n_words: int, fates: Sequence[Fate], alignment: Alignment | None
) -> tuple[tuple[int, int], ...]:
    """Ranges of target words whose label nobody knows.

    A lost entity is somewhere in the target, so the words that may be it must not train as O. They are the range that
    it wanted, and everything from the first to the last word linked to it, what lies between included. If there is
    neither, nothing bounds it and the whole sentence is unknown; likewise if projected spans have all of those words,
    since then it stands elsewhere. The same holds for missing words of the source. Words of projected spans are known
    in any case.

    Args:
        source: the source sentence; its own missing words make the words linked to them missing.
        n_words: number of target words.
        fates: one per source entity.
        alignment: links, if any were used.

    Returns:
        Sorted ranges `[start, end)` that do not touch each other.
    """
    unknown, known = np.zeros(n_words, bool), np.zeros(n_words, bool)
    for fate in fates:
        for span in fate.spans:
            known[span.start : span.end] = True

    def add(start: int, end: int, wanted: tuple[int, int] | None = None) -> None:
        here = np.zeros(n_words, bool)
        words = np.empty(0, np.int32) if alignment is None else alignment.targets_of(start, end)
        if wanted is not None:
            here[slice(*wanted)] = True
        if len(words):
            here[words[0] : words[-1] + 1] = True
        unknown[here if (here & ~known).any() else slice(None)] = True

    if not source.labelled:
        unknown[:] = True
    for start, end in source.missing:
        add(start, end)
    for fate in fates:
        if not fate.spans:
            add(fate.entity.start, fate.entity.end, fate.wanted)
    return ranges_of(unknown & ~known)


def ranges_of(flags: np.ndarray) -> tuple[tuple[int, int], ...]:
    """Maximal runs of True as ranges `[start, end)`. Shape of `flags`: (n,), bool."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return tuple((int(a), int(b)) for a, b in edges.reshape(-1, 2))
