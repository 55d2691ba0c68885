"""Rounds of self-training: the student of a round labels the raw text for the student of the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xlner.component import option, options

if TYPE_CHECKING:
    from xlner.core.run_folder import RunFolder
    from xlner.methods.projected import ProjectedSet
    from xlner.methods.student import DistilOptions, Learning
    from xlner.methods.task import Task
    from xlner.methods.teachers import Teacher
    from xlner.methods.weights import TeacherWeights
    from xlner.tagger import Tagger


@options
class SelfTraining:
    """How often the raw text is labelled anew, by whom, and how much unsure labels count."""

    rounds: int = option(
        1, "Students one after the other, each of them the teacher of the next.", ge=1, unit="students"
    )
    round_share: float = option(
        1.0, "Weight of the last round's student among the teachers of the next; the first teachers have the rest.",
        gt=0, le=1,
    )  # fmt: skip
    weigh_by_certainty: float = option(
        0.0,
        "Words count by 1 minus the share of the largest entropy that their soft label has, to this power; 0 counts "
        "all alike.",
        ge=0,
    )


def distil_in_rounds(
    teachers: Sequence[Teacher],
    weights: TeacherWeights,
    task: Task,
    options: Any,
    run: RunFolder,
    *,
    beside: Sequence[ProjectedSet] = (),
    vote: float = 0.0,
    learning: Learning | None = None,
) -> tuple[Tagger, tuple[str, ...]]:
    """Distil teachers into a student, let it label the raw text, distil that into the next, and so on.

    Each student starts from the one before it, unless it is to start from the encoder, and has a seed of its own. Those
    before the last have all layers. They stay in `rounds/1`, `rounds/2`, ...; finished ones are reused.

    Args:
        teachers: of the first round.
        weights: how much each of them counts.
        task: as for `distil_from`, like the rest.
        options: of the distillation (`DistilOptions`) and of its rounds (`SelfTraining`).
        run: see there.
        beside: see there.
        vote: see there; a student that labels alone has no vote, since it would agree with itself on every word.
        learning: see there.

    Returns:
        The last student, and what the user should know of it.

    Reference: Xie, Luong, Hovy & Le, CVPR 2020 (noisy student: rounds, noise by dropout). Smoothed soft labels between
        rounds are ours.
    """
    from xlner.core.run_folder import RunFolder
    from xlner.methods.student import distil_from, notes_of
    from xlner.methods.teachers import Teacher, notes_on_seeds
    from xlner.methods.weights import TeacherWeights
    from xlner.train.loop import forget
    from xlner.train.processes import main_process, wait_for_all

    labelling, shares, voice = list(teachers), weights, vote
    notes = notes_on_seeds(teachers, options.teacher_seeds)
    for number in range(1, options.rounds):
        place = RunFolder(run.path / "rounds" / str(number))
        model = place.path / "model"
        if not (model / "config.json").is_file():
            place.path.mkdir(parents=True, exist_ok=True)
            student, _ = distil_from(
                labelling, shares, task, _of_round(options, number), place,
                beside=beside, vote=voice, learning=learning,
                soft_labels=run.path / "soft_labels", title=f"student of round {number}",
            )  # fmt: skip
            if main_process():
                student.save(model)
                forget(place.path)
            wait_for_all()
        notes += notes_of(place)
        last = Teacher(name=f"round-{number}", model=str(model), labels=task.labels)
        if options.round_share < 1:
            labelling, shares = [last, *teachers], weights.behind(1, options.round_share)
        else:
            labelling, shares, voice = [last], TeacherWeights.uniform(1), 0.0
    student, told = distil_from(
        labelling, shares, task, _of_round(options, options.rounds), run,
        beside=beside, vote=voice, learning=learning,
    )  # fmt: skip
    return student, tuple(dict.fromkeys((*notes, *told)))


def _of_round(options: Any, number: int) -> DistilOptions:
    """The options of one round."""
    training = replace(options.student, seed=options.student.seed + number - 1)
    if number == options.rounds:
        return replace(options, student=training)
    return replace(options, student=training, student_layers=None, student_match=0.0)
