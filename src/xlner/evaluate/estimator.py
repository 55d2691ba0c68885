"""A correction of expected F1, learnt from targets whose true F1 is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from xlner.errors import DataError, UsageError
from xlner.evaluate.kernel_ridge import PENALTIES, KernelRidge
from xlner.evaluate.ridge import least_error, load_fitted, width90, write_fitted

ESTIMATOR_FORMAT = "xlner estimator 2"
SHIPPED_ESTIMATOR = Path(__file__).with_name("estimator.json")
SHIPPED_TYPES = ("PER", "ORG", "LOC")  # of the models that it was fitted on
EXPECTED, CALIBRATED, AGREEMENT = "expected_f1", "calibrated_f1", "agreement"


@dataclass(frozen=True, eq=False)
class Observed:
    """Models on targets: what was known without labels, and the F1 that gold then showed.

    Args:
        targets: language of each row; rows of one language are left out together. Length: n_rows.
        features: names of the columns: "expected_f1", "calibrated_f1" (with a fitted temperature), "agreement", what
            `Clues` gives, or any other, such as a closeness. One of the first two must be there.
        values: Shape: (n_rows, n_features), float64, finite.
        f1: the truth, as fractions. Shape: (n_rows,), float64.
        groups: such as the family of each row's language; rows of one group are then left out together. Length: n_rows,
            or 0 for none.

    Raises:
        DataError: no row, columns that do not fit, a value that is no number, or an F1 outside of 0 to 1.
    """

    targets: tuple[str, ...]
    features: tuple[str, ...]
    values: np.ndarray
    f1: np.ndarray
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.targets)
        if not n or self.values.shape != (n, len(self.features)) or self.f1.shape != (n,):
            raise DataError(f"{n} targets, {self.values.shape} features and {self.f1.shape} F1 make no table")
        if len(self.groups) not in (0, n):
            raise DataError(f"{n} targets and {len(self.groups)} groups make no table")
        if not {EXPECTED, CALIBRATED} & set(self.features) or len(set(self.features)) < len(self.features):
            raise DataError(f"features are different names with {EXPECTED} or {CALIBRATED} among them")
        if not np.isfinite(self.values).all() or not ((self.f1 >= 0) & (self.f1 <= 1)).all():
            raise DataError("features are numbers, and F1 is a fraction from 0 to 1")

    @property
    def base(self) -> np.ndarray:
        """The feature that is corrected: calibrated F1 if there is one. Shape: (n_rows,)."""
        return self.values[:, self.features.index(CALIBRATED if CALIBRATED in self.features else EXPECTED)]

    @cached_property
    def rows_of(self) -> dict[str, np.ndarray]:
        """Target, or group if there are any -> indices of its rows, in the order of first appearance."""
        names = np.array(self.groups or self.targets)
        return {name: np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())}

    def take(self, rows: np.ndarray) -> Observed:
        """The table of some rows, by index."""
        targets, groups = (tuple(names[i] for i in rows) if names else () for names in (self.targets, self.groups))
        return replace(self, targets=targets, values=self.values[rows], f1=self.f1[rows], groups=groups)

    def folds(self) -> list[tuple[Observed, Observed]]:
        """All other rows, and those of each target or group; none where there is one only."""
        if len(self.rows_of) < 2:
            return []
        every = np.arange(len(self.targets))
        return [(self.take(np.setdiff1d(every, rows)), self.take(rows)) for rows in self.rows_of.values()]


@dataclass(frozen=True)
class Estimator:
    """Expected F1 plus a kernel ridge regression of what it misses.

    What is learnt is the difference between true and expected F1, so that where there is little to learn from, and
    the penalty is high, expected F1 remains, moved by its mean error.

    Args:
        observed: the table it was fitted on.
        fitted: from features to true F1 minus `Observed.base`.
        penalty: see `KernelRidge.fit`.
        mean_abs_error: on targets, or groups, that were left out, in F1 points; None if too few to leave one out.
        width90: half the width, in F1 points, of an interval that held 90 % of them; None likewise.

    Limits:
        It knows the kind of models, tasks and languages of its table, and no others. With fewer than ten targets
        `width90` is the largest error seen.
    """

    observed: Observed
    fitted: KernelRidge
    penalty: float
    mean_abs_error: float | None = None
    width90: float | None = None

    @classmethod
    def fit(cls, table: Observed, *, penalty: float | None = None) -> Estimator:
        """Fit on all rows, with the error on left-out targets.

        Args:
            table: rows of one or more targets; an error needs three.
            penalty: above 0; None takes the one of `PENALTIES` with the least error on left-out targets.
        """
        estimator = _fit(table, penalty)
        if len(table.rows_of) < 3:
            return estimator
        missed = np.abs(leave_one_target_out(table, penalty=penalty) - table.f1) * 100
        return replace(estimator, mean_abs_error=float(missed.mean()), width90=width90(missed))

    def predict(self, table: Observed) -> np.ndarray:
        """Estimates for the features of a table, whose F1 is not looked at. Shape: (n_rows,), fractions.

        A feature beyond all that were seen corrects as the nearest of them does: a handful of rows that are much alike
        says nothing of what lies far from them.
        """
        seen = self.observed.values
        return np.clip(table.base + self.fitted.predict(np.clip(table.values, seen.min(0), seen.max(0))), 0, 1)

    def estimate(self, features: Mapping[str, float]) -> float:
        """The estimate for one model on one target, a fraction.

        Args:
            features: name -> value; more than needed is fine.

        Raises:
            UsageError: a feature is not there; says which option makes it.
        """
        needed = self.observed.features
        if lacking := [n for n in needed if n not in features]:
            remedies = {CALIBRATED: "add `calibrate SOURCE_DEV`", AGREEMENT: "add `also MODEL`"}
            remedy = remedies.get(lacking[0], "give it as a feature, in Python")
            raise UsageError(f"the estimator was fitted with {lacking[0]}: {remedy}")
        row = Observed(("",), needed, np.array([[features[n] for n in needed]], np.float64), np.zeros(1))
        return float(self.predict(row)[0])

    def save(self, path: str | Path) -> Path:
        """Write everything as JSON: the table it was fitted on, the penalty, and its error."""
        return write_fitted(path, ESTIMATOR_FORMAT, self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        t = self.observed
        return {
            "features": list(t.features),
            "penalty": self.penalty,
            "mean_abs_error": self.mean_abs_error,
            "width90": self.width90,
            "observed": [
                {"target": target, "f1": f1, "values": row} | ({"group": t.groups[i]} if t.groups else {})
                for i, (target, f1, row) in enumerate(zip(t.targets, t.f1.tolist(), t.values.tolist(), strict=True))
            ],
        }

    @classmethod
    def load(cls, path: str | Path) -> Estimator:
        """What `save` wrote. See `load_fitted`."""
        return load_fitted(path, ESTIMATOR_FORMAT, "estimator", cls.from_dict)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Estimator:
        """What `as_dict` gave."""
        rows = record["observed"]
        table = Observed(
            tuple(r["target"] for r in rows),
            tuple(map(str, record["features"])),
            np.array([r["values"] for r in rows], np.float64),
            np.array([r["f1"] for r in rows], np.float64),
            tuple(r["group"] for r in rows if "group" in r),
        )
        fitted = _fit(table, float(record["penalty"]))
        return replace(fitted, mean_abs_error=record["mean_abs_error"], width90=record["width90"])


def leave_one_target_out(table: Observed, *, penalty: float | None = None) -> np.ndarray:
    """Estimates for each row from the rows of other targets alone. Shape: (n_rows,), fractions.

    Args:
        table: of three or more targets.
        penalty: as in `Estimator.fit`; None chooses anew for each target that is left out.

    Raises:
        DataError: fewer than three targets.
    """
    if len(table.rows_of) < 3:
        raise DataError(f"leaving a target out needs three or more, got {len(table.rows_of)}")
    out = np.zeros(len(table.targets))
    for rows, (rest, held) in zip(table.rows_of.values(), table.folds(), strict=True):
        out[rows] = _fit(rest, penalty).predict(held)
    return out


def _fit(table: Observed, penalty: float | None) -> Estimator:
    # Where no target can be left out the greatest penalty: a table of one target teaches a shift at most.
    chosen = least_error(PENALTIES, table.folds(), _missed, otherwise=PENALTIES[-1]) if penalty is None else penalty
    return Estimator(table, KernelRidge.fit(table.values, table.f1 - table.base, penalty=chosen), chosen)


def _missed(rest: Observed, held: Observed, penalty: float) -> np.ndarray:
    return _fit(rest, penalty).predict(held) - held.f1
