"""The law that is fitted to a curve of a study, and how closely a value follows F1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xlner.similarity.correlation import Correlation, correlations
from xlner.similarity.transfers import Transfers


def fitted_law(x: np.ndarray, y: np.ndarray) -> dict[str, float] | None:
    """The law `y = a - b x^-c` that fits best, its error (root mean square), and where doubling x adds less than 0.5.

    Args:
        x: amounts, rising. Shape: (n,).
        y: F1 in points. Shape: (n,).

    Returns:
        None for fewer than four points, for an amount of 0, and where the law explains less than half of the variance.
    """
    from scipy.optimize import curve_fit

    if len(x) < 4 or x[0] <= 0:
        return None
    scaled = x / x[0]

    def law(k: np.ndarray, a: float, b: float, c: float) -> np.ndarray:
        return a - b * k**-c

    try:
        (a, b, c), _ = curve_fit(
            law,
            scaled,
            y,
            p0=(y.max(), max(float(np.ptp(y)), 0.1), 0.5),
            bounds=([0, 0, 0.02], [110, 110, 4]),
            maxfev=20_000,
        )
    except RuntimeError:
        return None
    error = float(np.sqrt(np.mean((law(scaled, a, b, c) - y) ** 2)))
    if error**2 > np.var(y) / 2:
        return None
    gain = b * (1 - 2**-c)  # of the first doubling; each further one is 2^-c of the one before
    stops = x[0] * max(gain / 0.5, 1e-9) ** (1 / c) if gain > 0.5 else x[0]
    return {"a": float(a), "b": float(b * x[0] ** c), "c": float(c), "error": error, "stops": float(stops)}


def up_to(amount: float, largest: float) -> str:
    """An amount, but none beyond the largest that was measured."""
    return number(amount) if amount <= largest else f"more than {number(largest)}"


def number(amount: float) -> str:
    """An amount as people write it: whole from 10 on, below with three digits."""
    return f"{amount:,.0f}" if amount >= 10 or amount == int(amount) else f"{amount:.3g}"


def rank_correlations(points: Sequence[Mapping[str, Any]], name: str) -> tuple[Correlation, Correlation]:
    """Rank correlation over all pairs, and the mean of those within one target; intervals from resampling targets."""
    table = Transfers(
        tuple(p["name"] for p in points), tuple(p["group"] for p in points), np.array([p["y"] / 100 for p in points]),
        np.array([[p["x"]] for p in points], float), {name: True},
    )  # fmt: skip
    found = {(c.kind, c.scope): c for c in correlations(table)}
    return found["spearman", "overall"], found["spearman", "within"]
