"""Options of students that are smaller than what they start from."""

from __future__ import annotations

from xlner.component import option, options


@options
class StudentSize:
    """How many layers a student has."""

    student_layers: int | None = option(
        None,
        "Encoder layers of the student: the first, the last and others at even distances, of what it starts from; by "
        "default all.",
        ge=1,
    )
    student_match: float = option(
        0.0,
        "Weight of the distance between the hidden states of the student and those of the teacher that it starts from.",
        ge=0,
    )
