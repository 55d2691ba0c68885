"""Floor 2: span scores, intervals, paired tests, errors, calibration, F1 without labels. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlner.core.rooms import callable_room, lazy_names

if TYPE_CHECKING:
    from xlner.evaluate.bootstrap import interval, intervals
    from xlner.evaluate.comparison import Comparison, compare, compare_all, compare_runs, holm
    from xlner.evaluate.errors import ErrorCounts, SpanError, span_errors
    from xlner.evaluate.estimate import (
        Expected,
        expected_counts,
        fit_temperature,
        span_probabilities,
        span_probability_calibration,
        tempered,
    )
    from xlner.evaluate.estimator import Estimator, Observed, leave_one_target_out
    from xlner.evaluate.reliability import Bin, Calibration, calibration, span_calibration, word_calibration
    from xlner.evaluate.resample import Interval
    from xlner.evaluate.scores import Scores, TypeScore, score, score_tags
    from xlner.evaluate.seeds import (
        SeedsInterval,
        TargetsInterval,
        paired_differences,
        seeds_interval,
        t_quantile,
        targets_interval,
    )
    from xlner.evaluate.tables import describe, describe_comparisons, rows

__all__ = [
    "Bin",
    "Calibration",
    "Comparison",
    "ErrorCounts",
    "Estimator",
    "Expected",
    "Interval",
    "Observed",
    "Scores",
    "SeedsInterval",
    "SpanError",
    "TargetsInterval",
    "TypeScore",
    "calibration",
    "compare",
    "compare_all",
    "compare_runs",
    "describe",
    "describe_comparisons",
    "expected_counts",
    "fit_temperature",
    "holm",
    "interval",
    "intervals",
    "leave_one_target_out",
    "paired_differences",
    "rows",
    "score",
    "score_tags",
    "seeds_interval",
    "span_calibration",
    "span_errors",
    "span_probabilities",
    "span_probability_calibration",
    "t_quantile",
    "targets_interval",
    "tempered",
    "word_calibration",
]

__getattr__ = lazy_names(
    __name__,
    {
        "bootstrap": ("interval", "intervals"),
        "reliability": ("Bin", "Calibration", "calibration", "span_calibration", "word_calibration"),
        "comparison": ("Comparison", "compare", "compare_all", "compare_runs", "holm"),
        "errors": ("ErrorCounts", "SpanError", "span_errors"),
        "estimate": (
            "Expected",
            "expected_counts",
            "fit_temperature",
            "span_probabilities",
            "span_probability_calibration",
            "tempered",
        ),
        "estimator": ("Estimator", "Observed", "leave_one_target_out"),
        "resample": ("Interval",),
        "scores": ("Scores", "TypeScore", "score", "score_tags"),
        "seeds": (
            "SeedsInterval",
            "TargetsInterval",
            "paired_differences",
            "seeds_interval",
            "t_quantile",
            "targets_interval",
        ),
        "tables": ("describe", "describe_comparisons", "rows"),
    },
)
callable_room(__name__, "xlner.api.apply:evaluate")
