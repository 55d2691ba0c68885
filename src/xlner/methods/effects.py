"""Options that would have no effect are refused, before anything is trained."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from xlner.component import is_default, option_fields
from xlner.errors import OptionError
from xlner.methods.projection_options import ProjectionOptions
from xlner.methods.rounds import SelfTraining
from xlner.methods.seeds import TeacherSeeds
from xlner.methods.student_size import StudentSize

_OF_STUDENT = (
    "loss", "temperature", "student_from", "confidence_floor", "label_consistency", "lower_case_names", "keep",
    "weights",
)  # fmt: skip


def check_effect(options: Any, names: Iterable[str], why: str) -> None:
    """See that some options were left as they are by default.

    Args:
        options: of a method.
        names: of those that nothing reads.
        why: the end of the message, such as "with `rounds 1`".

    Raises:
        OptionError: one was not.
    """
    for name in names:
        if not is_default(options, name):
            raise OptionError(name, f"has no effect {why}")


def check_distillation(options: Any) -> None:
    """See that options of teachers and student have an effect in a distillation. Raises OptionError: one has none."""
    if options.rounds == 1:
        check_effect(options, ["round_share"], "with one round: it is for `rounds` of 2 and more")
    if options.teacher_seeds == 1:
        check_effect(options, ["average"], "with one teacher per source: it is for `teacher_seeds` of 2 and more")
    if options.keep == "average":  # "student" is what is kept anyway
        if options.student_layers is not None and options.rounds == 1:  # students before the last one are whole
            check_effect(options, ["keep"], "with `student_layers`: a smaller student has no mean with its teacher")
        if options.student_from == "encoder":
            check_effect(options, ["keep"], "with `student_from encoder`: there is no teacher that it starts from")


def check_no_student(options: Any) -> None:
    """See that options of a student are left out where nothing is distilled. Raises OptionError: one is not."""
    names = [*_names(SelfTraining), *_names(StudentSize), *_OF_STUDENT]
    check_effect(options, names, "without `distill`: there is no student")


def check_no_projection(options: Any) -> None:
    """See that options of projection are left out where nothing is projected. Raises OptionError: one is not."""
    apart = {*_names(StudentSize), *_names(TeacherSeeds)}
    names = [name for name in _names(ProjectionOptions) if name not in apart]
    check_effect(options, names, "without `learn_projected`: nothing is projected")


def _names(kind: Any) -> list[str]:
    return [f.name for f in option_fields(kind)]
