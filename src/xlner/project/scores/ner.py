"""The NER score: how much a candidate looks like an entity of the right type to a model of the target language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from xlner.component import option, options
from xlner.core.labels import LabelSet
from xlner.errors import UsageError
from xlner.project.pair import Pair
from xlner.project.scores.evidence import Evidence
from xlner.project.scores.score import ScorePart, Scores

ALPHA = 1.15
_DROPPED = 0.05


@options
class NerOptions:
    """Options of the scores that read a NER model."""

    alpha: float = option(ALPHA, "Factor per further word, by which a longer span beats its own parts.", ge=1, le=2)


class NerScore(ScorePart):
    """Probability of an entity of the wanted type, by a NER model that reads the target.

    Reference: Shkalikov's thesis on projection as optimisation (behind Politov et al., NoDaLiDa 2025), score "ner".
    """

    Options = NerOptions
    needs: ClassVar[frozenset[str]] = frozenset({"tagger"})

    def __call__(self, pairs: Sequence[Pair], candidates: Sequence[np.ndarray], evidence: Evidence) -> Scores:
        """One array per pair. Shape: (n_entities, n_candidates), float64."""
        return ner_scores(pairs, candidates, evidence, any_type=False, alpha=self.options.alpha)


def ner_scores(
    pairs: Sequence[Pair],
    candidates: Sequence[np.ndarray],
    evidence: Evidence,
    *,
    any_type: bool,
    alpha: float = ALPHA,
) -> Scores:
    """`ner_score` of every pair.

    Returns:
        One array per pair. Shape: (n_entities, n_candidates), float64.

    Raises:
        UsageError: there is no evidence.
    """
    if evidence.probabilities is None or evidence.labels is None:
        raise UsageError("this score reads a NER model for the target language; there is none")
    return [
        ner_score(p, c, probabilities, evidence.labels, any_type=any_type, alpha=alpha)
        for p, c, probabilities in zip(pairs, candidates, evidence.probabilities, strict=True)
    ]


def ner_score(
    pair: Pair,
    candidates: np.ndarray,
    probabilities: np.ndarray,
    labels: LabelSet,
    *,
    any_type: bool = False,
    alpha: float = ALPHA,
) -> np.ndarray:
    """Mean probability of the tags that would make the candidate an entity of the wanted type.

        c = alpha^(n - 1) * mean(p[B-label] of the first word, p[I-label] of the n - 1 others)

    The factor, which lets a longer span beat its own parts, counts only where the most probable tags of the range are
    B-label I-label ... Scores up to 0.05 become 0.

    Args:
        pair: the sentences.
        candidates: ranges `[start, end)`. Shape: (n_candidates, 2).
        probabilities: tag probabilities of the target words, from `Tagger.probabilities`. Shape: (n_words, n_tags).
        labels: what the columns mean. A type that the model does not know scores 0.
        any_type: take the best type instead of the entity's own ("ner_spans").
        alpha: base of the factor; should exceed 1 + (1 - M) / (1 + M) with M = 1 / (2 n_types + 1) only slightly, see
            the reference.

    Returns:
        Shape: (n_entities, n_candidates), float64. Can exceed 1 through the factor.

    Reference: Shkalikov's thesis on projection as optimisation (behind Politov et al., NoDaLiDa 2025), scores "ner" and
        "ner_spans", alpha = 1.15.
    """
    if not len(candidates) or not pair.entities:
        return np.zeros((len(pair.entities), len(candidates)))
    rows = {label: _one_type(candidates, probabilities, i, alpha) for i, label in enumerate(labels.types)}
    nothing = np.zeros(len(candidates))
    if any_type:
        best = np.max(list(rows.values()), axis=0) if rows else nothing
        return np.tile(best, (len(pair.entities), 1))
    return np.stack([rows.get(entity.label, nothing) for entity in pair.entities])


def _one_type(candidates: np.ndarray, probabilities: np.ndarray, index: int, alpha: float) -> np.ndarray:
    begin, inside = probabilities[:, 1 + 2 * index], probabilities[:, 2 + 2 * index]
    best = probabilities.argmax(1)
    starts, ends = candidates[:, 0], candidates[:, 1]
    sizes = ends - starts
    until = np.concatenate(([0.0], inside.cumsum(dtype=float)))
    means = (begin[starts] + until[ends] - until[starts + 1]) / sizes
    is_inside = np.concatenate(([0], (best == 2 + 2 * index).cumsum()))
    forms = (best[starts] == 1 + 2 * index) & (is_inside[ends] - is_inside[starts + 1] == sizes - 1)
    scores = means * np.where(forms, float(alpha) ** np.minimum(sizes - 1, 64), 1.0)
    return np.where(scores > _DROPPED, scores, 0.0)
