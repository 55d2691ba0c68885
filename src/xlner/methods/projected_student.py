"""A tagger that learns from projected data: what methods of data transfer have in common."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from xlner.core.seed import seed_everything
from xlner.core.types import Sentence
from xlner.methods.augmenting import labelled_chunks
from xlner.methods.projected import ProjectedChunks, ProjectedSet, SentencePairs
from xlner.methods.starting import UNKNOWN_TYPES, StudentOptions, starting_student
from xlner.methods.supervised import dev_f1
from xlner.methods.task import Source, Task
from xlner.methods.teachers import Teacher, notes_on_seeds, types_of_model
from xlner.tagger import Tagger
from xlner.train import make_loss, train
from xlner.train.co_teaching import CoTeaching
from xlner.train.loop import forget
from xlner.train.objective import Objective
from xlner.train.processes import main_process, wait_for_all


class ProjectedStudentOptions(StudentOptions, Protocol):
    """Options that a method must have to train a student on projected data."""

    @property
    def co_teaching(self) -> float: ...
    @property
    def teacher_seeds(self) -> int: ...


def pairs_of_bitexts(task: Task, sources: Sequence[Source], teachers: Sequence[Teacher]) -> list[SentencePairs]:
    """The parallel texts of a task, each with every teacher of its language.

    Args:
        task: its parallel texts.
        sources: of the teachers, in their order.
        teachers: label the source sides.
    """
    out = []
    for number, bitext in enumerate(task.bitext, 1):
        for source, teacher in zip(sources, teachers, strict=True):
            if bitext.language in source.languages:
                several = f"-{number}" if len(task.bitext) > 1 else ""
                out.append(
                    SentencePairs(
                        name=f"{teacher.name}{several}", source=bitext.source, target=bitext.target, teacher=teacher,
                        languages=(bitext.language, task.target),
                    )
                )  # fmt: skip
    return out


def train_on_projected(
    sets: Sequence[ProjectedSet],
    teachers: Sequence[Teacher],
    task: Task,
    options: ProjectedStudentOptions,
    folder: Path,
    *,
    labelled: Sequence[Sentence] = (),
    title: str = "student",
) -> tuple[Tagger, tuple[str, ...]]:
    """Train a student on projected data.

    Args:
        sets: projected data; the student learns from all of it together.
        teachers: the student starts from the first of them that knows all types, if the options let it.
        task: types, languages and dev data.
        options: what the student starts from and how it is trained.
        folder: of checkpoint and metrics; an interrupted training goes on from there.
        labelled: source sentences to learn from as well.
        title: for the progress bar.

    Returns:
        The student, and what the user should know of the data.

    Raises:
        UsageError: the student is to start from a teacher, and none knows all types.
    """
    seed_everything(options.student.seed)
    known = [types_of_model(t.model, t.mapping) for t in teachers]
    starting = starting_student(teachers, task, options, known)
    student, settings = starting.tagger, starting.settings
    chunks = ProjectedChunks(student, sets, labelled_chunks(student, labelled, settings) if labelled else None)
    objective: Objective = make_loss("ce")
    if options.co_teaching:
        # Chance goes on, so a new head is another one.
        peer = starting_student(teachers, task, options, known).tagger
        objective = CoTeaching(peer, settings, options.co_teaching)
    train(
        student,
        chunks,
        starting.objective(objective),
        options=settings,
        folder=folder,
        dev=dev_f1(task.dev),
        title=title,
    )
    fresh = (f"the student starts from the {UNKNOWN_TYPES}",) if starting.start == UNKNOWN_TYPES else ()
    return student, (*(s.note() for s in sets), *fresh, *notes_on_seeds(teachers, options.teacher_seeds))


def projected_teacher(
    name: str,
    sets: Sequence[ProjectedSet],
    teachers: Sequence[Teacher],
    task: Task,
    options: ProjectedStudentOptions,
    folder: Path,
    *,
    labelled: Sequence[Sentence] = (),
) -> Teacher:
    """A teacher that learnt from projected data; if it is in its folder already, that one.

    Args:
        name: of the teacher.
        sets: as for `train_on_projected`, like the rest.
        teachers: see there.
        task: see there.
        options: see there.
        folder: of this teacher.
        labelled: see there.
    """
    if not (folder / "model" / "config.json").is_file():
        tagger, _ = train_on_projected(
            sets, teachers, task, options, folder, labelled=labelled, title=f"teacher {name}"
        )
        if main_process():
            tagger.save(folder / "model")
            forget(folder)
        wait_for_all()
    return Teacher(name=name, model=str(folder / "model"), labels=task.labels)
