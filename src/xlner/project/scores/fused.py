"""Calibrated fusion: the probability that a candidate is the projection of an entity, from all evidence at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from xlner.component import option, options
from xlner.core.types import Span
from xlner.project.matchers.exact import choose_exactly
from xlner.project.pair import Pair
from xlner.project.scores.evidence import Evidence
from xlner.project.scores.features import FEATURES, PairFeatures, has_evidence
from xlner.project.scores.ner import ner_scores
from xlner.project.scores.score import ScorePart, Scores
from xlner.project.scores.statistics import Statistics
from xlner.project.scores.weights import DEFAULT_WEIGHTS

_NEARLY = 0.8
_HELD = 2**27  # features in memory: a gibibyte


@dataclass(frozen=True)
class FusedWeights:
    """Weights of the log-linear model.

    Args:
        values: one per feature, in the order of `FEATURES`. Shape: (n_features,).
        nowhere: the score of "this entity is not in the target".
    """

    values: np.ndarray
    nowhere: float

    @classmethod
    def default(cls) -> FusedWeights:
        """The weights that come with the package."""
        return cls(np.array([DEFAULT_WEIGHTS.get(name, 0.0) for name in FEATURES]), DEFAULT_WEIGHTS["nowhere"])

    def as_dict(self) -> dict[str, float]:
        return {**dict(zip(FEATURES, self.values.tolist(), strict=True)), "nowhere": self.nowhere}

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Probability of each candidate to be the projection of its entity; with "nowhere" they sum to 1.

        Candidates without any evidence have none.

        Args:
            features: Shape: (n_entities, n_candidates, n_features).

        Returns:
            Shape: (n_entities, n_candidates), float64.
        """
        raw = np.where(has_evidence(features), features @ self.values, -np.inf)
        top = np.maximum(raw.max(1, initial=self.nowhere), self.nowhere)[:, None]
        weights = np.exp(raw - top)
        return weights / (weights.sum(1, keepdims=True) + np.exp(self.nowhere - top))


class FusedScore(ScorePart):
    """Calibrated probability of the projection from all evidence: links, spelling, shape, the corpus, a NER model.

    p(candidate | entity) comes from a log-linear model over the features of `xlner.project.scores.features`. The
    matcher then maximises the expected number of right projections. Two passes: the first reads the pair alone; its
    projections, exact and above `sure`, give the statistics of the corpus that the second pass reads too.

    Args:
        options: see `Options`.
        weights: of the model; `learn` finds others, without labels of the target language.
        values: fields of `Options`, instead.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"alignment"})
    uses: ClassVar[frozenset[str]] = frozenset({"tagger"})
    stands_alone: ClassVar[bool] = True
    # Scores are probabilities. Two equal names share theirs, so half is too much to ask. See `support`.
    threshold: ClassVar[float] = 0.2

    @options
    class Options:
        """How statistics of the corpus are gathered."""

        rounds: int = option(1, "How often statistics of the corpus are gathered; 0 reads each pair alone.", ge=0)
        sure: float = option(0.5, "Least probability of a projection that is counted in them.", gt=0, le=1)

    def __init__(self, options: Any = None, /, *, weights: FusedWeights | None = None, **values: Any) -> None:
        super().__init__(options, **values)
        self.weights = FusedWeights.default() if weights is None else weights

    def __call__(
        self, pairs: Sequence[Pair], candidates: Sequence[np.ndarray], evidence: Evidence = Evidence()
    ) -> Scores:
        """Probabilities of all pairs.

        Args:
            pairs: a whole corpus; more of it teaches more.
            candidates: ranges per pair. Shapes: (n_candidates, 2).
            evidence: of a NER model, if there is one.

        Returns:
            One array per pair. Shape: (n_entities, n_candidates), float64, in [0, 1].
        """
        ner = ner_scores(pairs, candidates, evidence, any_type=True) if evidence.probabilities else None
        features = featurise(pairs, candidates, ner=ner)
        scores = [self.weights.probabilities(f()) for f in features]
        for _ in range(self.options.rounds):
            chosen = choose_all(scores, candidates, self.options.sure)
            statistics = Statistics(projections(pairs, candidates, chosen))
            scores = [self.weights.probabilities(f(statistics, c)) for f, c in zip(features, chosen, strict=True)]
        return scores

    def support(self, scores: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """`support_of`: the best candidate counts with those that are nearly the same."""
        return support_of(scores, candidates)


def support_of(scores: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Scores, of which the best of each entity has those of nearly the same ranges added.

    An entity of many words has many candidates that differ by a word or two, and they share its probability. Whether
    it is in the target at all is told by their sum.

    Args:
        scores: probabilities. Shape: (n_entities, n_candidates).
        candidates: ranges `[start, end)`. Shape: (n_candidates, 2).

    Returns:
        What the threshold is for. Shape: (n_entities, n_candidates), float64.
    """
    out = scores.copy()
    if not scores.size:
        return out
    starts, ends = candidates[:, 0], candidates[:, 1]
    for row, best in enumerate(scores.argmax(1).tolist()):
        shared = np.minimum(ends, ends[best]) - np.maximum(starts, starts[best])
        united = np.maximum(ends, ends[best]) - np.minimum(starts, starts[best])
        out[row, best] = scores[row, shared >= _NEARLY * united].sum()
    return out


def featurise(
    pairs: Sequence[Pair],
    candidates: Sequence[np.ndarray],
    *,
    ner: Sequence[np.ndarray] | None = None,
) -> list[PairFeatures]:
    """Features of all pairs, statistics to be filled in later. Of a large corpus some are computed at each call."""
    out, held = [], 0
    for i, (pair, ranges) in enumerate(zip(pairs, candidates, strict=True)):
        held += len(pair.entities) * len(ranges) * len(FEATURES)
        out.append(PairFeatures(pair, ranges, ner=None if ner is None else ner[i], keep=held <= _HELD))
    return out


def choose_all(scores: Sequence[np.ndarray], candidates: Sequence[np.ndarray], threshold: float) -> list[np.ndarray]:
    """Index of the chosen candidate of every entity, or -1. One array per pair, shape (n_entities,)."""
    out = []
    for values, ranges in zip(scores, candidates, strict=True):
        chosen = choose_exactly(np.where(values >= threshold, values, 0.0), ranges)
        out.append(np.where(chosen.any(1), chosen.argmax(1), -1) if chosen.size else np.full(len(values), -1))
    return out


def projections(
    pairs: Sequence[Pair], candidates: Sequence[np.ndarray], chosen: Sequence[np.ndarray]
) -> Iterator[tuple[Pair, Span, tuple[int, int]]]:
    """The chosen ranges as (pair, entity, range)."""
    for pair, ranges, columns in zip(pairs, candidates, chosen, strict=True):
        for entity, column in zip(pair.entities, columns.tolist(), strict=True):
            if column >= 0:
                start, end = ranges[column].tolist()
                yield pair, entity, (start, end)
