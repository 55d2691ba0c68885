"""The string score: names survive translation, and other scripts spell them by their sound."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xlner.project.pair import Pair
from xlner.project.scores.evidence import Evidence
from xlner.project.scores.score import ScorePart, Scores
from xlner.project.scores.spelling import spelling_similarity


class StringScore(ScorePart):
    """Likeness of spelling, and across scripts of sound.

    The higher of two values: Dice of character bigrams of the romanised strings, and, where the two are in different
    scripts, Dice of the bigrams of their consonant sounds.

    Limits: ideographs have no sound in Unicode, so names between Latin script and Chinese or kanji score 0.
    """

    def __call__(self, pairs: Sequence[Pair], candidates: Sequence[np.ndarray], evidence: Evidence) -> Scores:
        """One array per pair. Shape: (n_entities, n_candidates), float64, in [0, 1]."""
        return [string_score(p, c) for p, c in zip(pairs, candidates, strict=True)]


def string_score(pair: Pair, candidates: np.ndarray) -> np.ndarray:
    """How much the spelling of each candidate is like that of each entity.

    Args:
        pair: the sentences.
        candidates: ranges `[start, end)`. Shape: (n_candidates, 2).

    Returns:
        Values in [0, 1]. Shape: (n_entities, n_candidates), float64.
    """
    out = np.zeros((len(pair.entities), len(candidates)))
    words = pair.target.words
    texts = [" ".join(words[start:end]) for start, end in candidates.tolist()]
    for row, entity in enumerate(pair.entities):
        name = " ".join(pair.source.words[entity.start : entity.end])
        out[row] = [spelling_similarity(name, text) for text in texts]
    return out
