"""The F1 to expect of a finished run that has no gold data."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from xlner.api.correction import corrected
from xlner.api.estimate import TAKEN_OFF, look
from xlner.core.run_folder import Origin, RunFolder
from xlner.errors import XlnerError
from xlner.evaluate.clues import DISTILLED, LEARNT, by_heart
from xlner.evaluate.estimator import EXPECTED, SHIPPED_ESTIMATOR, SHIPPED_TYPES, Estimator
from xlner.methods.task import Task
from xlner.tagger import Tagger

SENTENCES, LEAST = 300, 30  # that a run is estimated on, and below which there is no estimate
TOO_FEW = "no estimate of F1: {} sentences of raw text are too few, {} are needed"
SEVERAL = (
    "the estimator was fitted on teachers and on students of one teacher; most students of several were better than "
    "their estimates"
)
TYPES = "the estimator was fitted on models of {} alone; this one knows {}"


def estimate_run(run: RunFolder, tagger: Tagger, task: Task, *, reads_raw: bool) -> dict[str, Any]:
    """F1 on raw target text by the estimator "default", from sentences at even distances.

    Args:
        run: with the model saved in it.
        tagger: its model.
        task: has the raw text.
        reads_raw: whether the method learns from raw text.

    Returns:
        "f1", a fraction or None where it cannot be said, "interval", "sentences" and "notes".
    """
    try:
        return _estimated(run, tagger, task, reads_raw)
    except XlnerError as error:  # a method that reads no raw text has not seen what is wrong with it
        return {"f1": None, "interval": None, "sentences": 0, "notes": [f"no estimate of F1: {error}"]}


def _estimated(run: RunFolder, tagger: Tagger, task: Task, reads_raw: bool) -> dict[str, Any]:
    assert task.raw is not None
    sizes = [len(s.words) for s in task.raw()]
    count = min(len(sizes), SENTENCES)
    made: dict[str, Any] = {"f1": None, "interval": None, "sentences": count}
    if count < LEAST:
        return {**made, "notes": [TOO_FEW.format(count, LEAST)]}
    chosen = {i * len(sizes) // count for i in range(count)}
    sample = (s for i, s in enumerate(task.raw()) if i in chosen)
    expected, _, _, clues = look(tagger, {}, sample, 1.0, SENTENCES)
    if expected.f1 is None:
        return {**made, "notes": ["the model found no entity in the raw text, so there is no estimate of its F1"]}
    distilled = Origin.of(run.path).distilled
    learnt = by_heart(sum(sizes)) if distilled and reads_raw else 0.0
    known = {EXPECTED: expected.f1, **clues.features(), DISTILLED: float(distilled), LEARNT: learnt}
    notes = [TAKEN_OFF] if learnt else []
    value, interval = corrected(Estimator.load(SHIPPED_ESTIMATOR), known, notes, sentences=count)
    notes += [SEVERAL] if distilled and len(run.read_json("weights.json") or {}) > 1 else []
    types = tagger.labels.types
    if {*types} != {*SHIPPED_TYPES}:
        notes.append(TYPES.format(", ".join(SHIPPED_TYPES), ", ".join(types)))
    return {**made, "f1": value, "interval": None if interval is None else asdict(interval), "notes": notes}
