"""Teacher-student learning: teachers label raw target text softly, a student learns from that."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.errors import UsageError
from xlner.methods.direct import dev_f1, supervise
from xlner.methods.soft_labels import SoftLabelChunks, write_soft_labels
from xlner.methods.task import MethodOptions, Source, Task
from xlner.methods.weighing import teacher_weights
from xlner.tagger import Tagger
from xlner.train import TrainOptions, make_loss, train
from xlner.train.loop import forget
from xlner.train.processes import main_first, main_process, wait_for_all

UNKNOWN_TYPES = "encoder, since no teacher knows all types"


def fit(task: Task, options: MethodOptions, folder: Path) -> Tagger:
    """Distil one or many source-language teachers into a student for the target language.

    Teachers given as data are trained first (`folder/teachers/`); teachers given as models need no data. Each
    labels the raw target text once, word by word (`folder/soft_labels/`); a student then learns the mixture of their
    beliefs. Target labels are never used. One teacher is the case of many with one element.

    Args:
        task: sources, target, labels, raw text.
        options: teacher and student settings, loss, confidence floor.
        folder: the run folder; every finished part in it is reused.

    Returns:
        The student, trained.

    Raises:
        UsageError: the task has no raw text.

    Reference: Wu, Lin, Karlsson, Lou & Huang, ACL 2020, equations for single- and multi-source distillation. Ours
    differs in its default loss (soft cross-entropy; "mse" is theirs), in evening out the soft labels of equal words
    (`--label-consistency 0` does not), and in decoding by legal transitions.
    """
    if task.raw is None:
        raise UsageError(f"--method distill needs raw text: --target {task.target}=FILE")
    weights = teacher_weights(task, options, folder)  # first, so that what is wrong with them is said at once
    _write_weights(folder, weights.as_dict([s.name for s in task.sources]))
    places, known = [], []
    sizes: tuple[int, ...] = ()
    for source in task.sources:
        teacher = teacher_of(source, task, options, folder / "teachers" / source.name)
        place = folder / "soft_labels" / source.name
        title = f"soft labels by {source.name}"
        with main_first():
            sizes = write_soft_labels(teacher, task.raw, place, chunk_sentences=options.chunk_sentences, title=title)
        places.append(place)
        known.append(teacher.outputs.known)

    seed_everything(options.student.seed)
    student, settings, start = _student(task, options, folder, known)
    weights.check(known, task.labels.types)
    _write_weights(folder, {**weights.as_dict([s.name for s in task.sources]), "student_starts_from": start})
    chunks = SoftLabelChunks(
        places,
        weights,
        known,
        task.labels,
        student.words,
        sizes,
        floor=options.confidence_floor,
        consistency=options.label_consistency,
    )
    loss = make_loss(options.loss, temperature=options.temperature)
    train(student, chunks, loss, options=settings, folder=folder, dev=dev_f1(task.dev), title="student")
    return student


def teacher_of(source: Source, task: Task, options: MethodOptions, folder: Path) -> Tagger:
    """The source's tagger, in the labels of the task. If the source is data, it is trained on its types and saved."""
    model = source.model or str(folder / "model")
    if source.sentences and not (folder / "model" / "config.json").is_file():
        own = LabelSet.of(source.sentences)  # a type that its data lacks must not be taught as O
        dev = [s for s in task.dev if s.language in source.languages]
        teacher = supervise(
            source.sentences,
            own,
            encoder=options.encoder,
            languages=source.languages,
            options=options.teacher,
            folder=folder,
            dev=[replace(s, spans=tuple(x for x in s.spans if x.label in own.types)) for s in dev],
            title=f"teacher {source.name}",
        )
        if main_process():
            teacher.save(folder / "model")
            forget(folder)
        wait_for_all()
    return Tagger.load(
        model, mapping=task.mapping if source.model else None, labels=task.labels,
        device=options.student.device, precision=options.student.precision,
    )  # fmt: skip


def _student(
    task: Task, options: MethodOptions, folder: Path, known: Sequence[Collection[str]]
) -> tuple[Tagger, TrainOptions, str]:
    """A student, how it is to be trained, and what it starts from: a source, "encoder" or UNKNOWN_TYPES.

    It starts from the encoder, or from the first teacher that knows all types of the task.
    """
    languages = sorted({code for s in task.sources for code in s.languages} | {task.target})
    settings = options.student
    able = [i for i, k in enumerate(known) if set(k).issuperset(task.labels.types)]
    start = able[0] if able else 0
    first = task.sources[start]
    # A trained teacher beside a named encoder: the user wants the student on that encoder.
    other = options.student_from == "auto" and first.model is not None and options.encoder != MethodOptions.encoder
    if options.student_from != "encoder" and not other:
        if able:
            student = Tagger.load(
                first.model or str(folder / "teachers" / first.name / "model"),
                mapping=task.mapping if first.model else None, labels=task.labels,
                device=settings.device, precision=settings.precision, dropout=settings.dropout,
            )  # fmt: skip
            student.languages = tuple(languages)
            return student.with_own_head(), replace(settings, epochs=settings.epochs or 1), first.name
        if options.student_from == "teacher":
            raise UsageError(
                f"--student-from teacher needs a teacher with the task's types {', '.join(task.labels.types)}; "
                f"{first.name} has {', '.join(sorted(known[start]))}. Use --student-from encoder"
            )
    fresh = Tagger.fresh(
        options.encoder, task.labels, languages=languages,
        device=settings.device, precision=settings.precision, dropout=settings.dropout,
    )  # fmt: skip
    return fresh, settings, "encoder" if able or other or options.student_from == "encoder" else UNKNOWN_TYPES


def _write_weights(folder: Path, values: Mapping[str, Any]) -> None:
    """weights.json maps teachers to weights; weights_detail.json adds the rule, types and spread over sentences."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in (("weights.json", values["weights"]), ("weights_detail.json", values)):
        (folder / name).write_text(json.dumps(part, indent=2) + "\n", "utf-8")
