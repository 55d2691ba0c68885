"""The model card of a run, from what the run knows of itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xlner.component import describe
from xlner.core.languages import name as language_name
from xlner.core.run_folder import RunFolder
from xlner.encoder.history import in_words, pretraining_of
from xlner.methods.adapting import ENCODER
from xlner.methods.task import Task
from xlner.tagger.card import model_card


def card_of(
    run: RunFolder,
    task: Task,
    method: str,
    kind: Any,
    settings: Mapping[str, Any],
    metrics: Mapping[str, Any],
    licence: str | None,
) -> str:
    """The model card of a run.

    Args:
        run: its data.json names the inputs.
        task: sources, target and types.
        method: as it is registered.
        kind: the method; its docstring says what it does.
        settings: its options as plain values.
        metrics: scores on gold data, if there are any.
        licence: of the model.
    """
    about = describe(method, kind)
    results = []
    if "target" in metrics:
        m = metrics["target"]
        bounds = {"low": m["interval"]["low"], "high": m["interval"]["high"]}
        fields = {k: m[k] for k in ("f1", "precision", "recall", "sentences")}
        gold = Path((run.read_json("data.json") or {}).get("gold", {}).get("path", "")).name
        results.append({"name": f"{language_name(task.target)} gold", "file": gold, **fields, **bounds})
    data = [
        {
            "role": role,
            "name": Path(d["path"]).name,
            "sentences": d.get("sentences") or "",
            "sha256": d["sha256"],
        }
        for role, d in (run.read_json("data.json") or {}).items()
    ]
    languages = [code for s in task.sources for code in s.languages]
    foreign = task.target not in languages
    target = f"Target: {language_name(task.target)}." if foreign else ""
    trainings = pretraining_of(run.path / ENCODER) or pretraining_of(settings.get("encoder", ""))
    sources = ", ".join(sorted({language_name(code) for code in languages}))
    return model_card(
        languages=list(dict.fromkeys([*languages, task.target])),
        types=task.labels.types,
        encoder=_built_on(run, task, settings),
        method=" ".join(filter(None, (about.summary, f"Sources: {sources}.", target, in_words(trainings)))),
        reference=about.reference,
        data=data,
        settings=settings,
        results=results,
        limits=[
            "It finds names of the types above and of no others; titles and nationalities count as its sources count.",
            "Text unlike the data above (other genres, lower case, noise) lowers its scores.",
            f"No {language_name(task.target)} labels were used for training. " * foreign
            + "Measure it on your own text before you rely on it.",
        ],
        licence=licence,
    )


def _built_on(run: RunFolder, task: Task, settings: Mapping[str, Any]) -> str:
    """The encoder; or the model among the sources from which the student started, or which was taken as it is."""
    encoder = str(settings.get("encoder", "unknown"))
    start = (run.read_json("weights_detail.json") or {}).get("student_starts_from")
    models = {s.name: s.model for s in task.sources if s.model}
    if start is None and len(models) == len(task.sources) == 1 and "student_from" not in settings:
        start = task.sources[0].name  # nothing was trained
    model = models.get(str(start))
    if model is None:
        return encoder
    place = Path(model).resolve()
    return model if not place.exists() else place.parent.name if place.name == "model" else place.name
