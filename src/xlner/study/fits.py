"""The law that is fitted to a curve of a study, and how closely a value follows F1."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from xlner.similarity.correlation import Correlation, correlations
from xlner.similarity.transfers import Transfers


@dataclass(frozen=True)
class Law:
    """A law of F1 `y` in points over an amount `x`.

    Args:
        b: how steep it is.
        a: where a curve that levels off ends, and a straight one begins.
        c: how fast the curve levels off: `y = a - b x^-c`; None for a line over the logarithm: `y = a + b ln x`.
        error: root mean square.
        stops: amount from which doubling adds less than 0.5; infinite for a line that is steeper than that.
    """

    a: float
    b: float
    c: float | None
    error: float
    stops: float

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """F1 at some amounts. Shapes: (n,) both."""
        return self.a + self.b * np.log(x) if self.c is None else self.a - self.b * x**-self.c

    def __str__(self) -> str:
        if self.c is None:
            return f"{self.a:.1f} {'-' if self.b < 0 else '+'} {abs(self.b):.3g} ln n"
        return f"{self.a:.1f} - {self.b:.3g} n^-{self.c:.2f}"


def fitted_law(x: np.ndarray, y: np.ndarray) -> Law | None:
    """The law that fits best: a curve that levels off, or a line over the logarithm where no such curve is determined.

    Few points that still rise fit curves that end anywhere. A curve counts if it ends at no more than 100 points and
    none of its numbers is at the bound of what was searched.

    Args:
        x: amounts, rising. Shape: (n,).
        y: F1 in points. Shape: (n,).

    Returns:
        None for fewer than four points, for an amount of 0, and where the law explains less than half of the variance.
    """
    if not can_be_fitted(x):
        return None
    law = _curve(x, y) or _line(x, y)
    return law if law.error**2 <= np.var(y) / 2 else None


def can_be_fitted(x: np.ndarray) -> bool:
    """Whether there are amounts enough for a law, all above 0. Shape: (n,), rising."""
    return len(x) >= 4 and bool(x[0] > 0)


_LEAST, _MOST = (0.0, 0.0, 0.02), (100.0, 110.0, 4.0)  # a, b, c of a curve, with amounts in units of the first


def _curve(x: np.ndarray, y: np.ndarray) -> Law | None:
    from scipy.optimize import curve_fit

    scaled = x / x[0]

    def law(k: np.ndarray, a: float, b: float, c: float) -> np.ndarray:
        return a - b * k**-c

    start = (min(float(y.max()), 99.0), max(float(np.ptp(y)), 0.1), 0.5)
    try:
        found, _ = curve_fit(law, scaled, y, p0=start, bounds=(_LEAST, _MOST), maxfev=20_000)
    except RuntimeError:
        return None
    room = np.subtract(_MOST, _LEAST)
    if (np.minimum(found - _LEAST, _MOST - found) < 1e-3 * room).any():
        return None
    a, b, c = map(float, found)
    gain = b * (1 - 2**-c)  # of the first doubling; each further one is 2^-c of the one before
    stops = x[0] * (gain / 0.5) ** (1 / c) if gain > 0.5 else x[0]
    return Law(a, b * float(x[0]) ** c, c, _error(law(scaled, a, b, c), y), float(stops))


def _line(x: np.ndarray, y: np.ndarray) -> Law:
    b, a = np.polyfit(np.log(x), y, 1)
    stops = math.inf if b * math.log(2) > 0.5 else float(x[0])
    return Law(float(a), float(b), None, _error(a + b * np.log(x), y), stops)


def _error(law: np.ndarray, y: np.ndarray) -> float:
    return float(np.sqrt(np.mean((law - y) ** 2)))


def up_to(amount: float, largest: float) -> str:
    """An amount, but none beyond the largest that was measured."""
    return number(amount) if amount <= largest else f"more than {number(largest)}"


def number(amount: float) -> str:
    """An amount as people write it: whole from 10 on, below with three digits."""
    return f"{amount:,.0f}" if amount >= 10 or amount == int(amount) else f"{amount:.3g}"


def rank_correlations(points: Sequence[Mapping[str, Any]], name: str) -> tuple[Correlation, Correlation]:
    """Rank correlation over all pairs, and the mean of those within one target.

    Args:
        points: pairs of a "source" and a "group", with values "x" and "y".
        name: of the value.
    """
    table = Transfers(
        tuple(p["source"] for p in points), tuple(p["group"] for p in points), np.array([p["y"] / 100 for p in points]),
        np.array([[p["x"]] for p in points], float), {name: True},
    )  # fmt: skip
    found = {(c.kind, c.scope): c for c in correlations(table)}
    return found["spearman", "overall"], found["spearman", "within"]
