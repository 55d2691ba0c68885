"""From what a model says of itself to the F1 to expect, by an estimator that was fitted on other models and texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xlner.evaluate.estimator import Estimator

TARGETS = "left-out targets"
ENOUGH = 150  # sentences: half of those that a finished run is estimated on
FEW = "{} sentences are few for an estimate, so it may be farther off than its interval says"


@dataclass(frozen=True)
class Range:
    """An interval around an estimate.

    Args:
        low: lower end, a fraction.
        high: upper end.
        level: share of cases that it aims to hold.
        covers: "sentences" (which ones were looked at), or "left-out targets" (how far estimates were off on them).
    """

    low: float
    high: float
    level: float
    covers: str


def corrected(
    estimator: Estimator, known: Mapping[str, float], notes: list[str], *, sentences: int
) -> tuple[float, Range | None]:
    """The estimate of features, with the interval of the estimator; what that rests on goes to the notes.

    Args:
        estimator: fitted on other targets.
        known: feature -> value.
        notes: get more.
        sentences: how many the features come from.
    """
    if sentences < ENOUGH:
        notes.append(FEW.format(sentences))
    value = estimator.estimate(known)
    if estimator.width90 is None:
        notes.append("the estimator was fitted on too few targets to know its error")
        return value, None
    table, half = estimator.observed, estimator.width90 / 100
    together = f"in {len(table.rows_of)} groups that were" if table.groups else "that were"
    notes.append(
        f"the interval held 90% of the true values of {len(table.targets)} models and texts in "
        f"{len(set(table.targets))} languages, {together} left out in turn; other languages, tasks or encoders may be "
        "farther off"
    )
    return value, Range(max(value - half, 0.0), min(value + half, 1.0), 0.9, TARGETS)
