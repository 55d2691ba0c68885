"""Is one system better than another? Paired tests over the sentences of one test set, and over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from xlner.errors import DataError, UsageError
from xlner.evaluate.metrics import GOLD, evaluate_metric
from xlner.evaluate.resample import (
    Interval,
    blocks,
    check_seed,
    distinct_rows,
    percentile_interval,
    resampled_totals,
    select_type,
)
from xlner.evaluate.scores import Scores
from xlner.evaluate.spread import with_spread


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a paired comparison of systems a and b found.

    Args:
        metric: the score that was compared.
        a: score of a, the mean over its runs.
        b: score of b, likewise.
        difference: a - b.
        interval: bootstrap interval of the difference.
        p_value: two-sided probability of a difference at least this large if a and b were equally good.
        test: where `p_value` comes from: "randomisation" for one run each, "bootstrap" for several.
        p_bootstrap: two-sided p from the bootstrap, for either.
        runs: number of runs of a and of b.
        seed: rules the draws.
        p_corrected: `p_value` after Holm's correction, where this is one of many comparisons.
    """

    metric: str
    a: float
    b: float
    difference: float
    interval: Interval
    p_value: float
    test: Literal["randomisation", "bootstrap"]
    p_bootstrap: float
    runs: tuple[int, int]
    seed: int
    p_corrected: float | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"runs": list(self.runs)}


def compare(
    a: Scores,
    b: Scores,
    *,
    metric: str = "f1",
    entity_type: str | None = None,
    level: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Paired comparison of two runs on the same test set.

    The p-value comes from approximate randomisation: if the systems were alike, it would not matter whose
    output stands for whom, so the two outputs of each sentence are swapped by the toss of a coin, and p is
    the share of tosses with a difference at least as large as the real one. The interval comes from a paired
    bootstrap, which draws the same sentences for both.

    Args:
        a: scores of one run.
        b: scores of the other, against the same gold sentences.
        metric: f1, precision, recall, macro_f1, macro_precision or macro_recall.
        entity_type: compare on this type alone; None means over all types.
        level: coverage of the interval.
        resamples: number of draws and of swaps.
        seed: rules both.

    Returns:
        The comparison; `p_value` is never 0, since the real assignment is one of those counted.

    Raises:
        DataError: a and b were not scored against the same gold spans.
        UsageError: an unknown metric or type.

    Reference:
        Noreen, "Computer Intensive Methods for Testing Hypotheses", 1989 (randomisation). Koehn, "Statistical
        Significance Tests for Machine Translation Evaluation", EMNLP 2004 (paired bootstrap).
        Berg-Kirkpatrick, Burkett and Klein, "An Empirical Investigation of Statistical Significance in NLP",
        EMNLP-CoNLL 2012 (centring the bootstrap on the observed difference).

    Limits:
        Speaks about these two trained models on sentences like these; another seed may turn the result. Use
        `compare_runs` to speak about methods.
    """
    return compare_runs([a], [b], metric=metric, entity_type=entity_type, level=level, resamples=resamples, seed=seed)


def compare_runs(
    a: Sequence[Scores],
    b: Sequence[Scores],
    *,
    metric: str = "f1",
    entity_type: str | None = None,
    matched: bool = False,
    level: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Paired comparison of two systems with several runs (seeds) each, on the same test set.

    Each draw takes sentences with replacement, the same for all runs, and adds a draw from Student's t for the chance
    that lies in the runs: its scale is the standard error of the difference of the means over runs. What sentences do
    to one run alone is part of that, so the draws of sentences keep only what they do to all runs. The p-value is the
    share of draws at least as far from the observed difference as that is from zero. With one run each it is the
    randomisation test of `compare`.

    Args:
        a: scores of the runs of one system.
        b: scores of the runs of the other; the numbers may differ.
        metric: as in `compare`.
        entity_type: as in `compare`.
        matched: run i of a belongs to run i of b, since both have its seed, data or teacher. What these do to both
            alike is then no chance in the difference.
        level: as in `compare`.
        resamples: as in `compare`.
        seed: as in `compare`.

    Raises:
        DataError: the runs were not scored against the same gold spans.
        UsageError: a system without runs, other numbers of runs where they are matched, an unknown metric or type.

    Reference:
        As in `compare`; Student, "The Probable Error of a Mean", Biometrika 1908 (matched); Welch, "The Generalization
        of Student's Problem", Biometrika 1947 (not matched).

    Limits:
        A system with one run shows no spread, and none is added for it. Three runs know their spread badly, so only
        large differences are significant with them; five are much better.
    """
    if not a or not b:
        raise UsageError("a comparison needs at least one run of each system")
    stacked = _stack([*a, *b], entity_type)
    if not metric.startswith("macro"):
        stacked = stacked.sum(axis=-2, keepdims=True)  # fewer distinct rows, the same scores
    n_a, n_b = len(a), len(b)
    if matched and n_a != n_b:
        raise UsageError(f"matched runs come in pairs, got {n_a} of one system and {n_b} of the other")

    observed = evaluate_metric(stacked.sum(axis=0), metric)
    of_a, of_b = observed[:n_a], observed[n_a:]
    mean_a, mean_b = float(of_a.mean()), float(of_b.mean())
    actual = mean_a - mean_b

    sentences, runs, swaps = (np.random.default_rng(s) for s in np.random.SeedSequence(check_seed(seed)).spawn(3))
    drawn = resampled_totals(stacked, resamples=resamples, seed=sentences)
    values = np.concatenate([evaluate_metric(totals, metric) for totals in drawn])  # (resamples, n_runs)
    draws = values[:, :n_a].mean(axis=1) - values[:, n_a:].mean(axis=1)
    sides = [slice(n_a), slice(n_a, None)]
    if matched:
        observed, values, sides = of_a - of_b, values[:, :n_a] - values[:, n_a:], [slice(None)]
    draws = with_spread(draws, actual, [(observed[side], values[:, side] - observed[side]) for side in sides], runs)
    p_bootstrap = _share(np.abs(draws - actual), abs(actual))
    single = n_a == n_b == 1
    return Comparison(
        metric=metric if entity_type is None else f"{metric}:{entity_type}",
        a=mean_a,
        b=mean_b,
        difference=actual,
        interval=percentile_interval(draws, level=level),
        p_value=_randomisation(stacked, metric, actual, resamples, swaps) if single else p_bootstrap,
        test="randomisation" if single else "bootstrap",
        p_bootstrap=p_bootstrap,
        runs=(n_a, n_b),
        seed=seed,
    )


def compare_all(
    systems: Mapping[str, Sequence[Scores]],
    *,
    metric: str = "f1",
    entity_type: str | None = None,
    matched: bool = False,
    level: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> dict[tuple[str, str], Comparison]:
    """Every pair of systems, with Holm's correction over all pairs.

    Args:
        systems: name to runs; a system with one run is a list of one.
        metric: as in `compare`.
        entity_type: as in `compare`.
        matched: as in `compare_runs`, for all systems.
        level: as in `compare`; intervals are not corrected.
        resamples: as in `compare`.
        seed: as in `compare`.

    Returns:
        Pairs of names, in the given order, to comparisons with `p_corrected`.
    """
    if len(systems) < 2:
        raise UsageError(f"a comparison needs two systems or more, got {len(systems)}")
    comparisons = {
        (x, y): compare_runs(
            systems[x],
            systems[y],
            metric=metric,
            entity_type=entity_type,
            matched=matched,
            level=level,
            resamples=resamples,
            seed=seed,
        )
        for x, y in combinations(systems, 2)
    }
    corrected = holm([c.p_value for c in comparisons.values()])
    return {pair: replace(c, p_corrected=p) for (pair, c), p in zip(comparisons.items(), corrected, strict=True)}


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for their number, in the given order.

    The smallest is multiplied by n, the next by n - 1, and so on; none may fall below the one before it, and
    none exceeds 1. Holds whatever the dependence between the tests.

    Reference:
        Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics,
        1979.
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    corrected = np.empty_like(values)
    corrected[order] = np.minimum(stepped, 1.0)
    return [float(p) for p in corrected]


def _stack(runs: Sequence[Scores], entity_type: str | None) -> NDArray[Any]:
    """Counts of all runs over the union of their types. Shape: (n_sentences, n_runs, n_types, 3)."""
    types = tuple(sorted({name for run in runs for name in run.types}))
    if len({len(run) for run in runs}) > 1:
        raise DataError(f"the runs cover different numbers of sentences: {', '.join(str(len(r)) for r in runs)}")
    stacked = np.zeros((len(runs[0]), len(runs), len(types), 3), dtype=np.int32)
    for i, run in enumerate(runs):
        stacked[:, i, [types.index(name) for name in run.types]] = run.counts
    gold = stacked[..., GOLD]
    differs = np.flatnonzero((gold != gold[:, :1]).any(axis=(1, 2)))
    if len(differs):
        raise DataError(
            f"the runs were scored against different gold spans, first in sentence {differs[0] + 1}; "
            "score all of them against one gold file, with the same types"
        )
    return select_type(stacked, types, entity_type)


def _randomisation(
    stacked: NDArray[Any], metric: str, actual: float, resamples: int, rng: np.random.Generator
) -> float:
    """Two-sided p of one run against another by swapping their sentences.

    Shape of stacked: (n_sentences, 2, n_types, 3).
    """
    totals = stacked.sum(axis=0)
    swaps = stacked[:, 1] - stacked[:, 0]
    # Only what a swap moves matters, and sentences on which both systems agree move nothing.
    unique, times = distinct_rows(swaps[swaps.any(axis=(1, 2))])
    moves = unique.reshape(len(unique), -1)
    extreme = 0
    for size in blocks(resamples, len(unique)):
        # Of m sentences with the same move, Binomial(m, 1/2) are swapped.
        moved = (rng.binomial(times, 0.5, size=(size, len(times))) @ moves).reshape(size, *totals.shape[1:])
        swapped = evaluate_metric(totals[0] + moved, metric) - evaluate_metric(totals[1] - moved, metric)
        extreme += _count_at_least(np.abs(swapped), abs(actual))
    return (extreme + 1) / (resamples + 1)


def _share(values: NDArray[np.float64], bound: float) -> float:
    return (_count_at_least(values, bound) + 1) / (len(values) + 1)


def _count_at_least(values: NDArray[np.float64], bound: float) -> int:
    # Equal differences must count as equal although they were rounded on different ways.
    return int((values >= bound - 1e-12).sum())
