"""A student of teachers: what every method that distils has in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from xlner.core.run_folder import RunFolder
from xlner.core.seed import seed_everything
from xlner.methods.keep import Keep, keep, kept_note
from xlner.methods.lower_case import LowerCase
from xlner.methods.projected import ProjectedChunks, ProjectedSet
from xlner.methods.soft_labels import SoftLabelChunks, write_soft_labels
from xlner.methods.starting import UNKNOWN_TYPES, StudentOptions, starting_student
from xlner.methods.supervised import dev_f1
from xlner.methods.task import Task
from xlner.methods.teachers import Teacher, with_siblings
from xlner.methods.weights import TeacherWeights
from xlner.tagger import Tagger
from xlner.train import TrainOptions, make_loss, train
from xlner.train.examples import Chunks
from xlner.train.objective import Objective
from xlner.train.processes import main_first

Learning = Callable[[Tagger, SoftLabelChunks, int], tuple[Chunks, Objective]]
"""From a student and the soft labels of raw text to the data that it learns from, and how."""


_LITTLE, _LEAST_RATE = 5000, 0.2
_PASSES = {10_000: 3, 15_000: 2}  # below so many words of raw text


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
    def weigh_by_certainty(self) -> float: ...
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
    soft_labels: Path | None = None,
    title: str = "student",
    learning: Learning | None = None,
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
        soft_labels: folder of the soft labels, if it is not in that of the run.
        title: for the progress bar of the training.
        learning: makes data and objective of the raw text; None for the soft labels and the loss that options name.

    Returns:
        The student, and what the user should know of it.

    Raises:
        UsageError: a type is known to no teacher that counts, or the student cannot start from a teacher.
        DataError: there is no sentence in the raw text.
    """
    assert task.raw is not None
    teachers, weights = with_siblings(teachers, weights)
    names = [t.name for t in teachers]
    _write_weights(run, weights.as_dict(names))
    folders, known_types = [], []
    sizes: tuple[int, ...] = ()
    for teacher in teachers:
        tagger = teacher.load(options.student)
        folder = (soft_labels or run.path / "soft_labels") / teacher.name
        labelling = f"soft labels by {teacher.name}"
        with main_first():
            sizes = write_soft_labels(
                tagger, task.raw, folder, chunk_sentences=options.chunk_sentences, title=labelling,
                identity=teacher.identity(tagger),
            )  # fmt: skip
        folders.append(folder)
        known_types.append(tagger.outputs.known)

    seed_everything(options.student.seed)
    starting = starting_student(teachers, task, options, known_types)
    student, start = starting.tagger, starting.start
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
        certainty=options.weigh_by_certainty,
    )
    raw: Chunks = chunks
    loss: Objective = make_loss(options.loss, temperature=options.temperature)
    if learning is not None:
        raw, loss = learning(student, chunks, options.student.seed)
    streams: Chunks | dict[str, Chunks] = raw
    if beside:
        streams = {"raw": raw, "projected": ProjectedChunks(student, beside)}
    objective, settings = starting.objective(loss), starting.settings
    if starting.start in names and not beside and options.student_layers is None:
        settings = on_little_text(settings, options.student, chunks)
    train(student, streams, objective, options=settings, folder=run.path, dev=dev_f1(task.dev), title=title)
    notes = list(notes_of(run))
    # With fewer layers than its teacher a student cannot be compared with what it was before.
    if options.keep != "student" and starting.start in names and options.student_layers is None:
        before = starting_student(teachers, task, options, known_types).tagger
        losses = keep(before, student, chunks, how=options.keep)
        if losses:
            run.write_json("kept.json", losses)
            notes.append(kept_note(losses))
    return student, tuple(notes)


def on_little_text(settings: TrainOptions, given: TrainOptions, chunks: SoftLabelChunks) -> TrainOptions:
    """The training of a student that starts from a teacher, where there is little raw text.

    A hundred steps lead away from the teacher and arrive nowhere. So there are three passes below 10 000 words and two
    below 15 000, and below 5 000 the rate falls with the words, down to a fifth. A rate or passes that the user gave
    stay.

    Args:
        settings: of the training.
        given: what the user, or the defaults, said.
        chunks: the raw text.
    """
    most = max(_PASSES)
    if sum(chunks.sizes) >= most or given.epochs or given.learning_rate != TrainOptions().learning_rate:
        return settings
    words = sum(len(w) for index in range(len(chunks.sizes)) for w in chunks.sentences(index)[0])
    passes = next((n for bound, n in _PASSES.items() if words < bound), settings.epochs)
    rate = settings.learning_rate * min(max(words / _LITTLE, _LEAST_RATE), 1.0)
    return replace(settings, learning_rate=rate, epochs=passes)


def notes_of(run: RunFolder) -> tuple[str, ...]:
    """What the user should know of a distillation whose training has begun in a folder."""
    if (run.read_json("weights_detail.json") or {}).get("student_starts_from") != UNKNOWN_TYPES:
        return ()
    return (f"the student starts from the {UNKNOWN_TYPES}; it then needs more raw text than one that starts trained",)


def _write_weights(run: RunFolder, values: dict[str, object]) -> None:
    """weights.json maps teachers to weights; weights_detail.json adds the rule, types and spread over sentences."""
    run.write_json("weights.json", values["weights"])
    run.write_json("weights_detail.json", values)
