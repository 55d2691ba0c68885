"""What predicts a transfer: predictions for targets that were left out, by a regression and by single measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from xlner.errors import DataError
from xlner.evaluate.ridge import width90
from xlner.similarity.correlation import Correlation, correlations
from xlner.similarity.predictor import TransferPredictor
from xlner.similarity.transfers import Transfers, read_f1

__all__ = [
    "Correlation",
    "Quality",
    "TransferPredictor",
    "Transfers",
    "correlations",
    "fit",
    "leave_one_out",
    "missed_of_new_sources",
    "predictions",
    "read_f1",
]

ALL = "all measures"
SOURCE_MEAN = "mean F1 of the source"


@dataclass(frozen=True)
class Quality:
    """How well one way of predicting did on targets that it had not seen.

    Args:
        name: a measure, "all measures" (the regression) or "mean F1 of the source" (which looks at no measure).
        mean_abs_error: of predicted F1, in points.
        regret: mean of (F1 of the best source - F1 of the recommended one), in points.
        top1: share of targets whose recommended source is the best one.
        top3: share of targets whose best source is among the first three recommended.
        targets: how many were left out in turn.
        width90: half the width, in points, of an interval around a prediction that held 90 % of the true values.
    """

    name: str
    mean_abs_error: float
    regret: float
    top1: float
    top3: float
    targets: int
    width90: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def leave_one_out(
    table: Transfers, *, penalty: float | None = None, slopes: Sequence[str] | None = None
) -> list[Quality]:
    """Predict each target from the transfers between other languages, in several ways.

    The target is left out as source, too: who needs a prediction has no labels in that language. With groups, all
    targets of its group are left out with it. The regression sees all measures and chooses its penalty anew each time.
    A single measure predicts F1 by a line through the other transfers and recommends the closest source, whatever that
    line says. Where several sources are recommended alike, the mean over them counts.

    Args:
        table: transfers to three or more targets; targets with one source only have no say.
        penalty: of the regression; None chooses.
        slopes: of the regression; see `TransferPredictor.fit`.

    Returns:
        The regression, the mean of the source, then every measure.
    """
    folds = _folds(table)
    regression = [
        (held.f1, predicted, predicted) for held, predicted in predictions(table, penalty=penalty, slopes=slopes)
    ]
    source_means = [(held.f1, means, means) for held, means in ((h, _source_means(h, rest)) for h, rest in folds)]
    out = [_quality(ALL, regression), _quality(SOURCE_MEAN, source_means)]
    for column, measure in enumerate(table.measures):
        said = []
        for held, rest in folds:
            line = TransferPredictor.fit(rest.select([measure]), penalty=0.0)
            closeness = held.closeness[:, column]
            said.append((held.f1, line.predict(closeness[:, None]), np.nan_to_num(closeness, nan=-np.inf)))
        out.append(_quality(measure, said))
    return out


def predictions(
    table: Transfers, *, penalty: float | None = None, slopes: Sequence[str] | None = None
) -> list[tuple[Transfers, np.ndarray]]:
    """What the regression says of each target from the transfers between other languages.

    Args:
        table: as for `leave_one_out`.
        penalty: likewise.
        slopes: likewise.

    Returns:
        The transfers to each target, and predicted F1 of each, as fractions. Shape: (n_sources,).
    """
    return [
        (held, TransferPredictor.fit(rest, penalty=penalty, slopes=slopes).predict(held.closeness, held.sources))
        for held, rest in _folds(table)
    ]


def fit(table: Transfers, *, penalty: float | None = None, slopes: Sequence[str] | None = None) -> TransferPredictor:
    """The regression on all transfers, with its error on left-out targets beside that of everything else.

    Args:
        table: as for `leave_one_out`.
        penalty: likewise.
        slopes: likewise.
    """
    predictor = TransferPredictor.fit(table, penalty=penalty, slopes=slopes)
    qualities = [q.as_dict() for q in leave_one_out(table, penalty=penalty, slopes=slopes)]
    missed = missed_of_new_sources(table, predictor)
    error = {
        "leave_one_target_out": qualities,
        "mean_abs_error": qualities[0]["mean_abs_error"],
        "width90": qualities[0]["width90"],
        "new_source": {"mean_abs_error": float(missed.mean()), "width90": width90(missed)} if len(missed) else {},
    }
    return replace(predictor, error=error)


def missed_of_new_sources(table: Transfers, predictor: TransferPredictor) -> np.ndarray:
    """Errors where target and source are both left out, with the prices of a predictor of the whole table.

    Args:
        table: as for `leave_one_out`.
        predictor: fitted on it.

    Returns:
        Absolute errors in points. Shape: (n_transfers,).
    """
    missed = []
    for held, rest in _folds(table):
        for row, source in enumerate(held.sources):
            known = [s != source for s in rest.sources]
            if not any(known):
                continue
            fitted = TransferPredictor.fit(
                rest.take(np.array(known)), penalty=predictor.penalty, shrink=predictor.shrink, slopes=predictor.slopes
            )
            missed.append(100 * abs(float(fitted.predict(held.closeness[[row]], [source])[0] - held.f1[row])))
    return np.array(missed)


def _folds(table: Transfers) -> list[tuple[Transfers, Transfers]]:
    """The transfers to each target, and those that do not touch it."""
    folds = [(held, rest) for rest, held in table.folds() if len(held) > 1]
    if len(folds) < 2:
        raise DataError(
            "leaving out targets needs two or more of them with two sources each, and transfers between others"
        )
    return folds


def _source_means(held: Transfers, rest: Transfers) -> np.ndarray:
    names = np.array(rest.sources)
    known = [rest.f1[names == s] for s in held.sources]
    return np.array([f.mean() if len(f) else rest.f1.mean() for f in known])


def _quality(name: str, said: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Quality:
    """Args: F1, predicted F1 and score to rank by, per target. Shape: (n_sources,) each."""
    missed = np.concatenate([np.abs(predicted - f1) for f1, predicted, _ in said]) * 100
    regrets = [float(f1.max() - f1[score == score.max()].mean()) * 100 for f1, _, score in said]
    hits = {k: float(np.mean([_hit(f1, score, k) for f1, _, score in said])) for k in (1, 3)}
    return Quality(name, float(missed.mean()), float(np.mean(regrets)), hits[1], hits[3], len(said), width90(missed))


def _hit(f1: np.ndarray, score: np.ndarray, k: int) -> float:
    """How likely the best source is among the first k, when equal scores come in any order."""
    best = int(f1.argmax())
    before, equal = int((score > score[best]).sum()), int((score == score[best]).sum())
    return float(np.clip((k - before) / equal, 0, 1))
