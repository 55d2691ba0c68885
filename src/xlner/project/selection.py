"""Selection by confidence: fewer projections, of which more are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from xlner.core.types import Sentence
from xlner.errors import UsageError
from xlner.project.backtranslation import doubt
from xlner.project.result import Projected, ProjectionResult, Reason


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What is left at one threshold.

    Args:
        threshold: spans with a score of at least this are kept.
        spans: how many those are.
        coverage: part of all source entities that are projected.
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
    """Demote spans with a score below `threshold` to missing words. Spans without a score are kept."""
    check_threshold(threshold)
    items = []
    for item in result:
        fates = [
            doubt(
                f,
                keep=all(s.score is None or s.score >= threshold for s in f.spans),
                reason=Reason.BELOW_THRESHOLD,
            )
            for f in item.fates
        ]
        items.append(Projected.of(item.source, item.sentence, fates, item.alignment))
    return replace(result, items=tuple(items))


def check_threshold(threshold: float) -> None:
    """Refuse what is no probability.

    Raises:
        UsageError: it is not from 0 to 1.
    """
    if not 0 <= threshold <= 1:
        raise UsageError(f"--min-score is from 0 to 1, got {threshold}")


def curve(result: ProjectionResult, *, gold: Sequence[Sentence] | None = None, points: int = 20) -> list[CurvePoint]:
    """Coverage, and precision where gold labels are given, over thresholds that each cut off a like part of the spans.

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
    spans: list[tuple[float, bool]] = []
    worst: list[float] = []
    for index, item in enumerate(result):
        right = {s.key for s in gold[index].spans} if gold is not None else set()
        scored = [(1.0 if s.score is None else s.score, s.key in right) for s in item.sentence.spans]
        spans += scored
        worst.append(item.score)
    scores = sorted(s for s, _ in spans)
    cuts = sorted({scores[len(scores) * k // points] for k in range(points)}) if scores else []
    out = []
    for cut in cuts:
        kept = [ok for score, ok in spans if score >= cut]
        whole = sum(w >= cut for w in worst) / len(worst)
        precision = None if gold is None else sum(kept) / len(kept)
        out.append(CurvePoint(cut, len(kept), len(kept) / max(1, entities), precision, whole))
    return out
