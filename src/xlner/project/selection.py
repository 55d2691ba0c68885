"""Selection by confidence: fewer projections, of which more are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from xlner.core.types import Sentence
from xlner.errors import OptionError, UsageError
from xlner.project.backtranslation import doubt
from xlner.project.fates import Fate, Reason
from xlner.project.result import ProjectionResult


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What is left at one threshold.

    Args:
        threshold: entities whose spans all score at least this are kept, as `select` does.
        spans: how many spans those have.
        coverage: part of all source entities that are kept.
        precision: part of the kept spans that are right; None without gold labels.
        sentences: part of the sentences in which nothing was lost.
    """

    threshold: float
    spans: int
    coverage: float
    precision: float | None
    sentences: float

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def select(result: ProjectionResult, *, threshold: float) -> ProjectionResult:
    """Demote entities with a span that scores below `threshold` to missing words. Spans without a score are kept."""
    check_threshold(threshold)
    items = []
    for item in result:
        fates = [
            doubt(
                f,
                keep=_lowest(f) >= threshold,
                reason=Reason.BELOW_THRESHOLD,
            )
            for f in item.fates
        ]
        items.append(item.with_fates(fates))
    return replace(result, items=tuple(items))


def check_threshold(threshold: float) -> None:
    """Refuse what is no probability.

    Raises:
        OptionError: it is not from 0 to 1.
    """
    if not 0 <= threshold <= 1:
        raise OptionError("min_score", f"must be from 0 to 1, got {threshold}")


def curve(result: ProjectionResult, *, gold: Sequence[Sentence] | None = None, points: int = 20) -> list[CurvePoint]:
    """Coverage, and precision where gold is given, over thresholds that each cut off a like part of the entities.

    Args:
        result: a projection with scores.
        gold: the same target sentences with right labels.
        points: how many thresholds; equal ones fall together.

    Raises:
        UsageError: gold has another number of sentences.
    """
    if gold is not None and len(gold) != len(result):
        raise UsageError(f"{len(result)} projected sentences but {len(gold)} gold ones")
    entities = sum(len(item.fates) for item in result)
    projected: list[tuple[float, int, int]] = []  # lowest score, spans, right ones of each projected entity
    for index, item in enumerate(result):
        right = {s.key for s in gold[index].spans} if gold is not None else set()
        projected += [(_lowest(f), len(f.spans), sum(s.key in right for s in f.spans)) for f in item.fates if f.spans]
    worst = [item.score for item in result]
    scores = sorted(score for score, _, _ in projected)
    thresholds = sorted({scores[len(scores) * k // points] for k in range(points)}) if scores else []
    out = []
    for threshold in thresholds:
        remaining = [(n, ok) for score, n, ok in projected if score >= threshold]
        spans, good = (sum(column) for column in zip(*remaining, strict=True))
        precision = None if gold is None else good / spans
        whole = sum(w >= threshold for w in worst) / len(worst)
        out.append(CurvePoint(threshold, spans, len(remaining) / max(1, entities), precision, whole))
    return out


def _lowest(fate: Fate) -> float:
    """The lowest score of its spans; one without a score is sure."""
    return min((1.0 if s.score is None else s.score for s in fate.spans), default=1.0)
