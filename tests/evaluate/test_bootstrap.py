from __future__ import annotations

import numpy as np
import pytest

from xlner.core.types import Sentence, Span
from xlner.errors import UsageError
from xlner.evaluate import Scores, TypeScore, compare, interval, intervals, resample, score, targets_interval


def test_same_seed_same_interval(synthetic):
    s = synthetic(accuracy=0.8)
    assert interval(s, seed=3) == interval(s, seed=3)
    assert interval(s, seed=3) != interval(s, seed=4)


def test_block_size_changes_nothing(synthetic, monkeypatch):
    s = synthetic(accuracy=0.8, types=("LOC", "PER"))
    whole = intervals(s, resamples=200)
    monkeypatch.setattr(resample, "_CELLS", 50)
    assert intervals(s, resamples=200) == whole


def test_width_is_the_binomial_one():
    # One gold and one predicted span per sentence: F1 is the mean of n coin tosses.
    n, p = 2000, 0.7
    counts = np.ones((n, 1, 3), dtype=np.int32)
    counts[int(n * p) :, 0, 2] = 0
    zero = TypeScore.of((0, 0, 0))
    found = interval(Scores(("PER",), counts, zero, zero), resamples=4000)
    half = 1.96 * np.sqrt(p * (1 - p) / n)
    assert found.low == pytest.approx(p - half, abs=half / 10)
    assert found.high == pytest.approx(p + half, abs=half / 10)


def test_covers_the_truth_about_as_often_as_it_says(synthetic):
    inside = 0
    for i in range(200):
        found = interval(synthetic(accuracy=0.6, n=150, text=i, system=i), level=0.9, resamples=400)
        inside += found.low <= 0.6 <= found.high
    assert 0.84 <= inside / 200 <= 0.96


def test_grouping_equal_sentences_keeps_the_distribution(synthetic):
    s = synthetic(accuracy=0.7, n=120)
    draws = np.random.default_rng(0).integers(0, 120, size=(4000, 120))
    totals = s.counts[draws].sum(axis=(1, 2)).astype(float)
    plain = np.quantile(2 * totals[:, 2] / (totals[:, 0] + totals[:, 1]), [0.025, 0.975])
    found = interval(s, resamples=4000)
    assert (found.low, found.high) == pytest.approx(tuple(plain), abs=0.01)


def test_intervals_hold_everything_a_report_shows(synthetic):
    s = synthetic(accuracy=0.8, types=("LOC", "PER"))
    found = intervals(s)
    assert list(found) == ["f1", "precision", "recall", "macro_f1", "f1:LOC", "f1:PER"]
    assert found["f1"] == interval(s)
    assert found["f1:PER"].low < s.per_type["PER"].f1 < found["f1:PER"].high
    one = interval(s, entity_type="PER")
    assert (one.low, one.high) == pytest.approx((found["f1:PER"].low, found["f1:PER"].high), abs=0.01)


def test_nothing_scored(sentence):
    for s in (score([], []), score([sentence("O")], [sentence("O")]), score([], [], types=["PER"])):
        found = intervals(s, resamples=20)["f1"]
        assert (found.low, found.high) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": 95}, "`level` must lie between 0 and 1"),
        ({"resamples": 0}, "`resamples` must be at least 1"),
        ({"metric": "accuracy"}, "no metric is called 'accuracy'"),
        ({"entity_type": "ORG"}, "no entity type 'ORG' was scored; there are PER"),
    ],
)
def test_wrong_wishes(synthetic, options, message):
    with pytest.raises(UsageError, match=message):
        interval(synthetic(accuracy=0.5), **options)


@pytest.mark.parametrize("draw", [interval, intervals, lambda s, seed: compare(s, s, seed=seed),
                                  lambda s, seed: targets_interval({"es": [1.0, 2.0]}, seed=seed)])  # fmt: skip
def test_a_negative_seed_is_refused_in_plain_words(draw):
    same = [Sentence(("Ana",), (Span(0, 1, "PER"),))]
    with pytest.raises(UsageError, match="`seed` must be at least 0, got -1"):
        draw(score(same, same), seed=-1)
