"""Means and intervals over runs: of several seeds on one target, and of several seeds on several targets."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, stdev
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner.errors import OptionError, UsageError
from xlner.evaluate.resample import Interval, check_seed, percentile_interval


@dataclass(frozen=True, slots=True)
class SeedsInterval:
    """Mean over runs with a t-interval.

    Args:
        mean: mean of the values.
        deviation: standard deviation with n - 1 below; None for one value.
        low: lower end of the interval of the mean; None for one value.
        high: upper end; None for one value.
        level: coverage.
        runs: number of values.
    """

    mean: float
    deviation: float | None
    low: float | None
    high: float | None
    level: float
    runs: int

    def as_dict(self) -> dict[str, float | int | None]:
        return asdict(self)


def seeds_interval(values: Sequence[float], *, level: float = 0.95) -> SeedsInterval:
    """Student's t-interval of the mean of independent runs.

    Args:
        values: one score per run.
        level: coverage.

    Raises:
        UsageError: no values, or a level outside (0, 1).

    Limits:
        Covers the randomness of training, not that of the test set (`interval` does that one). Three runs give a
        factor of 4.30 on the standard error, so wide intervals are what three runs can say. Runs on several targets are
        not independent: use `targets_interval` for these.
    """
    if not values:
        raise UsageError("an interval over seeds needs at least one value")
    mean, n = fmean(values), len(values)
    if n == 1:
        return SeedsInterval(mean, None, None, None, level, 1)
    deviation = stdev(values)
    half = t_quantile((1 + level) / 2, n - 1) * deviation / math.sqrt(n)
    return SeedsInterval(mean, deviation, mean - half, mean + half, level, n)


@dataclass(frozen=True, slots=True)
class TargetsInterval:
    """Mean over targets, each the mean of its runs, with two intervals that take targets as the unit.

    Args:
        mean: mean over targets of the mean over runs.
        low: lower end of Student's t-interval over the means of targets; None for one target.
        high: upper end; None for one target.
        bootstrap: from drawing targets, and runs within them.
        level: coverage.
        targets: number of targets.
        runs: number of values.
    """

    mean: float
    low: float | None
    high: float | None
    bootstrap: Interval
    level: float
    targets: int
    runs: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def targets_interval(
    values: Mapping[str, Sequence[float]], *, level: float = 0.95, resamples: int = 10_000, seed: int = 0
) -> TargetsInterval:
    """Interval of a mean over targets, where each target has the values of several seeds.

    Seeds of one target share its language and its test set, so nine runs on three targets are three observations and
    not nine. The t-interval is that of the means of targets. The bootstrap is hierarchical: each draw takes targets
    with replacement, and within each of these runs with replacement. Of n > 1 targets or runs a draw takes n - 1, since
    n out of n would understate the variance by (n - 1) / n.

    Args:
        values: target -> one value per run. For two systems, differences; see `paired_differences`.
        level: coverage.
        resamples: draws of the bootstrap.
        seed: rules the draws.

    Raises:
        UsageError: a target without values, or no target.

    Reference:
        Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8 (hierarchical data). Rao and
        Wu, "Resampling Inference with Complex Survey Data", JASA 1988 (n - 1 draws).

    Limits:
        A draw never leaves the range of the targets, so with fewer than about ten of them the bootstrap is too narrow:
        read the t-interval, which takes the means of targets as normal. Speaks of targets like these.
    """
    if not values or not all(len(v) for v in values.values()):
        raise UsageError("an interval over targets needs at least one value of each")
    if resamples < 1:
        raise OptionError("resamples", f"must be at least 1, got {resamples}")
    means = [fmean(v) for v in values.values()]
    over = seeds_interval(means, level=level)
    rng = np.random.default_rng(check_seed(seed))
    draws = _hierarchical([np.asarray(v, np.float64) for v in values.values()], resamples, rng)
    return TargetsInterval(
        over.mean, over.low, over.high, percentile_interval(draws, level=level), level, len(means),
        sum(len(v) for v in values.values()),
    )  # fmt: skip


def paired_differences(
    a: Mapping[str, Sequence[float]], b: Mapping[str, Sequence[float]]
) -> dict[str, tuple[float, ...]]:
    """Differences a - b per target, run by run.

    Args:
        a: target -> scores by seed.
        b: the same targets, with the scores of the same seeds in the same order.

    Raises:
        UsageError: targets or numbers of runs differ.
    """
    if set(a) != set(b):
        raise UsageError(f"both systems need the same targets; only one has: {', '.join(sorted(set(a) ^ set(b)))}")
    for target in a:
        if len(a[target]) != len(b[target]):
            raise UsageError(f"{target} has {len(a[target])} runs of one system and {len(b[target])} of the other")
    return {t: tuple(x - y for x, y in zip(a[t], b[t], strict=True)) for t in a}


def _hierarchical(
    values: Sequence[NDArray[np.float64]], resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Means of draws of targets and of runs within them. Shape: (n_resamples,)."""
    n = len(values)
    drawn = rng.integers(n, size=(resamples, max(n - 1, 1)))
    out = np.zeros(drawn.shape)
    for target, runs in enumerate(values):
        places = drawn == target
        take = rng.integers(len(runs), size=(int(places.sum()), max(len(runs) - 1, 1)))
        out[places] = runs[take].mean(axis=1)
    return out.mean(axis=1)


def t_quantile(probability: float, freedom: int) -> float:
    """Quantile of Student's t distribution, to about 12 digits.

    For whole degrees of freedom the distribution function is a finite sum; it is inverted by halving the
    range of the angle arctan(t / sqrt(freedom)), which is bounded.

    Args:
        probability: of a smaller value, in (0, 1).
        freedom: degrees of freedom, at least 1.

    Reference:
        Abramowitz and Stegun, "Handbook of Mathematical Functions", 1964, equations 26.7.3 and 26.7.4.
    """
    if not 0 < probability < 1 or freedom < 1:
        raise UsageError(f"no t quantile at probability {probability} with {freedom} degrees of freedom")
    if probability < 0.5:
        return -t_quantile(1 - probability, freedom)
    within, low, high = 2 * probability - 1, 0.0, math.pi / 2
    for _ in range(80):
        middle = (low + high) / 2
        if _within(middle, freedom) < within:
            low = middle
        else:
            high = middle
    return math.sqrt(freedom) * math.tan((low + high) / 2)


def _within(angle: float, freedom: int) -> float:
    """Probability of |t| <= sqrt(freedom) tan(angle)."""
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2 == 1
    term = cosine if odd else 1.0
    total = 0.0
    for k in range(2 if odd else 1, freedom, 2):
        total += term
        term *= cosine * cosine * k / (k + 1)
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
