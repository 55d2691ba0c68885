from __future__ import annotations

import json
from math import comb

import numpy as np
import pytest

from xlner.errors import DataError, UsageError
from xlner.evaluate import Scores, TypeScore, compare, compare_all, compare_runs, holm, score
from xlner.evaluate.spread import with_spread


@pytest.mark.parametrize("metric", ["f1", "macro_f1"])
def test_a_system_equals_itself(synthetic, metric):
    s = synthetic(accuracy=0.8)
    found = compare(s, s, metric=metric, resamples=500)
    assert (found.difference, found.p_value, found.p_bootstrap) == (0.0, 1.0, 1.0)
    assert (found.interval.low, found.interval.high) == (0.0, 0.0)
    assert found.test == "randomisation"


def test_clear_difference_is_found_and_signed(synthetic):
    good, bad = synthetic(accuracy=0.9, system=1), synthetic(accuracy=0.6, system=2)
    found = compare(good, bad, resamples=2000)
    assert found.difference == pytest.approx(good.f1 - bad.f1)
    assert 0 < found.interval.low < found.difference < found.interval.high
    assert found.p_value == found.p_bootstrap == 1 / 2001
    assert compare(bad, good, resamples=2000).interval.high < 0


def test_same_seed_same_answer(synthetic):
    a, b = synthetic(accuracy=0.8, system=1), synthetic(accuracy=0.8, system=2)
    assert compare(a, b, resamples=300, seed=5) == compare(a, b, resamples=300, seed=5)
    assert compare(a, b, resamples=300, seed=5) != compare(a, b, resamples=300, seed=6)


def test_randomisation_is_the_sign_test_where_that_is_exact():
    # One gold span per sentence; a alone is right in 9, b alone in 3: swaps toss 12 fair coins.
    counts = np.ones((2, 40, 1, 3), dtype=np.int32)
    counts[1, :9, 0, 2] = 0
    counts[0, 9:12, 0, 2] = 0
    zero = TypeScore.of((0, 0, 0))
    a, b = (Scores(("PER",), c, zero, zero) for c in counts)
    exact = 2 * sum(comb(12, k) for k in range(9, 13)) / 2**12
    assert compare(a, b, resamples=40_000).p_value == pytest.approx(exact, abs=0.01)


def test_equal_systems_are_seldom_told_apart(synthetic):
    p = [
        compare(
            synthetic(accuracy=0.7, n=100, text=i, system=2 * i),
            synthetic(accuracy=0.7, n=100, text=i, system=2 * i + 1),
            resamples=200,
            seed=i,
        ).p_value
        for i in range(200)
    ]
    assert np.mean(np.array(p) <= 0.05) <= 0.1
    assert 0.3 < np.mean(np.array(p) <= 0.5) < 0.6  # ties of whole numbers hold it below a half


def test_types_are_matched_by_name(sentence):
    gold = [sentence("B-PER O B-LOC")] * 5
    a = score(gold, [sentence("B-PER O B-LOC")] * 5)
    b = score(gold, [sentence("B-ORG O B-LOC")] * 5)  # has a type that a lacks
    assert compare(a, b, resamples=50).difference == pytest.approx(0.5)
    on_loc = compare(a, b, entity_type="LOC", resamples=50)
    assert (on_loc.difference, on_loc.metric) == (0.0, "f1:LOC")
    with pytest.raises(UsageError, match="LOC, ORG, PER"):
        compare(a, b, entity_type="DATE")


def test_other_gold_is_refused(synthetic, sentence):
    with pytest.raises(DataError, match="different gold spans, first in sentence"):
        compare(synthetic(accuracy=0.8, text=1), synthetic(accuracy=0.8, text=2))
    with pytest.raises(DataError, match="different numbers of sentences: 10, 11"):
        compare(synthetic(accuracy=0.8, n=10), synthetic(accuracy=0.8, n=11))


def test_nothing_scored(sentence):
    s = score([sentence("O")], [sentence("O")])
    assert compare(s, s, resamples=20).p_value == 1.0


def test_runs_are_averaged_and_their_spread_widens_the_interval(synthetic):
    a = [synthetic(accuracy=p, system=i) for i, p in enumerate((0.70, 0.80, 0.90))]
    b = [synthetic(accuracy=0.75, system=10 + i) for i in range(2)]
    found = compare_runs(a, b, resamples=2000)
    assert found.a == pytest.approx(np.mean([s.f1 for s in a]))
    assert found.difference == pytest.approx(found.a - found.b)
    assert (found.test, found.runs) == ("bootstrap", (3, 2))
    assert found.p_value > 0.05
    single = compare(a[2], b[0], resamples=2000)
    assert found.interval.high - found.interval.low > 1.5 * (single.interval.high - single.interval.low)
    json.dumps(found.as_dict(), allow_nan=False)


def test_spread_between_runs_has_the_unbiased_variance():
    # Each run is right in all sentences or in none of a type: sentences bring no variance of their own.
    values = np.array([0.2, 0.5, 0.6, 0.9])
    counts = np.zeros((4, 50, 1, 3), dtype=np.int32)
    counts[..., :2] = 10
    counts[:, :, 0, 2] = (values * 10).astype(int)[:, None]
    zero = TypeScore.of((0, 0, 0))
    runs = [Scores(("PER",), c, zero, zero) for c in counts]
    fixed = Scores(("PER",), counts[0], zero, zero)
    found = compare_runs(runs, [fixed], resamples=20_000)
    half = (found.interval.high - found.interval.low) / 2
    assert half == pytest.approx(3.182 * values.std(ddof=1) / 2, rel=0.05)  # Student's t with 3 degrees of freedom


def test_what_sentences_do_to_one_run_counts_once():
    rng = np.random.default_rng(0)
    moved = rng.normal(0, 1, (20_000, 1)) + rng.normal(0, 2, (20_000, 4))  # what sentences do to all runs, and to each
    runs = np.array([0.0, 1e-6, -1e-6, 0.0])  # they hardly differ
    assert with_spread(moved.mean(1), 0.0, [(runs, moved)], rng).var() == pytest.approx(1, rel=0.05)


def test_what_matched_runs_have_in_common_is_no_chance(synthetic):
    teachers = [synthetic(accuracy=p, system=i) for i, p in enumerate((0.6, 0.75, 0.9))]
    same = compare_runs(teachers, teachers, matched=True, resamples=500)
    assert (same.interval.low, same.interval.high, same.p_value) == (0.0, 0.0, 1.0)
    assert compare_runs(teachers, teachers, resamples=500).interval.high > 0.05
    students = [synthetic(accuracy=p + 0.08, system=i) for i, p in enumerate((0.6, 0.75, 0.9))]
    matched = compare_runs(students, teachers, matched=True, resamples=2000)
    apart = compare_runs(students, teachers, resamples=2000)
    assert matched.difference == apart.difference
    assert matched.p_value < 0.05 < apart.p_value
    with pytest.raises(UsageError, match="3 of one system and 2"):
        compare_runs(teachers, teachers[:2], matched=True)


def test_equal_methods_are_seldom_told_apart_though_their_runs_differ_much():
    rng, zero = np.random.default_rng(0), TypeScore.of((0, 0, 0))

    def runs():
        counts = np.zeros((3, 50, 1, 3), dtype=np.int32)
        counts[..., :2] = 1000
        counts[..., 2] = rng.normal(600, 100, size=3).astype(int)[:, None, None]
        return [Scores(("PER",), c, zero, zero) for c in counts]

    for matched in (True, False):
        p = [compare_runs(runs(), runs(), matched=matched, resamples=400).p_value for _ in range(300)]
        assert np.mean(np.array(p) <= 0.05) <= 0.09


def test_all_pairs_are_corrected(synthetic):
    systems = {name: [synthetic(accuracy=p, system=i)] for i, (name, p) in enumerate(SYSTEMS.items())}
    found = compare_all(systems, resamples=500)
    assert list(found) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [c.p_corrected for c in found.values()] == holm([c.p_value for c in found.values()])
    with pytest.raises(UsageError, match="two systems"):
        compare_all({"a": systems["a"]})
    with pytest.raises(UsageError, match="at least one run"):
        compare_runs([], systems["a"])


SYSTEMS = {"a": 0.9, "b": 0.8, "c": 0.79}


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []
