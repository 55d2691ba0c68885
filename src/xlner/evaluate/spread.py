"""Chance that lies in the runs of a system, beside that of the sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def with_spread(
    draws: NDArray[np.float64],
    actual: float,
    samples: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Draws of a difference of means over runs, with the chance that lies in the runs.

    The spread of the runs holds what sentences do to each run by itself, too. That part is taken out of the draws, so
    that it counts once.

    Args:
        draws: of sentences. Shape: (n_draws,).
        actual: the observed difference.
        samples: of each mean: the runs' values, shape (n_runs,), and how the draws differ from them, shape
            (n_draws, n_runs).
        rng: draws.
    """
    several = [(x, moved) for x, moved in samples if len(x) > 1]
    errors = [float(x.var(ddof=1)) / len(x) for x, _ in several]  # squared standard errors of the means
    if not (total := sum(errors)):
        return draws
    single = sum(float(moved.var(axis=1, ddof=1).mean()) / len(x) for x, moved in several)
    whole = float(draws.var())
    common = math.sqrt(max(whole - single, 0) / whole) if whole else 0.0
    freedom = total**2 / sum(e**2 / (len(x) - 1) for e, (x, _) in zip(errors, several, strict=True))
    return actual + common * (draws - actual) + math.sqrt(total) * rng.standard_t(freedom, size=len(draws))
