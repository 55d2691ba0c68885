"""Laws and correlations that are fitted to the numbers of a study."""

from __future__ import annotations

import numpy as np


def fitted_law(x: np.ndarray, y: np.ndarray) -> dict[str, float] | None:
    """The law `y = a - b x^-c` that fits best, its error (root mean square), and where doubling x adds less than 0.5.

    Args:
        x: amounts, above 0. Shape: (n,).
        y: F1 in points. Shape: (n,).

    Returns:
        None for fewer than four points.
    """
    from scipy.optimize import curve_fit

    if len(x) < 4:
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
    gain = b * (1 - 2**-c)  # of the first doubling; each further one is 2^-c of the one before
    stops = x[0] * max(gain / 0.5, 1e-9) ** (1 / c) if gain > 0.5 else x[0]
    return {"a": float(a), "b": float(b * x[0] ** c), "c": float(c), "error": error, "stops": float(stops)}


def rank_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's rank correlation; 0 where one side does not vary."""
    from scipy.stats import rankdata

    a, b = rankdata(x), rankdata(y)
    if a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def correlation_interval(x: np.ndarray, y: np.ndarray, draws: int = 2000) -> tuple[float, float]:
    """95% bootstrap interval of the rank correlation over pairs. Shape of both: (n,)."""
    rng = np.random.default_rng(0)
    taken = rng.integers(len(x), size=(draws, len(x)))
    low, high = np.quantile([rank_correlation(x[t], y[t]) for t in taken], [0.025, 0.975])
    return float(low), float(high)
