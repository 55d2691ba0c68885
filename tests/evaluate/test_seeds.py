from __future__ import annotations

import numpy as np
import pytest

from xlner.errors import UsageError
from xlner.evaluate import paired_differences, seeds_interval, t_quantile, targets_interval
from xlner.evaluate.seeds import _hierarchical

# From printed tables of Student's t.
TABLE = [
    (0.975, 1, 12.7062),
    (0.975, 2, 4.30265),
    (0.975, 3, 3.18245),
    (0.975, 4, 2.77645),
    (0.95, 2, 2.91999),
    (0.95, 9, 1.83311),
    (0.995, 5, 4.03214),
    (0.975, 30, 2.04227),
    (0.975, 1000, 1.96234),
]


@pytest.mark.parametrize(("probability", "freedom", "value"), TABLE)
def test_t_quantiles_are_those_of_the_tables(probability, freedom, value):
    assert t_quantile(probability, freedom) == pytest.approx(value, rel=1e-5)
    assert t_quantile(1 - probability, freedom) == pytest.approx(-value, rel=1e-5)


def test_t_quantiles_agree_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    for freedom in (1, 2, 3, 4, 5, 8, 13, 40):
        for probability in (0.5, 0.6, 0.9, 0.975, 0.9995):
            expected = stats.t.ppf(probability, freedom)
            assert t_quantile(probability, freedom) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_three_seeds_by_hand():
    found = seeds_interval([0.70, 0.72, 0.74])
    assert (found.mean, found.deviation, found.runs) == (pytest.approx(0.72), pytest.approx(0.02), 3)
    assert found.high - found.mean == pytest.approx(4.30265 * 0.02 / 3**0.5, rel=1e-5)


def test_one_seed_has_no_interval():
    found = seeds_interval([0.7])
    assert (found.mean, found.deviation, found.low, found.high) == (0.7, None, None, None)


@pytest.mark.parametrize(
    ("values", "level", "message"),
    [
        ([], 0.95, "at least one value"),
        ([0.1, 0.2], 1.5, r"no t quantile at probability 1\.25"),
        ([0.1, 0.2], 1.0, r"no t quantile at probability 1\.0"),
    ],
)
def test_wrong_wishes(values, level, message):
    with pytest.raises(UsageError, match=message):
        seeds_interval(values, level=level)


def test_runs_of_one_target_are_one_observation():
    values = {"deu": [1.0, 1.2, 0.8], "spa": [4.0, 4.1, 3.9], "nld": [2.5, 2.4, 2.6]}
    found = targets_interval(values)
    of_means = seeds_interval([1.0, 4.0, 2.5])
    assert (found.mean, found.low, found.high) == pytest.approx((of_means.mean, of_means.low, of_means.high))
    assert (found.targets, found.runs) == (3, 9)
    pooled = seeds_interval([x for v in values.values() for x in v])
    assert found.high - found.low > 2 * (pooled.high - pooled.low)
    assert 0.7 < found.bootstrap.low < found.mean < found.bootstrap.high < 4.2
    assert targets_interval(values) == found


def test_one_target_or_one_run():
    alone = targets_interval({"deu": [1.0, 2.0, 3.0]})
    assert alone.low is alone.high is None
    assert 1 <= alone.bootstrap.low < 2 < alone.bootstrap.high <= 3
    assert targets_interval({"deu": [2.0], "spa": [2.0]}).bootstrap.low == 2


@pytest.mark.parametrize("targets", [[[1.0], [2.0], [6.0]], [[1.0, 2.0, 6.0]]])
def test_draws_of_targets_and_of_runs_have_the_unbiased_variance(targets):
    draws = _hierarchical([np.array(runs) for runs in targets], 40_000, np.random.default_rng(0))
    assert draws.std() == pytest.approx(np.std([1.0, 2.0, 6.0], ddof=1) / 3**0.5, rel=0.02)


def test_intervals_hold_the_truth_as_often_as_they_say_where_targets_differ():
    rng = np.random.default_rng(0)
    pooled = by_t = by_draws = 0
    for _ in range(300):
        values = {str(i): list(rng.normal(rng.normal(0, 1), 0.3, size=3)) for i in range(12)}
        found = targets_interval(values, resamples=400)
        plain = seeds_interval([x for v in values.values() for x in v])
        by_t += found.low <= 0 <= found.high
        by_draws += found.bootstrap.low <= 0 <= found.bootstrap.high
        pooled += plain.low <= 0 <= plain.high
    assert by_t >= 0.92 * 300
    assert by_draws >= 0.88 * 300
    assert pooled < 0.85 * 300


def test_differences_are_paired_by_target_and_run():
    made = paired_differences({"deu": [3.0, 2.0], "spa": [5.0]}, {"spa": [1.0], "deu": [1.0, 1.0]})
    assert made == {"deu": (2.0, 1.0), "spa": (4.0,)}
    with pytest.raises(UsageError, match="only one has: spa"):
        paired_differences({"deu": [1.0]}, {"deu": [1.0], "spa": [1.0]})
    with pytest.raises(UsageError, match="deu has 2 runs of one system and 1 of the other"):
        paired_differences({"deu": [1.0, 2.0]}, {"deu": [1.0]})
    with pytest.raises(UsageError, match="at least one value of each"):
        targets_interval({"deu": []})
