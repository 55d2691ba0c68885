"""The two worlds combined: teachers from source labels and from projected data, distilled on raw target text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from xlner.component import option, options
from xlner.errors import UsageError
from xlner.methods.distill import Distill
from xlner.methods.method import Fitted, Method
from xlner.methods.projection_options import ProjectionOptions, check_bitexts, check_labelling, projection_plan
from xlner.methods.rounds import distil_in_rounds

if TYPE_CHECKING:
    from xlner.core.run_folder import RunFolder
    from xlner.methods.projected import ProjectedSet
    from xlner.methods.task import Source, Task
    from xlner.methods.teachers import Teacher


class Combined(Method):
    """Distil source teachers together with teachers of projected data, on raw target text.

    Projected data comes from parallel text, from translations of labelled sources, from translations of the raw text
    (`translate_test`), or from all of them: the ensemble of translate-train and translate-test. A source teacher
    trained further on it is a teacher of its own (`teachers/projected`); `projected_teachers both` adds one that knows
    nothing else. All of them label the raw text, and the student learns their weighted mean, as in distillation. Where
    all agree, `vote` adds their answer as a hard label. The student may also learn from the projected data itself
    (`learn_projected`).

    Reference: Wu, Lin, Karlsson, Huang & Lou, IJCAI 2020 (UniTrans: three models, voting, distillation). The ensemble
    of both directions of translation: arXiv 2505.10507.
    """

    needs = frozenset({"raw"})
    uses = frozenset({"bitext", "translations"})

    @options
    class Options(Distill.Options, ProjectionOptions):
        """Settings of distillation from source teachers and projected data."""

        translator: str | dict[str, Any] | None = option(
            None, "Translates labelled sources that come without translations: a name, or a mapping with options."
        )
        translate_test: str | dict[str, Any] | None = option(
            None,
            "Translates the raw text into the language of each source, where its teacher tags it, as projected data "
            "too: a name, or a mapping with options.",
        )
        projected_teachers: Literal["fine-tuned", "both"] = option(
            "fine-tuned",
            "Which teachers learn from projected data: a source teacher trained further, or a fresh one as well.",
        )
        projected_share: float = option(
            0.5, "Weight of the teachers of projected data together; source teachers share the rest.", ge=0, le=1
        )
        vote: float = option(
            0.0, "Weight of the hard label on words that all teachers label alike; that of soft labels is 1.", ge=0
        )
        learn_projected: bool = option(True, "The student learns from the projected data too, a batch in each step.")

    @classmethod
    def check(cls, task: Task, options: Combined.Options) -> None:
        """See that there is something to project, and that all of it can be.

        Raises:
            UsageError: there is not, or it cannot.
        """
        from xlner.methods.marked import check_marked
        from xlner.methods.task import lacking_types, pooled
        from xlner.methods.translated_raw import check_raw_translations
        from xlner.methods.translated_sources import check_translations

        Distill.check(task, options)
        if not (task.bitext or task.translations or options.translator or options.translate_test):
            raise UsageError(
                "the method combined needs something to project: `bitext LANG=SOURCE,TARGET`, `translation LANG=FILE`, "
                "a `translator` or `translate_test`; `method distill` does without"
            )
        if options.vote and options.loss != "ce":
            raise UsageError("`vote` adds hard labels to the loss ce; leave out `vote` or `loss`")
        check_bitexts(task)
        if options.translator is not None:
            check_translations(task, options.translator)
        for name, absent in lacking_types(task.sources, task.labels.types).items():
            if name in task.translations or options.translator is not None:
                raise UsageError(
                    f"source {name} has no {', '.join(absent)}, so such names in its translation would be taught as O; "
                    f"leave them out with `mapping {absent[0]}=O`, or give sources of the same types"
                )
        raw: list[str] = []
        if options.translate_test is not None:
            sources = pooled(task.sources) if options.pool else task.sources
            check_raw_translations(sources, task.target, options.translate_test)
            raw = [s.language for s in sources]
        read = {b.language for b in task.bitext}
        check_labelling((s for s in task.sources if options.translate_test or read & {*s.languages}), task)
        projection_plan(options, tagger=options.read_target)
        translated = [
            s.language
            for s in task.sources
            if s.sentences and (s.name in task.translations or options.translator is not None)
        ]
        if translated:
            projection_plan(options)  # no tagger reads the target side there
        check_marked(options, [*translated, *raw, *(b.language for b in task.bitext)], task.target)

    @classmethod
    def fit(cls, task: Task, options: Combined.Options, run: RunFolder) -> Fitted:
        """Train source teachers, project, train the teachers of projected data, and distil all of them.

        Args:
            task: sources, raw text, parallel text, translations, labels and dev data.
            options: of teachers, projection and distillation.
            run: every finished part in its folder is reused.

        Returns:
            The student; its baselines are all teachers.
        """
        from xlner.core.costs import Costs
        from xlner.methods.task import pooled
        from xlner.methods.teachers import teachers_of
        from xlner.methods.weighing import teacher_weights

        sources = pooled(task.sources) if options.pool else task.sources
        costs = Costs()
        with costs.of("weights"):
            weights = teacher_weights(sources, task, options, run.path)
        with costs.of("teachers"):
            teachers = teachers_of(sources, task, options, run)
        with costs.of("projection"):
            sets, notes = _projected(task, sources, teachers, options, run)
        with costs.of("teachers of projected data"):
            more = _projected_teachers(sets, teachers, task, options, run)
        every = [*more, *teachers]  # the student starts from the first that knows all types
        with costs.of("student"):
            student, told = distil_in_rounds(
                every, weights.behind(len(more), options.projected_share), task, options, run,
                beside=sets if options.learn_projected else (), vote=options.vote,
            )  # fmt: skip
        return Fitted(model=student, baselines=tuple(every), notes=(*notes, *told), costs=costs.seconds)


def _projected(
    task: Task, sources: tuple[Source, ...], teachers: list[Teacher], options: Combined.Options, run: RunFolder
) -> tuple[list[ProjectedSet], list[str]]:
    """All projected data of a task, and what to know of it."""
    from xlner.methods.projected import write_projected
    from xlner.methods.projected_student import pairs_of_bitexts
    from xlner.methods.translated_raw import pairs_of_raw_text
    from xlner.methods.translated_sources import pairs_of_translations

    pairs = pairs_of_bitexts(task, sources, teachers)
    notes: list[str] = []
    folder = run.path / "translations"
    if task.translations or options.translator is not None:
        more, told = pairs_of_translations(task, options.translator, folder)
        pairs, notes = [*pairs, *more], [*notes, *told]
    if options.translate_test is not None:
        more, told = pairs_of_raw_text(task, sources, teachers, options.translate_test, folder, "-translate-test")
        pairs, notes = [*pairs, *more], [*notes, *told]
    sets = [write_projected(p, options, options.teacher, run.path / "projected" / p.name) for p in pairs]
    return sets, [*notes, *(s.note() for s in sets)]


def _projected_teachers(
    sets: list[ProjectedSet], teachers: list[Teacher], task: Task, options: Combined.Options, run: RunFolder
) -> list[Teacher]:
    """The teachers that learnt from projected data: first the one trained further, if there is a teacher for that."""
    from xlner.methods.projected_student import projected_teacher

    projected_teachers = []
    starts: tuple[tuple[str, Literal["auto", "encoder"]], ...] = (("projected", "auto"), ("projected-alone", "encoder"))
    for name, start in starts:
        if name == "projected" or options.projected_teachers == "both":
            how = replace(options, student=options.teacher, student_from=start, student_layers=None, student_match=0.0)
            projected_teachers.append(projected_teacher(name, sets, teachers, task, how, run.path / "teachers" / name))
    return projected_teachers
