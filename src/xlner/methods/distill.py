"""Teacher-student learning: teachers label raw target text softly, a student learns from that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from xlner.component import option, options
from xlner.errors import OptionError, UsageError
from xlner.methods.method import Fitted, Method, check_soft_student
from xlner.methods.rounds import SelfTraining, distil_in_rounds
from xlner.methods.seeds import AveragedSeeds
from xlner.methods.student_size import StudentSize
from xlner.train.masked_options import PRETRAIN, ContinueOptions
from xlner.train.options import TrainOptions

if TYPE_CHECKING:
    from xlner.core.run_folder import RunFolder
    from xlner.methods.student import Learning
    from xlner.methods.task import Task


class Distill(Method):
    """Distil one or many source-language teachers into a student for the target language.

    Teachers given as data are trained first (`teachers/`); teachers given as models need no data. Each labels the raw
    target text once, word by word (`soft_labels/`). A student then learns the weighted mean of their probabilities.
    Target labels are never used. One teacher is the case of many with one element.

    Reference: Wu, Lin, Karlsson, Lou & Huang, ACL 2020, equations for single- and multi-source distillation. Ours
    differs in its default loss (soft cross-entropy; "mse" is theirs), in smoothing the soft labels of equal words
    (label_consistency 0 does not), and in decoding by legal transitions.
    """

    needs = frozenset({"raw"})

    @options
    class Options(StudentSize, AveragedSeeds, SelfTraining):
        """Settings of distillation."""

        encoder: str = option(
            "embedded", "What fresh teachers and students start from: 'embedded', a folder or a hub id."
        )
        teacher: TrainOptions = option(TrainOptions, "Training of teachers on labelled source data.")
        student: TrainOptions = option(TrainOptions, "Training of the student on soft labels.")
        pretrain: ContinueOptions = option(ContinueOptions, PRETRAIN, apart=True)
        loss: Literal["ce", "mse", "kl"] = option(
            "ce", "Loss on soft labels: ce (cross-entropy), mse (the paper's), kl."
        )
        temperature: float = option(1.0, "For the loss kl.", gt=0)
        student_from: Literal["auto", "encoder", "teacher"] = option(
            "auto", "What the student starts from; auto is the first teacher that knows all types, if there is one."
        )
        confidence_floor: float = option(
            0.0, "Words whose most probable tag has less are masked.", ge=0, lt=1, unit="probability"
        )
        label_consistency: float = option(
            0.7, "How far words that look alike are labelled alike in the raw text.", ge=0, le=1
        )
        lower_case_names: Literal["entity", "unknown", "outside"] = option(
            "entity", "Names without a capital that teachers find: entities, unknown, or outside of entities."
        )
        keep: Literal["auto", "student", "average"] = option(
            "auto",
            "What is kept of a student that started from its teacher: the student, the average of their weights, or "
            "by auto what agrees best with the soft labels, the teacher included.",
        )
        weights: str = option(
            "uniform",
            "How much each teacher counts: uniform, language-id, language-id:sentence, a similarity measure, or "
            "numbers such as en=0.7,de=0.3.",
        )
        pool: bool = option(False, "Train one teacher on all labelled sources that have the same types.")
        chunk_sentences: int = option(2000, "Sentences per file of soft labels; bounds memory.", ge=1, unit="sentences")

        def __post_init__(self) -> None:
            if self.temperature != 1.0 and self.loss != "kl":
                raise OptionError("temperature", f"works with `loss kl`, not with {self.loss}")

    @classmethod
    def check(cls, task: Task, options: Distill.Options) -> None:
        """See that text of sources is read by the weights that are asked for, and that options have an effect.

        Raises:
            UsageError: it is not, or one has none.
        """
        from xlner.methods.effects import check_distillation

        check_soft_student(options)
        check_distillation(options)
        if any(s.text for s in task.sources) and (options.weights == "uniform" or "=" in options.weights):
            raise UsageError(f"`source_text` is read for weights, and `weights {options.weights}` reads none")

    @classmethod
    def fit(cls, task: Task, options: Distill.Options, run: RunFolder) -> Fitted:
        """Train teachers where sources are data, and distil them.

        Args:
            task: sources, target, labels, raw text.
            options: teacher and student settings, loss, weights.
            run: every finished part in its folder is reused.

        Returns:
            The student; its baselines are the teachers, each what direct transfer from its source would have given.
        """
        from xlner.core.costs import Costs
        from xlner.methods.task import pooled
        from xlner.methods.teachers import teachers_of, types_of
        from xlner.methods.weighing import teacher_weights

        sources = pooled(task.sources) if options.pool else task.sources
        costs = Costs()
        with costs.of("weights"):  # first, so that what is wrong with them is said at once
            weights = teacher_weights(sources, task, options, run.path)
            weights.check([types_of(s, task.mapping) for s in sources], task.labels.types)
        with costs.of("teachers"):
            teachers = teachers_of(sources, task, options, run)
        with costs.of("student"):
            learning = cls.learning(task, options)
            student, notes = distil_in_rounds(teachers, weights, task, options, run, learning=learning)
        return Fitted(model=student, baselines=tuple(teachers), notes=notes, costs=costs.seconds)

    @classmethod
    def learning(cls, task: Task, options: Any) -> Learning | None:
        """How the student learns from the soft labels; None as `options.loss` says."""
        return None
