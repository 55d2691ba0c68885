"""Bootstrap over sentences: how far a score would move with another test set of the same kind."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from xlner.evaluate.metrics import evaluate_metric
from xlner.evaluate.resample import Interval, percentile_interval, resampled_totals, select_type
from xlner.evaluate.scores import Scores


def interval(
    scores: Scores,
    *,
    metric: str = "f1",
    entity_type: str | None = None,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap interval of one score.

    Sentences are drawn with replacement, as many as there are, and the score is taken of each draw.
    Sentences, not spans, are the unit, because errors within a sentence hang together.

    Args:
        scores: from `score` or `score_tags`.
        metric: f1, precision, recall, macro_f1, macro_precision or macro_recall.
        entity_type: the score of this type alone; None means over all types.
        level: coverage.
        resamples: number of draws.
        seed: rules the draws; the same seed gives the same interval.

    Raises:
        UsageError: an unknown metric or type, or a level or number that makes no sense.

    Reference:
        Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3. Koehn, "Statistical
        Significance Tests for Machine Translation Evaluation", EMNLP 2004, for test sets in language
        processing.

    Limits:
        Sentences count as independent; where a test set holds whole documents the interval is too narrow. A
        score of exactly 0 or 1 gives an interval without width. A rare type scores 0 in draws that miss it.
    """
    chosen = select_type(scores.counts, scores.types, entity_type)
    draws = [evaluate_metric(totals, metric) for totals in resampled_totals(chosen, resamples=resamples, seed=seed)]
    return percentile_interval(np.concatenate(draws), level=level)


def intervals(scores: Scores, *, level: float = 0.95, resamples: int = 1000, seed: int = 0) -> dict[str, Interval]:
    """Intervals of everything a report shows, from one set of draws.

    Returns:
        Keys "f1", "precision", "recall", "macro_f1", and "f1:TYPE" for every type.
    """
    draws: dict[str, list[NDArray[np.float64]]] = {}
    for totals in resampled_totals(scores.counts, resamples=resamples, seed=seed):
        for metric in ("f1", "precision", "recall", "macro_f1"):
            draws.setdefault(metric, []).append(evaluate_metric(totals, metric))
        for i, name in enumerate(scores.types):
            draws.setdefault(f"f1:{name}", []).append(evaluate_metric(totals[:, i : i + 1], "f1"))
    return {name: percentile_interval(np.concatenate(values), level=level) for name, values in draws.items()}
