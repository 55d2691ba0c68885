"""What a student starts from: a teacher or an encoder, whole or with some of its layers."""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from xlner.encoder.depth import evenly, layers_of, retain_layers
from xlner.errors import OptionError, UsageError
from xlner.methods.supervised import fresh_tagger
from xlner.methods.task import Task
from xlner.methods.teachers import Teacher
from xlner.tagger import Tagger
from xlner.train import TrainOptions

if TYPE_CHECKING:
    from xlner.train.objective import Objective

UNKNOWN_TYPES = "encoder, since no teacher knows all types"


class StudentOptions(Protocol):
    """Options that a method must have to train a student."""

    @property
    def encoder(self) -> str: ...
    @property
    def student(self) -> TrainOptions: ...
    @property
    def student_from(self) -> str: ...
    @property
    def student_layers(self) -> int | None: ...
    @property
    def student_match(self) -> float: ...


@dataclass(frozen=True, kw_only=True)
class StartingStudent:
    """A student before its training.

    Args:
        tagger: the student.
        settings: how it is to be trained.
        start: what it starts from: the name of a teacher, "encoder" or UNKNOWN_TYPES.
        layers: numbers of its layers in what it starts from.
        whole: the model with all layers, if its hidden states are to be matched.
        match: weight of their distance.
    """

    tagger: Tagger
    settings: TrainOptions
    start: str
    layers: tuple[int, ...] = ()
    whole: Any = None
    match: float = 0.0

    def objective(self, objective: Objective) -> Objective:
        """What the student is to minimise: `objective`, and the distance of hidden states if that is asked for."""
        if self.whole is None:
            return objective
        from xlner.train.state_matching import StateMatching

        return StateMatching(objective, self.whole, self.layers, weight=self.match, dtype=self.tagger.dtype)


def starting_student(
    teachers: Sequence[Teacher], task: Task, options: StudentOptions, known_types: Sequence[Collection[str]]
) -> StartingStudent:
    """The student that the options ask for.

    It starts from the encoder, or from the first teacher that knows all types of the task. Seed first.

    Args:
        teachers: trained; may be none if `options.student_from` is "encoder".
        task: types and languages of the student.
        options: what the student is and how it is trained.
        known_types: of each teacher.

    Raises:
        UsageError: the student is to start from a teacher, and none knows all types; or it is to match the states of
            one and starts from none.
        OptionError: it is to have more layers than there are.
        ModelError: its encoder cannot be built with fewer layers.
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
            if settings.layer is not None and settings.layer < len(layers_of(ready.model)):
                raise OptionError(
                    "student.layer", f"is for a new head, and this student starts from {able[0].name} with its head"
                )
            return _of_size(ready, settings, able[0].name, options, trained=True)
        if options.student_from == "teacher" and first is not None:
            raise no_teacher_knows(first.name, known_types[0], task.labels.types)
    if options.student_match:
        raise no_states_to_match()
    fresh = fresh_tagger(options.encoder, task.labels, languages, settings)
    asked = able or other_encoder or options.student_from == "encoder"
    return _of_size(fresh, settings, "encoder" if asked else UNKNOWN_TYPES, options, trained=False)


def no_teacher_knows(name: str, known: Collection[str], types: Sequence[str]) -> UsageError:
    """What is wrong where a student is to start from a teacher, and none knows all types.

    Args:
        name: of the first teacher.
        known: the types that it knows.
        types: of the task.
    """
    return UsageError(
        f"`student_from teacher` needs a teacher with the task's types {', '.join(types)}; {name} has "
        f"{', '.join(sorted(known))}. Use `student_from encoder`"
    )


def no_states_to_match() -> UsageError:
    """What is wrong where a student is to match the states of a teacher, and starts from none."""
    return UsageError("`student_match` needs a student that starts from a teacher, and this one starts fresh")


def _of_size(
    student: Tagger, settings: TrainOptions, start: str, options: StudentOptions, *, trained: bool
) -> StartingStudent:
    """The student with the layers that it is to have."""
    there = len(layers_of(student.model))
    count = options.student_layers or there
    if count > there:
        raise OptionError("student_layers", f"is {count}, but what the student starts from ({start}) has {there}")
    numbers = evenly(count, there)
    whole = copy.deepcopy(student.model) if options.student_match else None
    if count < there:
        retain_layers(student.model, numbers)
        # Layers above the first gap get other states than before, and have to learn to live with them.
        unbroken = next((i for i, number in enumerate(numbers) if i != number), count)
        if settings.freeze_layers is None:
            settings = replace(settings, freeze_layers=min(count // 4, unbroken))
    elif trained:
        settings = replace(settings, epochs=settings.epochs or 1)
    return StartingStudent(
        tagger=student, settings=settings, start=start, layers=tuple(numbers), whole=whole, match=options.student_match
    )
