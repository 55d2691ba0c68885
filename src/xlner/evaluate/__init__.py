"""Floor 2: span scores, bootstrap intervals, paired tests, errors and calibration. Needs numpy only."""

from xlner.evaluate.bootstrap import Interval, interval, intervals
from xlner.evaluate.calibration import Bin, Calibration, calibration, span_calibration, word_calibration
from xlner.evaluate.compare import Comparison, compare, compare_all, compare_runs, holm
from xlner.evaluate.errors import ErrorCounts, SpanError, span_errors
from xlner.evaluate.scores import Scores, TypeScore, score, score_tags
from xlner.evaluate.seeds import SeedsInterval, seeds_interval, t_quantile
from xlner.evaluate.tables import describe, describe_comparisons, rows

__all__ = [
    "Bin",
    "Calibration",
    "Comparison",
    "ErrorCounts",
    "Interval",
    "Scores",
    "SeedsInterval",
    "SpanError",
    "TypeScore",
    "calibration",
    "compare",
    "compare_all",
    "compare_runs",
    "describe",
    "describe_comparisons",
    "holm",
    "interval",
    "intervals",
    "rows",
    "score",
    "score_tags",
    "seeds_interval",
    "span_calibration",
    "span_errors",
    "t_quantile",
    "word_calibration",
]
