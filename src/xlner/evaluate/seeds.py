"""Mean and interval over a handful of runs that differ only in their seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, stdev

from xlner.errors import UsageError


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
        Covers the chance of training, not that of the test set (`interval` does that one). Three runs give a
        factor of 4.30 on the standard error, so wide intervals are what three runs can say.
    """
    if not values:
        raise UsageError("an interval over seeds needs at least one value")
    mean, n = fmean(values), len(values)
    if n == 1:
        return SeedsInterval(mean, None, None, None, level, 1)
    deviation = stdev(values)
    half = t_quantile((1 + level) / 2, n - 1) * deviation / math.sqrt(n)
    return SeedsInterval(mean, deviation, mean - half, mean + half, level, n)


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
