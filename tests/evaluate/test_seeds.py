from __future__ import annotations

import pytest

from xlner.errors import UsageError
from xlner.evaluate import seeds_interval, t_quantile

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


@pytest.mark.parametrize(("values", "level"), [([], 0.95), ([0.1, 0.2], 1.5), ([0.1, 0.2], 1.0)])
def test_wrong_wishes(values, level):
    with pytest.raises(UsageError):
        seeds_interval(values, level=level)
