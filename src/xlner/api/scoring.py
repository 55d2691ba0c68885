"""The scores of a run, and where the models that are scored beside its own lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlner.api.apply import one_sided
from xlner.core.run_folder import RunFolder
from xlner.core.types import Sentence
from xlner.evaluate import interval, score
from xlner.methods.task import Task
from xlner.tagger import Tagger

if TYPE_CHECKING:
    from xlner.methods.teachers import Teacher


def baseline_of(run: RunFolder, teacher: Teacher) -> dict[str, Any]:
    """What fitted.json says of a teacher. A model inside the run is named from there: a run may be moved."""
    model = Path(teacher.model)
    inside = model.is_relative_to(run.path)
    name = model.relative_to(run.path).as_posix() if inside else teacher.model
    return {"name": teacher.name, "model": name, "mapping": teacher.mapping, "inside": inside}


def scored(
    run: RunFolder,
    tagger: Tagger,
    task: Task,
    gold: Sequence[Sentence],
    fitted: Mapping[str, Any],
    *,
    method: str,
    device: str | None,
) -> tuple[dict[str, Any], list[Sentence]]:
    """The metrics of a run, and the model's predictions on gold data.

    Args:
        run: holds the models that were trained in it.
        tagger: its model.
        task: labels, models among the sources and dev data.
        gold: labelled target sentences; empty for none.
        fitted: what fitted.json says.
        method: as it is registered.
        device: torch device name, for the baselines.
    """
    metrics: dict[str, Any] = {"method": method, "types": list(task.labels.types)}
    notes = list(fitted["notes"])
    predictions: list[Sentence] = []
    if gold:
        predictions = list(tagger.predict(gold))
        notes += one_sided("the model", gold, predictions)
        if missing := sum(end - start for s in gold for start, end in s.missing):
            notes.append(f"gold data: {missing} words with unknown labels, which are not scored")
        scores = score(gold, predictions)
        metrics["target"] = scores.as_dict(interval=interval(scores))
        metrics["sources"] = {}
        for baseline in fitted["baselines"]:
            model = _model_of(run, task, baseline)
            if model is None:
                notes.append(f"source {baseline['name']} has no score: its model is not in the run's folder any more")
                continue
            other = Tagger.load(model, mapping=baseline["mapping"], labels=task.labels, device=device)
            scores = score(gold, list(other.predict(gold)))
            metrics["sources"][baseline["name"]] = scores.as_dict(interval=interval(scores))
    if task.dev:
        metrics["dev"] = score(task.dev, list(tagger.predict(task.dev))).as_dict()
    return {**metrics, "notes": notes} if notes else metrics, predictions


def _model_of(run: RunFolder, task: Task, baseline: Mapping[str, Any]) -> str | None:
    """The model of a baseline: that of the source, one inside the run, wherever the run lies now, or what is named.

    Records of version 0.1 name models inside the run from elsewhere, by the run's name of that day. None: it was
    inside, and is not there any more.
    """
    given = {s.name: s.model for s in task.sources if s.model}
    if baseline["name"] in given:
        return given[baseline["name"]]
    name = str(baseline["model"])
    parts = Path(name).parts
    first = 1 if Path(name).is_absolute() else 0
    places = (run.path.joinpath(*parts[n:]) for n in range(first, len(parts) - 1))  # "model" alone is the run's own
    if found := next((str(p) for p in places if (p / "config.json").is_file()), None):
        return found
    return None if baseline.get("inside", "teachers" in parts) else name
