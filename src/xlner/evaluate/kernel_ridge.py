"""Kernel ridge regression: a smooth function of a few features, for tables of some dozen rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xlner.errors import OptionError

WIDTH = 3.0  # standard deviations of each feature over which values are alike
PENALTIES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


@dataclass(frozen=True)
class KernelRidge:
    """A mean, and a weighted sum of how near the rows are that it was fitted on.

    Two rows are `exp(-d^2 / 2)` near, where `d^2` is the mean over features of the squared difference in units of
    `WIDTH` standard deviations. So wide a kernel gives functions that bend little.

    Args:
        rows: features brought to mean 0 and variance 1. Shape: (n_rows, n_features), float64.
        mean: of the features. Shape: (n_features,), float64.
        spread: standard deviation of the features; 1 for one that does not vary. Shape: (n_features,), float64.
        weights: Shape: (n_rows,), float64.
        intercept: the mean value.

    Reference: Saunders, Gammerman and Vovk, "Ridge Regression Learning Algorithm in Dual Variables", ICML 1998.
    """

    rows: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    weights: np.ndarray
    intercept: float

    @classmethod
    def fit(cls, features: np.ndarray, values: np.ndarray, *, penalty: float) -> KernelRidge:
        """Least squares with a price on bending.

        Args:
            features: Shape: (n_rows, n_features), float64, finite.
            values: Shape: (n_rows,), float64.
            penalty: what is added to the nearness of a row to itself; above 0.
        """
        if penalty <= 0:
            raise OptionError("penalty", f"must be above 0, got {penalty}")
        mean, spread = features.mean(0), features.std(0)
        spread = np.where(spread > 1e-12, spread, 1.0)
        rows, middle = (features - mean) / spread, float(values.mean())
        weights = np.linalg.solve(_near(rows, rows) + penalty * np.eye(len(rows)), values - middle)
        return cls(rows, mean, spread, weights, middle)

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Values, without bounds. Shape: (n_rows, n_features) to (n_rows,)."""
        return np.asarray(_near((features - self.mean) / self.spread, self.rows) @ self.weights + self.intercept)


def _near(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    squared = np.square((left[:, None] - right[None]) / WIDTH).mean(2)
    return np.asarray(np.exp(-squared / 2))
