from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from xlner.core.types import Span
from xlner.errors import DataError, UsageError
from xlner.evaluate import calibration, span_calibration, word_calibration


def test_by_hand():
    found = calibration([0.95, 0.85, 0.15, 0.05], [True, False, False, False], bins=2)
    low, high = found.bins
    assert (low.count, low.confidence, low.accuracy) == (2, pytest.approx(0.1), 0.0)
    assert (high.count, high.confidence, high.accuracy) == (2, pytest.approx(0.9), 0.5)
    assert found.ece == pytest.approx(0.25)
    assert found.largest_gap == pytest.approx(0.4)
    assert found.brier == pytest.approx((0.05**2 + 0.85**2 + 0.15**2 + 0.05**2) / 4)
    assert (found.confidence, found.accuracy, found.count) == (pytest.approx(0.5), 0.25, 4)


def test_honest_confidence_is_calibrated():
    rng = np.random.default_rng(0)
    sure = rng.random(50_000)
    assert calibration(sure, rng.random(50_000) < sure).ece < 0.01
    assert calibration(np.sqrt(sure), rng.random(50_000) < sure).ece > 0.1


def test_edges_belong_to_the_lower_bin():
    found = calibration([0.0, 0.5, 1.0], [True, True, True], bins=2)
    assert [b.count for b in found.bins] == [2, 1]
    assert [(b.low, b.high) for b in found.bins] == [(0.0, 0.5), (0.5, 1.0)]


def test_mass_bins_hold_equally_many():
    sure = np.random.default_rng(1).beta(8, 1, size=1000)
    found = calibration(sure, sure > 0.9, bins=5, binning="mass")
    assert [b.count for b in found.bins] == [200] * 5
    tied = calibration([0.9] * 10, [True] * 9 + [False], bins=5, binning="mass")
    assert sum(b.count for b in tied.bins) == 10
    assert tied.ece == pytest.approx(0.0)


def test_no_answers():
    found = calibration([], [])
    assert (found.ece, found.count, len(found.bins)) == (0.0, 0, 10)


@pytest.mark.parametrize(
    ("confidence", "correct", "options", "message"),
    [
        ([0.5], [True, False], {}, "two lists of one length"),
        ([1.5], [True], {}, "must be probabilities"),
        ([float("nan")], [True], {}, "must be probabilities"),
        ([0.5], [True], {"bins": 0}, "at least one bin, .* got 0, 'width'"),
        ([0.5], [True], {"binning": "size"}, "got 10, 'size'"),
    ],
)
def test_wrong_wishes(confidence, correct, options, message):
    with pytest.raises(UsageError, match=message):
        calibration(confidence, correct, **options)


def test_spans(sentence):
    gold = [sentence("B-PER O B-LOC")]
    guess = [sentence("O O O").with_spans((Span(0, 1, "PER", 0.9), Span(2, 3, "ORG", 0.6)))]
    found = span_calibration(gold, guess)
    assert (found.count, found.accuracy) == (2, 0.5)
    assert found.ece == pytest.approx((0.1 + 0.6) / 2)
    with pytest.raises(DataError, match=r"p\.conll:1: predicted sentence 1 has a PER span without a score"):
        span_calibration(gold, [replace(sentence("B-PER O O"), where="p.conll:1")])


def test_words():
    chances = np.array([[0.8, 0.2], [0.4, 0.6], [0.1, 0.9]])
    found = word_calibration(chances, [0, 0, -100])
    assert (found.count, found.accuracy) == (2, 0.5)
    assert found.ece == pytest.approx((0.2 + 0.6) / 2)
    assert word_calibration(chances, [-100] * 3).count == 0
    with pytest.raises(UsageError, match="n_words"):
        word_calibration(chances, [0])
