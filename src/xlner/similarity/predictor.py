"""A small regression from similarity measures to the F1 of a transfer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from xlner.core.languages import bcp47, iso3
from xlner.errors import OptionError
from xlner.evaluate.ridge import Ridge, least_error, load_fitted, penalised_least_squares, write_fitted
from xlner.similarity.transfers import Transfers

PREDICTOR_FORMAT = "xlner transferability 2"
PENALTIES = (0.001, 0.01, 0.1, 1.0)
SHRINKS = (1.0, 3.0, 10.0)  # transfers
SHIPPED_PREDICTOR = Path(__file__).with_name("predictor.json")
SHIPPED_WITH_MODEL = Path(__file__).with_name("predictor_with_model.json")
ESTIMATE = "estimate"  # what a model of any source is expected to reach on the target: a measure of the target alone


@dataclass(frozen=True)
class TransferPredictor:
    """F1 as a weighted sum of how close source and target are by several measures, and of how good a source is.

    Ridge regression on closeness, each measure brought to mean 0 and variance 1 over the transfers it was fitted on. A
    measure that says nothing of a pair counts as average; one beyond all that were seen counts as the nearest of them.
    What the measures leave over is, for a source that was seen, in part the source's own: English gives more than its
    closeness says, and the more so the closer a target is. That part is a line over some of the measures, shrunk as if
    some more transfers had left nothing over. A measure of the target alone ranks sources by these lines only.

    Args:
        measures: name -> whether a greater value of the measure means closer.
        ridge: from closeness by every measure to F1.
        own: ISO 639-3 code of a source -> F1 that it gives above what its closeness says: for an average transfer,
            then per standard deviation of each measure in `slopes`. Shape: (1 + n_slopes,), float64.
        slopes: the measures that a source has a line of its own over.
        penalty: of squared weights, per transfer.
        shrink: of what is a source's own: how many transfers that left nothing over were added.
        fitted_on: the transfers.
        error: what leaving out one target after the other gave; see `xlner.similarity.transferability`.
        settings: with which encoder, layer and number of sentences the measures were made; as keyword arguments of
            `xlner.api.similarity.similarity`.
        about: which encoder, task and amount of data it speaks of.

    Reference: Hoerl and Kennard, "Ridge Regression: Biased Estimation for Nonorthogonal Problems", Technometrics, 1970.
    Lin et al., "Choosing Transfer Languages for Cross-Lingual Learning", ACL 2019, for the task (they rank with trees).

    Limits:
        It knows the encoder, the task, the entity types and the amount of data that its transfers had, and no others.
    """

    measures: Mapping[str, bool]
    ridge: Ridge
    own: Mapping[str, np.ndarray]
    slopes: Sequence[str]
    penalty: float
    shrink: float
    fitted_on: Transfers
    error: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""

    @classmethod
    def fit(
        cls,
        table: Transfers,
        *,
        penalty: float | None = None,
        shrink: float | None = None,
        slopes: Sequence[str] | None = None,
    ) -> TransferPredictor:
        """Fit on all transfers of a table.

        Args:
            table: transfers of two or more languages.
            penalty: None takes the one of `PENALTIES` with the least error on left-out targets.
            shrink: None takes likewise one of `SHRINKS`.
            slopes: the measures that a source has a line of its own over; None takes all.

        Raises:
            OptionError: a price is below 0.
            UsageError: the table has no such measure.
        """
        for name, price in (("penalty", penalty), ("shrink", shrink)):
            if price is not None and price < 0:
                raise OptionError(name, f"must be at least 0, got {price}")
        slopes = list(table.measures if slopes is None else table.select(slopes).measures)
        # Where no two targets can be left out, or nothing is weighted, the middle ones.
        folds = table.folds() if table.measures else []
        settings = [
            (p, s)
            for p in (PENALTIES if penalty is None else (penalty,))
            for s in (SHRINKS if shrink is None else (shrink,))
        ]
        chosen = settings[0]
        if len(settings) > 1:
            missed = partial(_missed, slopes)
            chosen = least_error(settings, folds, missed, otherwise=settings[len(settings) // 2])
        ridge, names = Ridge.flat(table.closeness), list(dict.fromkeys(table.sources))
        z = ridge.scaled(table.closeness)
        is_source = np.array(table.sources)[:, None] == np.array(names)
        own = (is_source[:, :, None] * _with_one(z[:, _columns(table, slopes)])[:, None]).reshape(len(z), -1)
        prices = np.repeat([chosen[0] * len(z), chosen[1]], [z.shape[1], own.shape[1]])
        weights, intercept = penalised_least_squares(np.concatenate([z, own], axis=1), table.f1, prices)
        ridge = replace(ridge, weights=weights[: z.shape[1]], intercept=intercept)
        lines = weights[z.shape[1] :].reshape(len(names), -1)
        return cls(table.measures, ridge, dict(zip(names, lines, strict=True)), slopes, *chosen, table)

    def predict(self, closeness: np.ndarray, sources: Sequence[str] | None = None) -> np.ndarray:
        """Predicted F1 as fractions, never outside of 0 to 1. Shape: (n_pairs, n_measures) to (n_pairs,).

        Args:
            closeness: NaN where a measure says nothing.
            sources: ISO 639-3 codes; None leaves out what a source gives of its own. Length: n_pairs.
        """
        return np.clip(self.ridge.predict(self._seen(closeness)) + self.extra(closeness, sources), 0, 1)

    def extra(self, closeness: np.ndarray, sources: Sequence[str] | None) -> np.ndarray:
        """What of the prediction is the sources' own. Shape: (n_pairs, n_measures) to (n_pairs,)."""
        if sources is None:
            return np.zeros(len(closeness))
        nothing = np.zeros(1 + len(self.slopes))
        own = np.array([self.own.get(s, nothing) for s in sources]).reshape(len(closeness), len(nothing))
        z = self.ridge.scaled(self._seen(closeness))[:, _columns(self.fitted_on, self.slopes)]
        return np.asarray((_with_one(z) * own).sum(1))

    def contributions(self, closeness: np.ndarray) -> np.ndarray:
        """By how much F1 each measure lifts or lowers a pair against an average one.

        Shape: (n_pairs, n_measures) both, float64.
        """
        return self.ridge.contributions(self._seen(closeness))

    def _seen(self, closeness: np.ndarray) -> np.ndarray:
        """Closeness brought into the range of the transfers it was fitted on; NaN stays."""
        known = self.fitted_on.closeness
        low = np.where(np.isfinite(known), known, np.inf).min(0, initial=np.inf)
        high = np.where(np.isfinite(known), known, -np.inf).max(0, initial=-np.inf)
        return np.where(low <= high, np.clip(closeness, low, high), closeness)

    def save(self, path: str | Path) -> Path:
        """Write everything as JSON: weights, the transfers it was fitted on, and its error."""
        record = {
            "about": self.about,
            "settings": dict(self.settings),
            "higher_is_closer": dict(self.measures),
            **self.ridge.as_dict(list(self.measures)),
            "slopes": list(self.slopes),
            "own": {bcp47(code): values.tolist() for code, values in self.own.items()},
            "penalty": self.penalty,
            "shrink": self.shrink,
            "error": dict(self.error),
            "fitted_on": self.fitted_on.as_dict(),
        }
        return write_fitted(path, PREDICTOR_FORMAT, record)

    @classmethod
    def load(cls, path: str | Path) -> TransferPredictor:
        """What `save` wrote. See `load_fitted`."""
        return load_fitted(path, PREDICTOR_FORMAT, "predictor of transfers", cls.from_dict)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> TransferPredictor:
        """What `save` wrote, from plain values."""
        closer = record["higher_is_closer"]
        own = {iso3(code): np.array(values, np.float64) for code, values in record["own"].items()}
        measures = {f["name"]: bool(closer[f["name"]]) for f in record["features"]}
        slopes = [str(m) for m in record["slopes"]]
        return cls(
            measures, Ridge.from_dict(record), own, slopes, float(record["penalty"]), float(record["shrink"]),
            Transfers.from_dict(record["fitted_on"]), record["error"], record["settings"], record["about"],
        )  # fmt: skip


def _missed(slopes: Sequence[str], rest: Transfers, held: Transfers, setting: tuple[float, float]) -> np.ndarray:
    """Errors with what is known of the sources, and as if nothing were: a user's source may be a new one."""
    fitted = TransferPredictor.fit(rest, penalty=setting[0], shrink=setting[1], slopes=slopes)
    said = (fitted.predict(held.closeness, held.sources), fitted.predict(held.closeness))
    return np.concatenate([predicted - held.f1 for predicted in said])


def _columns(table: Transfers, measures: Sequence[str]) -> list[int]:
    return [list(table.measures).index(m) for m in measures]


def _with_one(values: np.ndarray) -> np.ndarray:
    return np.concatenate([np.ones((len(values), 1)), values], axis=1)
