"""The align score: how many links run between an entity and a candidate, against their sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from xlner.project.links import dice
from xlner.project.pair import Pair
from xlner.project.scores.evidence import Evidence
from xlner.project.scores.score import ScorePart, Scores


class AlignScore(ScorePart):
    """Links between entity and candidate against their sizes, as a Dice value.

    Reference: Politov et al., NoDaLiDa 2025.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"alignment"})

    def __call__(self, pairs: Sequence[Pair], candidates: Sequence[np.ndarray], evidence: Evidence) -> Scores:
        """One array per pair. Shape: (n_entities, n_candidates), float64."""
        return [align_score(p, c) for p, c in zip(pairs, candidates, strict=True)]


def align_score(pair: Pair, candidates: np.ndarray) -> np.ndarray:
    """`dice` of every entity and every candidate.

    Args:
        pair: the sentences and their alignment; without one all scores are 0.
        candidates: ranges `[start, end)`. Shape: (n_candidates, 2).

    Returns:
        Shape: (n_entities, n_candidates), float64.
    """
    if not len(candidates) or not pair.entities:
        return np.zeros((len(pair.entities), len(candidates)))
    return np.stack([dice(pair, entity, candidates) for entity in pair.entities])
