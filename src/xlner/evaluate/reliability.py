"""Calibration: does a confidence of 0.8 mean right in 80 of 100 cases?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from xlner.core.types import Sentence
from xlner.errors import DataError, UsageError
from xlner.evaluate.pairs import counted_spans


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of a reliability diagram.

    Args:
        low: lower edge of the confidences; the bin holds low < confidence <= high (and 0 in the first).
        high: upper edge.
        confidence: mean confidence; 0.0 in an empty bin.
        accuracy: share of right answers; 0.0 in an empty bin.
        count: number of answers.
    """

    low: float
    high: float
    confidence: float
    accuracy: float
    count: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far confidence and accuracy lie apart. All values are fractions, 0.0 without any answer.

    Args:
        ece: expected calibration error: mean gap |confidence - accuracy| over the bins, weighted by their
            counts.
        largest_gap: the largest gap of any bin.
        brier: mean squared difference of confidence and being right.
        confidence: mean confidence.
        accuracy: share of right answers; confidence above accuracy is overconfidence.
        count: number of answers.
        bins: the reliability diagram, empty bins included.
    """

    ece: float
    largest_gap: float
    brier: float
    confidence: float
    accuracy: float
    count: int
    bins: tuple[Bin, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def calibration(
    confidence: ArrayLike,
    correct: ArrayLike,
    *,
    bins: int = 10,
    binning: Literal["width", "mass"] = "width",
) -> Calibration:
    """Expected calibration error and reliability bins.

    Args:
        confidence: probabilities of the answers given. Shape: (n,).
        correct: whether each was right. Shape: (n,), bool.
        bins: number of bins.
        binning: "width" cuts [0, 1] into equal parts; "mass" cuts at quantiles, so that bins hold equally
            many answers (fewer bins where confidences are tied).

    Raises:
        UsageError: shapes that differ, confidences outside [0, 1], no bins.

    Reference:
        Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI
        2015. Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, equation
        3.

    Limits:
        The estimate grows with the number of bins and shrinks with that of answers; compare only at equal
        both.
    """
    sure = np.asarray(confidence, dtype=np.float64)
    right = np.asarray(correct, dtype=bool)
    if sure.ndim != 1 or sure.shape != right.shape:
        raise UsageError(f"confidence and correct must be two lists of one length, got {sure.shape}, {right.shape}")
    if sure.size and not (sure.min() >= 0 and sure.max() <= 1):
        raise UsageError("confidences must be probabilities in [0, 1]")
    if bins < 1 or binning not in ("width", "mass"):
        raise UsageError(f"wanted at least one bin, of equal 'width' or 'mass'; got {bins}, '{binning}'")
    edges = np.linspace(0, 1, bins + 1)
    if binning == "mass" and sure.size:
        edges = np.unique(np.concatenate([[0.0], np.quantile(sure, edges[1:-1]), [1.0]]))
    place = np.clip(np.searchsorted(edges, sure, side="left") - 1, 0, len(edges) - 2)
    count = np.bincount(place, minlength=len(edges) - 1)
    divisor = np.maximum(count, 1)
    mean_sure = np.bincount(place, weights=sure, minlength=len(count)) / divisor
    mean_right = np.bincount(place, weights=right, minlength=len(count)) / divisor
    gaps = np.abs(mean_sure - mean_right)
    n = max(sure.size, 1)
    return Calibration(
        ece=float((gaps * count).sum() / n),
        largest_gap=float(gaps.max()),
        brier=float(((sure - right) ** 2).sum() / n),
        confidence=float(sure.sum() / n),
        accuracy=float(right.sum() / n),
        count=int(sure.size),
        bins=tuple(
            Bin(float(low), float(high), float(c), float(a), int(k))
            for low, high, c, a, k in zip(edges, edges[1:], mean_sure, mean_right, count, strict=False)
        ),
    )


def span_calibration(
    gold: Sequence[Sentence],
    predicted: Sequence[Sentence],
    *,
    bins: int = 10,
    binning: Literal["width", "mass"] = "width",
    types: Sequence[str] | None = None,
    ignore: Collection[str] = (),
) -> Calibration:
    """Calibration of the scores of predicted spans; a span is right when boundaries and type are.

    Args:
        gold: the right answers.
        predicted: the same sentences; every predicted span has a score.
        bins: as in `calibration`.
        binning: as in `calibration`.
        types: as in `score`.
        ignore: as in `score`.

    Raises:
        DataError: a predicted span has no score, or the two sides do not fit.
    """
    confidence: list[float] = []
    correct: list[bool] = []
    pairs = counted_spans(gold, predicted, types=types, ignore=ignore)
    for number, (golds, guesses) in enumerate(pairs, start=1):
        keys = {s.key for s in golds}
        for span in guesses:
            if span.score is None:
                raise DataError(
                    f"predicted sentence {number} has a {span.label} span without a score; "
                    "predict with scores, for example as jsonl",
                    path=predicted[number - 1].where,
                )
            confidence.append(span.score)
            correct.append(span.key in keys)
    return calibration(confidence, correct, bins=bins, binning=binning)


def word_calibration(
    probabilities: ArrayLike,
    gold: ArrayLike,
    *,
    ignore: int = -100,
    bins: int = 10,
    binning: Literal["width", "mass"] = "width",
) -> Calibration:
    """Calibration of the most likely tag of each word.

    Args:
        probabilities: rows that sum to 1. Shape: (n_words, n_tags).
        gold: right tag ids. Shape: (n_words,).
        ignore: gold id of words that do not count (missing labels).
        bins: as in `calibration`.
        binning: as in `calibration`.

    Raises:
        UsageError: shapes that do not fit.

    Limits:
        Most words are O and easy, which hides bad calibration on names; read it beside `span_calibration`.
    """
    rows, ids = np.asarray(probabilities, dtype=np.float64), np.asarray(gold)
    if rows.ndim != 2 or ids.shape != rows.shape[:1]:
        raise UsageError(f"wanted (n_words, n_tags) and (n_words,), got {rows.shape} and {ids.shape}")
    counted = ids != ignore
    best = rows[counted].argmax(axis=1)
    sure = np.clip(rows[counted].max(axis=1), 0, 1) if counted.any() else np.zeros(0)
    return calibration(sure, best == ids[counted], bins=bins, binning=binning)
