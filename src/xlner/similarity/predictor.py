"""A small regression from similarity measures to the F1 of a transfer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from xlner.core.languages import bcp47, iso3
from xlner.evaluate.ridge import PENALTIES, Ridge, best_penalty, load_fitted, write_fitted
from xlner.similarity.transfers import Transfers

PREDICTOR_FORMAT = "xlner transferability 1"
SHRINK = 10  # transfers
SHIPPED_PREDICTOR = Path(__file__).with_name("predictor.json")
SHIPPED_WITH_MODEL = Path(__file__).with_name("predictor_with_model.json")
ESTIMATE = "estimate"  # what a model of any source is expected to reach on the target: a measure of the target alone


@dataclass(frozen=True)
class TransferPredictor:
    """F1 as a weighted sum of how close source and target are by several measures, and of how good a source is.

    Ridge regression on closeness, each measure brought to mean 0 and variance 1 over the transfers it was fitted on. A
    measure that says nothing of a pair counts as average; one beyond all that were seen counts as the nearest of them.
    What the measures leave over is, for a source that was seen, in part the source's own: English gives more than its
    closeness says. That part is the mean over its transfers, shrunk as if `SHRINK` more had left nothing over.

    Args:
        measures: name -> whether a greater value of the measure means closer.
        ridge: from closeness by every measure to F1.
        extra: ISO 639-3 code of a source -> F1 that it gives above what its closeness says.
        penalty: of squared weights, per transfer.
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
    extra: Mapping[str, float]
    penalty: float
    fitted_on: Transfers
    error: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""

    @classmethod
    def fit(cls, table: Transfers, *, penalty: float | None = None) -> TransferPredictor:
        """Fit on all transfers of a table.

        Args:
            table: transfers of two or more languages.
            penalty: None takes the one of `PENALTIES` with the least error on left-out targets.
        """
        # Where no two targets can be left out, or nothing is weighted, the middle one.
        folds, middle = table.folds() if table.measures else [], PENALTIES[len(PENALTIES) // 2]
        chosen = best_penalty(folds, _missed, otherwise=middle) if penalty is None else penalty
        fitted = Ridge.fit(table.closeness, table.f1, penalty=chosen)
        names, left = np.array(table.sources), table.f1 - fitted.predict(table.closeness)
        rest = {s: left[names == s] for s in dict.fromkeys(table.sources)}
        extra = {s: float(x.sum() / (len(x) + SHRINK)) for s, x in rest.items()}
        return cls(table.measures, fitted, extra, chosen, table)

    def predict(self, closeness: np.ndarray, sources: Sequence[str] | None = None) -> np.ndarray:
        """Predicted F1 as fractions, never outside of 0 to 1. Shape: (n_pairs, n_measures) to (n_pairs,).

        Args:
            closeness: NaN where a measure says nothing.
            sources: ISO 639-3 codes; None leaves out what a source gives of its own. Length: n_pairs.
        """
        extra = np.array([self.extra.get(s, 0.0) for s in sources or ()] or [0.0])
        return np.clip(self.ridge.predict(self._seen(closeness)) + extra, 0, 1)

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
            "extra": {bcp47(code): value for code, value in self.extra.items()},
            "penalty": self.penalty,
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
        extra = {iso3(code): float(value) for code, value in record["extra"].items()}
        return cls(
            {f["name"]: bool(closer[f["name"]]) for f in record["features"]}, Ridge.from_dict(record), extra,
            float(record["penalty"]), Transfers.from_dict(record["fitted_on"]), record["error"], record["settings"],
            record["about"],
        )  # fmt: skip


def _missed(rest: Transfers, held: Transfers, penalty: float) -> np.ndarray:
    return TransferPredictor.fit(rest, penalty=penalty).predict(held.closeness, held.sources) - held.f1
