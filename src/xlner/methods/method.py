"""The extension point: what a transfer method is, and what it gives back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from xlner.component import NoOptions, option_fields
from xlner.errors import UsageError

if TYPE_CHECKING:
    from xlner.core.run_folder import RunFolder
    from xlner.methods.task import Task
    from xlner.methods.teachers import Teacher
    from xlner.tagger import Tagger

# Input that a method may ask for -> what it is, and how it is given.
INPUTS = {
    "raw": "raw text of the target language: `target LANG=FILE`",
    "bitext": "parallel text with the target language: `bitext LANG=SOURCE,TARGET`",
    "translations": "translations of labelled source sentences: `translation LANG=FILE`",
    "dictionaries": "a dictionary into the target language: `dictionary LANG=FILE`",
    "target_labels": "some labelled target sentences: `target_labels FILE`",
}


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """What a method gives back.

    Args:
        model: the tagger for the target language.
        baselines: taggers on disk to be scored beside it, such as its teachers.
        notes: what the user should know of this run.
        costs: step -> seconds that it took in this process.
    """

    model: Tagger
    baselines: tuple[Teacher, ...] = ()
    notes: tuple[str, ...] = ()
    costs: Mapping[str, float] = field(default_factory=dict)


class Method(ABC):
    """A way to get a tagger for a target language. Nothing is kept in it: a run's state is in its folder.

    Attributes:
        needs: inputs of `INPUTS` that it cannot do without.
        uses: inputs of `INPUTS` that it also reads if they are there.
        Options: its settings.
    """

    needs: ClassVar[frozenset[str]] = frozenset()
    uses: ClassVar[frozenset[str]] = frozenset()
    Options: ClassVar[Any] = NoOptions

    @classmethod  # noqa: B027 - most methods have nothing to add
    def check(cls, task: Task, options: Any) -> None:
        """Say what cannot be, before work starts. The inputs that it needs have been checked already.

        Raises:
            UsageError: the options do not fit the task.
        """

    @classmethod
    @abstractmethod
    def fit(cls, task: Task, options: Any, run: RunFolder) -> Fitted:
        """Fit a tagger for the target language.

        Called again after a kill, it goes on with what it left in the run's folder, and ends with the same result.

        Args:
            task: what there is to learn from.
            options: an instance of its `Options`.
            run: keeps checkpoints, soft labels and whatever else makes the run resumable.
        """


def check_inputs(name: str, method: type[Method], task: Task) -> None:
    """See that a task has what a method needs, and nothing that it would not read.

    Args:
        name: the method as it is registered.
        method: the method.
        task: raw text is passed over where it is not needed, since it comes with the name of the target language.

    Raises:
        UsageError: an input is missing, or has no effect.
    """
    for need, what in INPUTS.items():
        if need in method.needs and not getattr(task, need):
            raise UsageError(f"the method {name} needs {what}")
        if need != "raw" and getattr(task, need) and need not in method.needs | method.uses:
            raise UsageError(f"the method {name} does not read {what.partition(':')[0]}; leave it out")


def check_unaugmented(options: Any) -> None:
    """Raises UsageError: a teacher's sentences should change from pass to pass, in a method in which they cannot."""
    if options.teacher.augment is not None:
        raise UsageError("`teacher.augment` is for methods whose teachers learn from labels alone; leave it out")


def check_soft_student(options: Any) -> None:
    """Raises UsageError: a student's labelled sentences should change, and it learns from soft labels alone."""
    if options.student.augment not in (None, options.teacher.augment):  # what is said of both is meant for the teacher
        raise UsageError(
            "`student.augment` changes labelled sentences, and this student learns from soft or projected labels; "
            "`teacher.augment` changes what its teacher learns from"
        )


def check_patience(options: Any, dev: Collection[object]) -> None:
    """Raises UsageError: a training should stop early, and there is no dev data to see when."""
    kind: Any = type(options)
    for f in option_fields(kind):
        value = getattr(options, f.name)
        if f.nested and getattr(value, "patience", None) and not dev:
            raise UsageError("`patience` needs `dev`")
