"""What is kept of a student that was trained from its teacher: both, one of them, or the mean of their weights."""

from __future__ import annotations

from typing import Literal

from xlner.tagger import Tagger
from xlner.tagger.interpolate import interpolate

Keep = Literal["average", "student", "teacher"]
_STUDENT = {"average": 0.5, "student": 1.0, "teacher": 0.0}  # its share of the weights


def keep(teacher: Tagger, student: Tagger, *, how: Keep) -> None:
    """Give `student` the mean of its weights and those of the teacher that it started from.

    A student learns its teacher's answers by heart, mistakes that are in the majority included. The mean has most of
    what it gained, and loses less where it lost.

    Args:
        teacher: what the student started from, with the same head.
        student: its weights are changed.
        how: "teacher" and "student" are the ends of the line between them.
    """
    share = _STUDENT[how]
    states = (teacher.model.state_dict(), student.model.state_dict())
    student.model.load_state_dict(interpolate(states, (1 - share, share)))
