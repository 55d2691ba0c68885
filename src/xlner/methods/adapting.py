"""An encoder trained further on the texts of a task, before a method trains teachers and student on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

from xlner.core.costs import Costs
from xlner.core.run_folder import RunFolder
from xlner.core.types import Sentence
from xlner.errors import UsageError
from xlner.methods.method import Fitted, Method
from xlner.methods.task import Stream, Task

ENCODER = "encoder"


def check_pretraining(task: Task, options: Any) -> None:
    """See that an encoder that is to be trained further is used.

    Args:
        task: its sources.
        options: of the method; may have `pretrain` and `student_from`.

    Raises:
        UsageError: all sources are models, and nothing else starts from the encoder.
    """
    if _asked(options) and all(s.model for s in task.sources) and _student_from(options) in (None, "teacher"):
        raise UsageError(
            "`pretrain.epochs` trains the encoder further before teachers start from it, and all sources are models, "
            "which keep the encoders that they have; give labelled data as a source, or leave it out"
        )


def fit(method: type[Method], task: Task, options: Any, run: RunFolder) -> Fitted:
    """What a method fits; on an encoder trained further on the texts of the task, if its options ask for that.

    Texts are the raw target text, the sentences of sources, and the text of sources that are models. The encoder is
    kept in the run's folder (`encoder/model`), where a killed run goes on.

    Args:
        method: to fit.
        task: as for `Method.fit`.
        options: of the method.
        run: as for `Method.fit`.
    """
    if not _asked(options):
        return method.fit(task, options, run)
    from xlner.train.pretraining import pretrain_encoder

    costs = Costs()
    with costs.of("pretrain"):
        metrics = pretrain_encoder(
            options.encoder, texts_of(task), options.pretrain, run.path / ENCODER, files=_files(run)
        )
    fitted = method.fit(task, replace(options, encoder=str(run.path / ENCODER / "model")), run)
    models = tuple(
        f"source {s.name} is a model and keeps the encoder that it has; the one trained further is for the others"
        for s in task.sources
        if s.model
    )
    return replace(fitted, notes=(*metrics["notes"], *models, *fitted.notes), costs={**costs.seconds, **fitted.costs})


def texts_of(task: Task) -> dict[str, Stream]:
    """ISO 639-3 code -> the text of a task in that language; the target language comes first."""
    streams: dict[str, list[Stream]] = {}
    if task.raw is not None:
        streams.setdefault(task.target, []).append(task.raw)
    for source in task.sources:
        for part in (source.sentences, source.text):
            if part:
                streams.setdefault(source.language, []).append(partial(iter, part))
    return {language: partial(_one_by_one, parts) for language, parts in streams.items()}


def _one_by_one(streams: list[Stream]) -> Iterator[Sentence]:
    return chain.from_iterable(stream() for stream in streams)


def _asked(options: Any) -> bool:
    return bool(getattr(getattr(options, "pretrain", None), "epochs", 0))


def _student_from(options: Any) -> str | None:
    return getattr(options, "student_from", None)


def _files(run: RunFolder) -> list[dict[str, Any]]:
    """The files of the run that are text of its languages."""
    data = run.read_json("data.json") or {}
    return [
        {"role": role, "sha256": d["sha256"]}
        for role, d in data.items()
        if role.startswith(("source", "target (", "text of"))
    ]
