"""Ridge regression on a few features that may be unknown, for tables of some dozen rows; kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from xlner.core.files import atomic
from xlner.errors import ModelError

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True)
class Ridge:
    """A weighted sum of features, each brought to mean 0 and variance 1 over the rows it was fitted on.

    A feature that is unknown (NaN) counts as average.

    Args:
        mean: of the features. Shape: (n_features,), float64.
        spread: standard deviation of the features. Shape: (n_features,), float64.
        weights: change of the value per standard deviation. Shape: (n_features,), float64.
        intercept: value of an average row.

    Reference: Hoerl and Kennard, "Ridge Regression: Biased Estimation for Nonorthogonal Problems", Technometrics, 1970.
    """

    mean: np.ndarray
    spread: np.ndarray
    weights: np.ndarray
    intercept: float

    @classmethod
    def flat(cls, features: np.ndarray) -> Ridge:
        """One that knows the scale of the features, and says 0 of every row. Shape: (n_rows, n_features)."""
        mean, spread = _scale(features)
        return cls(mean, spread, np.zeros_like(mean), 0.0)

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Values, without bounds. Shape: (n_rows, n_features) to (n_rows,)."""
        return self.contributions(features).sum(1) + self.intercept

    def scaled(self, features: np.ndarray) -> np.ndarray:
        """Features brought to mean 0 and variance 1; 0 where unknown. Shape: (n_rows, n_features) both."""
        return _scaled(features, self.mean, self.spread)

    def contributions(self, features: np.ndarray) -> np.ndarray:
        """By how much each feature lifts or lowers a row against an average one. Shape: (n_rows, n_features) both."""
        return self.scaled(features) * self.weights

    def as_dict(self, features: Sequence[str]) -> dict[str, Any]:
        """Plain values, with the names of the features."""
        numbers = zip(features, *(a.tolist() for a in (self.mean, self.spread, self.weights)), strict=True)
        return {
            "features": [{"name": n, "mean": m, "spread": s, "weight": w} for n, m, s, w in numbers],
            "intercept": self.intercept,
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Ridge:
        """What `as_dict` gave."""
        keys = ("mean", "spread", "weight")
        mean, spread, weights = (np.array([f[key] for f in record["features"]], np.float64) for key in keys)
        return cls(mean, spread, weights, float(record["intercept"]))


def penalised_least_squares(x: np.ndarray, values: np.ndarray, price: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and intercept with the least squared error plus price of squared weights; the intercept is free.

    Args:
        x: Shape: (n_rows, n_weights), float64.
        values: Shape: (n_rows,), float64.
        price: of each weight, at least 0. Shape: (n_weights,), float64.
    """
    average, middle = float(values.mean()), x.mean(0)
    centred = x - middle
    weights = np.linalg.solve(centred.T @ centred + np.diag(price + 1e-9), centred.T @ (values - average))
    return weights, average - float(middle @ weights)


def write_fitted(path: str | Path, format: str, value: Mapping[str, Any]) -> Path:
    """Write an object with the name of its format, whole or not at all."""
    with atomic(path) as out:
        record = {"format": format, **value}
        out.write(json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return Path(path)


def load_fitted(path: str | Path, format: str, what: str, make: Callable[[Mapping[str, Any]], T]) -> T:
    """Make what `write_fitted` wrote.

    Args:
        path: the file.
        format: as it was written with.
        what: what it should hold, for the message.
        make: makes it from the object in the file.

    Raises:
        ModelError: the file is not there, or holds something else.
    """
    try:
        record = json.loads(Path(path).read_text("utf-8"))
        named = record.get("format") if isinstance(record, dict) else None
        if named != format:
            raise ValueError(f"its format is {named!r}")
        return make(record)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} holds no {what} ({format}): {error}") from error


def least_error(
    settings: Sequence[S], folds: Sequence[tuple[T, T]], missed: Callable[[T, T, S], np.ndarray], *, otherwise: S
) -> S:
    """The setting with the least squared error on rows that were left out; of several alike, the first.

    Args:
        settings: what to choose from.
        folds: rows to fit on, and rows that were left out.
        missed: fits on the first with a setting, and gives its errors on the second. Shape of errors: (n_left_out,).
        otherwise: what fewer than two folds give.
    """
    if len(folds) < 2:
        return otherwise

    def error(setting: S) -> float:
        return float(np.square(np.concatenate([missed(rest, held, setting) for rest, held in folds])).mean())

    return min(settings, key=error)


def width90(missed: np.ndarray) -> float:
    """Half the width of an interval that held 90 % of the true values. Shape: (n,), absolute errors."""
    return float(np.quantile(missed, 0.9, method="higher"))


def _scale(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation per feature over the values that are known; 0 and 1 where there is none."""
    known = np.isfinite(features)
    counts = np.maximum(known.sum(0), 1)
    mean = np.where(known, features, 0).sum(0) / counts
    spread = np.sqrt((np.where(known, features - mean, 0) ** 2).sum(0) / counts)
    return mean, np.where(spread > 1e-12, spread, 1.0)


def _scaled(features: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    if features.shape[1:] != mean.shape:
        raise ValueError(f"{len(mean)} features are known, got {features.shape[1:]}")
    return np.where(np.isfinite(features), (features - mean) / spread, 0.0)
