"""The regression behind an estimate, and the estimator that the package carries."""

from __future__ import annotations

import numpy as np
import pytest

from xlner.evaluate.estimator import SHIPPED_ESTIMATOR, Estimator
from xlner.evaluate.kernel_ridge import _near


def test_nearness_is_the_mean_over_features():
    for features in (1, 2, 5):
        assert _near(np.zeros((1, features)), np.full((1, features), 3.0)) == pytest.approx(np.exp(-0.5))


def test_the_shipped_estimator_says_its_own_error():
    made = Estimator.load(SHIPPED_ESTIMATOR)
    again = Estimator.fit(made.observed, penalty=made.penalty)  # nearly: its error is of penalties chosen anew
    assert again.mean_abs_error == pytest.approx(made.mean_abs_error, rel=0.05)
    assert again.width90 == pytest.approx(made.width90, rel=0.05)
