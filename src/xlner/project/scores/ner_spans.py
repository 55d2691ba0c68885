"""The NER score without types: how much a candidate looks like an entity, of whatever type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from xlner.project.pair import Pair
from xlner.project.scores.evidence import Evidence
from xlner.project.scores.ner import NerOptions, ner_scores
from xlner.project.scores.score import ScorePart, Scores


class NerSpansScore(ScorePart):
    """Probability of an entity of any type, by a NER model that reads the target.

    Reference: Shkalikov's thesis on projection as optimisation (behind Politov et al., NoDaLiDa 2025), score
        "ner_spans".
    """

    Options = NerOptions
    needs: ClassVar[frozenset[str]] = frozenset({"tagger"})

    def __call__(self, pairs: Sequence[Pair], candidates: Sequence[np.ndarray], evidence: Evidence) -> Scores:
        """One array per pair. Shape: (n_entities, n_candidates), float64."""
        return ner_scores(pairs, candidates, evidence, any_type=True, alpha=self.options.alpha)
