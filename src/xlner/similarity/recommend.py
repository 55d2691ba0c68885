"""Which source to take for a target, with the F1 to expect and the reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from xlner.core.languages import bcp47, iso3
from xlner.errors import UsageError
from xlner.similarity.matrix import SimilarityMatrix
from xlner.similarity.predictor import ESTIMATE, TransferPredictor

_WORTH_SAYING = 0.005  # F1: less than half a point is no reason


@dataclass(frozen=True)
class Recommendation:
    """One source for a target.

    Args:
        source: ISO 639-3 code.
        f1: predicted, as a fraction.
        low: lower end of an interval that held 90 % of the true values of left-out targets, and left-out sources where
            the source is none of those that were fitted on; None where no error is known.
        high: upper end.
        reasons: what lifts and what lowers the prediction against an average pair, the strongest first, and what is not
            known.
    """

    source: str
    f1: float
    low: float | None
    high: float | None
    reasons: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, the source as BCP-47 code."""
        return {**asdict(self), "source": bcp47(self.source), "reasons": list(self.reasons)}


def rank(
    predictor: TransferPredictor, matrices: Mapping[str, SimilarityMatrix], target: str, sources: Sequence[str]
) -> list[Recommendation]:
    """Rank sources for a target by predicted F1, best first.

    Args:
        predictor: fitted on transfers of the same kind.
        matrices: every measure that the predictor knows.
        target: a language of the matrices.
        sources: languages of the matrices.

    Raises:
        UsageError: a measure or language is not in the matrices.
    """
    if lacking := [m for m in predictor.measures if m not in matrices]:
        raise UsageError(f"the predictor needs the measure {lacking[0]}, which was not made")
    goal, codes = iso3(target), [iso3(s) for s in sources]
    columns = [[(1 if up else -1) * matrices[m].value(s, goal) for s in codes] for m, up in predictor.measures.items()]
    closeness = np.array(columns, np.float64).reshape(len(columns), len(codes)).T
    out = []
    said, extra = predictor.predict(closeness, codes).tolist(), predictor.extra(closeness, codes).tolist()
    for source, f1, more, row, parts in zip(
        codes, said, extra, closeness, predictor.contributions(closeness), strict=True
    ):
        known = source in predictor.own
        width = (predictor.error if known else predictor.error.get("new_source", {})).get("width90")
        low, high = (None, None) if width is None else (max(f1 - width / 100, 0.0), min(f1 + width / 100, 1.0))
        out.append(Recommendation(source, f1, low, high, _reasons(list(predictor.measures), row, parts, more, known)))
    return sorted(out, key=lambda r: -r.f1)


def _reasons(
    measures: Sequence[str], closeness: np.ndarray, parts: np.ndarray, extra: float, known: bool
) -> tuple[str, ...]:
    out = [] if known else ["no transfer from it is known, so its closeness alone counts"]
    if abs(extra) >= _WORTH_SAYING:
        than = "more" if extra > 0 else "less"
        out.append(
            f"as a source for others as close it gave {abs(extra) * 100:.1f} points {than} than the measures say"
        )
    for i in np.argsort(-np.abs(parts), kind="stable"):
        if np.isfinite(closeness[i]) and abs(parts[i]) >= _WORTH_SAYING:
            verb = "lifts" if parts[i] > 0 else "lowers"
            named = "the model's expected F1" if measures[i] == ESTIMATE else measures[i]
            out.append(f"{named} {verb} it by {abs(parts[i]) * 100:.1f} points")
    unknown = [m for m, value in zip(measures, closeness, strict=True) if not np.isfinite(value)]
    return (*out, *(f"{m} says nothing of this pair and counts as average" for m in unknown))
