"""A student of teachers: what every method that distils has in common."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Protocol

from xlner.core.run_folder import RunFolder
from xlner.core.seed import seed_everything
from xlner.errors import UsageError
from xlner.methods.keep import Keep, keep, kept_note
from xlner.methods.lower_case import LowerCase
from xlner.methods.projected import ProjectedChunks, ProjectedSet
from xlner.methods.soft_labels import SoftLabelChunks, write_soft_labels
from xlner.methods.supervised import dev_f1
from xlner.methods.task import Task
from xlner.methods.teachers import Teacher
from xlner.methods.weights import TeacherWeights
from xlner.tagger import Tagger
from xlner.train import TrainOptions, make_loss, train
from xlner.train.examples import Chunks
from xlner.train.processes import main_first

UNKNOWN_TYPES = "encoder, since no teacher knows all types"


class StudentOptions(Protocol):
    """Options that a method must have to train a student."""

    @property
    def encoder(self) -> str: ...
    @property
    def student(self) -> TrainOptions: ...
    @property
    def student_from(self) -> str: ...


class DistilOptions(StudentOptions, Protocol):
    """Options that a method must have to distil; the method `distill` says what they mean."""

    @property
    def loss(self) -> str: ...
    @property
    def temperature(self) -> float: ...
    @property
    def confidence_floor(self) -> float: ...
    @property
    def label_consistency(self) -> float: ...
    @property
    def lower_case_names(self) -> LowerCase: ...
    @property
    def weights(self) -> str: ...
    @property
    def keep(self) -> Keep: ...
    @property
    def chunk_sentences(self) -> int: ...


def distil_from(
    teachers: Sequence[Teacher],
    weights: TeacherWeights,
    task: Task,
    options: DistilOptions,
    run: RunFolder,
    *,
    beside: Sequence[ProjectedSet] = (),
    vote: float = 0.0,
) -> tuple[Tagger, tuple[str, ...]]:
    """Let teachers label the raw text of the task, and train a student on the weighted mean of their probabilities.

    Args:
        teachers: trained.
        weights: how much each of them counts.
        task: its raw text, labels, target and dev data.
        options: of the distillation.
        run: soft labels and checkpoints are kept in its folder, where a killed run goes on.
        beside: projected data that the student learns from in the same steps; it goes round as long as the raw text
            takes.
        vote: weight of the hard label on words that all teachers label alike, for the loss ce.

    Returns:
        The student, and what the user should know of it.

    Raises:
        UsageError: a type is known to no teacher that counts, or the student cannot start from a teacher.
        DataError: there is no sentence in the raw text.
    """
    assert task.raw is not None
    names = [t.name for t in teachers]
    _write_weights(run, weights.as_dict(names))
    folders, known_types = [], []
    sizes: tuple[int, ...] = ()
    for teacher in teachers:
        tagger = teacher.load(options.student)
        folder = run.path / "soft_labels" / teacher.name
        title = f"soft labels by {teacher.name}"
        with main_first():
            sizes = write_soft_labels(tagger, task.raw, folder, chunk_sentences=options.chunk_sentences, title=title)
        folders.append(folder)
        known_types.append(tagger.outputs.known)

    seed_everything(options.student.seed)
    student, settings, start = starting_student(teachers, task, options, known_types)
    weights.check(known_types, task.labels.types)
    _write_weights(run, {**weights.as_dict(names), "student_starts_from": start})
    chunks = SoftLabelChunks(
        folders,
        weights,
        known_types,
        task.labels,
        student.words,
        sizes,
        floor=options.confidence_floor,
        consistency=options.label_consistency,
        lower_case=options.lower_case_names,
        vote=vote,
    )
    loss = make_loss(options.loss, temperature=options.temperature)
    streams: SoftLabelChunks | dict[str, Chunks] = chunks
    if beside:
        streams = {"raw": chunks, "projected": ProjectedChunks(student, beside)}
    train(student, streams, loss, options=settings, folder=run.path, dev=dev_f1(task.dev), title="student")
    notes = []
    if options.keep != "student" and start in names:
        before, *_ = starting_student(teachers, task, options, known_types)
        losses = keep(before, student, chunks, how=options.keep)
        if losses:
            run.write_json("kept.json", losses)
            notes.append(kept_note(losses))
    fresh = f"the student starts from the {UNKNOWN_TYPES}; it then needs more raw text than one that starts trained"
    return student, (*notes, *([fresh] if start == UNKNOWN_TYPES else []))


def starting_student(
    teachers: Sequence[Teacher], task: Task, options: StudentOptions, known_types: Sequence[Collection[str]]
) -> tuple[Tagger, TrainOptions, str]:
    """A student, how it is to be trained, and what it starts from: a teacher, "encoder" or UNKNOWN_TYPES.

    It starts from the encoder, or from the first teacher that knows all types of the task. Seed first.

    Args:
        teachers: trained; may be none if `options.student_from` is "encoder".
        task: types and languages of the student.
        options: `encoder`, `student` and `student_from`.
        known_types: of each teacher.

    Raises:
        UsageError: the student is to start from a teacher, and none knows all types.
    """
    languages = sorted({code for s in task.sources for code in s.languages} | {task.target})
    settings = options.student
    able = [t for t, types in zip(teachers, known_types, strict=True) if set(types).issuperset(task.labels.types)]
    first = next(iter([*able, *teachers]), None)
    # A trained teacher beside a named encoder: the user wants the student on that encoder.
    named = options.encoder != type(options)().encoder
    other_encoder = options.student_from == "auto" and first is not None and first.given and named
    if options.student_from != "encoder" and not other_encoder:
        if able:
            student = able[0].load(settings, dropout=settings.dropout)
            student.languages = tuple(languages)
            ready = student if student.has_matching_head else student.with_matching_head()
            return ready, replace(settings, epochs=settings.epochs or 1), able[0].name
        if options.student_from == "teacher" and first is not None:
            knows = ", ".join(sorted(known_types[0]))
            raise UsageError(
                f"`student_from teacher` needs a teacher with the task's types {', '.join(task.labels.types)}; "
                f"{first.name} has {knows}. Use `student_from encoder`"
            )
    fresh = Tagger.fresh(
        options.encoder, task.labels, languages=languages,
        device=settings.device, precision=settings.precision, dropout=settings.dropout,
    )  # fmt: skip
    asked = able or other_encoder or options.student_from == "encoder"
    return fresh, settings, "encoder" if asked else UNKNOWN_TYPES


def _write_weights(run: RunFolder, values: dict[str, object]) -> None:
    """weights.json maps teachers to weights; weights_detail.json adds the rule, types and spread over sentences."""
    run.write_json("weights.json", values["weights"])
    run.write_json("weights_detail.json", values)
