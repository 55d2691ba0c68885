"""The extension point: what a matching score is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol, TypeAlias

import numpy as np

from xlner.component import Part
from xlner.project.pair import Pair
from xlner.project.scores.evidence import Evidence

Scores: TypeAlias = "list[np.ndarray]"


class Score(Protocol):
    """What every score does. Third parties register theirs under the entry-point group `xlner.scores`.

    What a score need not have stands at `ScorePart`.
    """

    @property
    def needs(self) -> frozenset[str]:
        """Inputs that it cannot do without: "tagger" is a NER model, whose findings are the evidence."""
        ...

    def __call__(self, pairs: Sequence[Pair], candidates: Sequence[np.ndarray], evidence: Evidence) -> Scores:
        """How well candidates match entities; 0 or less means that they do not.

        Args:
            pairs: a whole corpus.
            candidates: ranges `[start, end)` per pair. Shapes: (n_candidates, 2).
            evidence: what a NER model says of the targets.

        Returns:
            One array per pair. Shape: (n_entities, n_candidates), float64.
        """
        ...


class ScorePart(Part):
    """Base of the scores of this package, with what a score need not have.

    Attributes:
        uses: inputs that it reads if there are any.
        stands_alone: it weighs all evidence by itself and cannot be part of a sum.
        threshold: scores up to this one do not count, unless the matcher is told another one.
    """

    uses: ClassVar[frozenset[str]] = frozenset()
    stands_alone: ClassVar[bool] = False
    threshold: ClassVar[float] = 0.0

    def support(self, scores: np.ndarray, candidates: np.ndarray) -> np.ndarray | None:
        """What is held against the threshold in place of the scores of one pair; None for the scores themselves.

        Shape: as `scores`, (n_entities, n_candidates).
        """
        return None
