"""Learn the weights of the fused score from parallel text with labels on the source side only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from xlner.align import Alignment
from xlner.errors import DataError, UsageError
from xlner.project.candidates import CandidateOptions, candidates_of
from xlner.project.pair import Pair
from xlner.project.scores.align import align_score
from xlner.project.scores.features import AGAINST, FEATURES
from xlner.project.scores.fused import FusedScore, FusedWeights, choose_all, featurise, projections
from xlner.project.scores.statistics import Statistics


@dataclass(frozen=True)
class KnownProjection:
    """One entity whose projection is taken as known.

    Args:
        features: of its candidates. Shape: (n_candidates, n_features).
        right: index of the right one, or -1 if the entity is not in the other sentence.
    """

    features: np.ndarray
    right: int


def learn(
    pairs: Sequence[Pair],
    witnesses: Sequence[Sequence[Alignment]],
    *,
    candidates: CandidateOptions | None = None,
    l2: float = 0.01,
    start: FusedWeights | None = None,
) -> FusedWeights:
    """Weights that make the pairs' alignments arrive where independent witnesses agree.

    Other aligners, which err in other ways, project the entities by their align score. Where all of them give one
    range, and it is among the candidates, that range is taken as right; the features see only the pair's own alignment,
    which is wrong about some of those entities, so the weights learn how far to trust which evidence (co-training).

    Args:
        pairs: labelled source sentences and translations, aligned.
        witnesses: alignments of the same pairs by other aligners, at least two of them.
        candidates: which ranges to consider.
        l2: strength of the pull towards `start`.
        start: weights of the first pass, which gathers the statistics; None takes those of the package.

    Raises:
        UsageError: too few witnesses.
        DataError: they agree nowhere.

    Reference: after Blum and Mitchell, "Combining labeled and unlabeled data with co-training", COLT 1998.
    """
    if len(witnesses) < 2 or any(len(w) != len(pairs) for w in witnesses):
        raise UsageError(f"learning wants 2 or more alignments of all {len(pairs)} pairs besides the pairs' own")
    options = candidates or CandidateOptions()
    ranges = [candidates_of(p, options) for p in pairs]
    verdicts = []
    for alignments in witnesses:
        seen = [replace(p, alignment=a) for p, a in zip(pairs, alignments, strict=True)]
        theirs = [candidates_of(p, options) for p in seen]
        scores = [align_score(p, c) for p, c in zip(seen, theirs, strict=True)]
        verdicts.append(
            [
                [tuple(c[k].tolist()) if k >= 0 else None for k in columns.tolist()]
                for c, columns in zip(theirs, choose_all(scores, theirs, 1e-9), strict=True)
            ]
        )
    right = []
    for index, (pair, pair_ranges) in enumerate(zip(pairs, ranges, strict=True)):
        at = {tuple(r): k for k, r in enumerate(pair_ranges.tolist())}
        agreed = [{v[index][e] for v in verdicts} for e in range(len(pair.entities))]
        right.append([at.get(a.pop() or (), -2) if len(a) == 1 else -2 for a in agreed])
    return fit(examples(pairs, ranges, right, start=start), l2=l2, prior=start)


def examples(
    pairs: Sequence[Pair],
    candidates: Sequence[np.ndarray],
    right: Sequence[Sequence[int]],
    *,
    start: FusedWeights | None = None,
) -> list[KnownProjection]:
    """Training examples with the statistics of a first pass.

    Args:
        pairs: the sentence pairs.
        candidates: ranges per pair.
        right: per pair and entity the index of the right candidate, -1 for none, -2 for unknown: no example.
        start: weights of the first pass.
    """
    scorer = FusedScore(weights=start, rounds=0)
    features = featurise(pairs, candidates)
    first = [scorer.weights.probabilities(f()) for f in features]
    chosen = choose_all(first, candidates, scorer.options.sure)
    statistics = Statistics(projections(pairs, candidates, chosen))
    out = []
    for maker, columns, answers in zip(features, chosen, right, strict=True):
        values = maker(statistics, columns)
        out += [KnownProjection(values[e], answer) for e, answer in enumerate(answers) if answer >= -1]
    return out


def fit(data: Sequence[KnownProjection], *, l2: float = 0.01, prior: FusedWeights | None = None) -> FusedWeights:
    """Maximum likelihood of the right candidates under the log-linear model, near a prior.

    Features say much the same, so free weights run off in opposite directions and fit one corpus only. So each weight
    keeps the sign that its feature must have (`AGAINST` names those that speak against a candidate), and a squared
    penalty pulls it to the prior. The convex problem is solved by L-BFGS with bounds.

    Args:
        data: examples.
        l2: strength of the pull.
        prior: where it pulls to; None takes the weights that come with the package.

    Raises:
        DataError: there is nothing to learn from.
    """
    from scipy.optimize import minimize

    if not data:
        raise DataError("no entity on whose projection the witnesses agree; give more parallel text")
    n = len(FEATURES)
    middle = prior or FusedWeights.default()
    centre = np.append(middle.values, middle.nowhere)
    flat = np.concatenate([np.concatenate((e.features, np.zeros((1, n)))) for e in data])
    sizes = np.array([len(e.features) + 1 for e in data])
    starts = np.concatenate(([0], sizes.cumsum()[:-1]))
    nowhere = starts + sizes - 1
    flat = np.concatenate((flat, np.zeros((len(flat), 1))), axis=1)
    flat[nowhere, n] = 1.0  # the one feature of "nowhere"
    right = np.array([s + e.right if e.right >= 0 else s + len(e.features) for s, e in zip(starts, data, strict=True)])

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        raw = flat @ w
        top = np.maximum.reduceat(raw, starts)
        weights = np.exp(raw - np.repeat(top, sizes))
        sums = np.add.reduceat(weights, starts)
        p = weights / np.repeat(sums, sizes)
        off = w - centre
        value = float((np.log(sums) + top - raw[right]).mean()) + 0.5 * l2 * float(off @ off)
        gradient = (p @ flat - flat[right].sum(0)) / len(data) + l2 * off
        return value, gradient

    bounds = [*((None, 0.0) if name in AGAINST else (0.0, None) for name in FEATURES), (None, None)]
    solved = minimize(loss, centre, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 300})
    return FusedWeights(solved.x[:n], float(solved.x[n]))
