"""Precision, recall and F1 from counts, for one set of counts or for thousands of resamples at once."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from xlner.errors import UsageError

Metric = Literal["f1", "precision", "recall", "macro_f1", "macro_precision", "macro_recall"]
GOLD, PREDICTED, CORRECT = 0, 1, 2  # columns of every counts array


def ratio(counts: NDArray[Any], name: str) -> NDArray[np.float64]:
    """ "f1", "precision" or "recall" of counts; zero where there is nothing to divide by.

    Args:
        counts: gold, predicted and correct numbers. Shape: (..., 3).
        name: which of the three.

    Returns:
        Shape: (...), float64.
    """
    gold, predicted, correct = (counts[..., i].astype(np.float64) for i in (GOLD, PREDICTED, CORRECT))
    if name == "f1":
        above, below = 2 * correct, gold + predicted
    else:
        above, below = correct, predicted if name == "precision" else gold
    return np.divide(above, below, out=np.zeros_like(below), where=below > 0)


def evaluate_metric(totals: NDArray[Any], metric: str) -> NDArray[np.float64]:
    """One metric of summed counts.

    Micro metrics add the types up first. Macro metrics are the plain mean over the types that occur in gold
    or predictions of that very total (as seqeval does); without any type they are zero.

    Args:
        totals: summed counts. Shape: (..., n_types, 3).
        metric: one of `Metric`.

    Returns:
        Shape: (...), float64.

    Raises:
        UsageError: the metric has no such name.
    """
    if metric not in get_args(Metric):
        raise UsageError(f"no metric is called '{metric}'; choose from {', '.join(get_args(Metric))}")
    macro, _, name = metric.rpartition("_")
    if not macro:
        return ratio(totals.sum(axis=-2), name)
    occurs = (totals[..., GOLD] + totals[..., PREDICTED]) > 0
    summed = (ratio(totals, name) * occurs).sum(axis=-1)
    return np.asarray(summed / np.maximum(occurs.sum(axis=-1), 1), dtype=np.float64)
