"""Parallel text: tag its source side, project the entities, train on the target side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlner.component import options
from xlner.core.languages import bcp47
from xlner.errors import UsageError
from xlner.methods.method import Fitted, Method, check_soft_student
from xlner.methods.projection_options import TaggedOptions, check_bitexts, check_labelling, projection_plan

if TYPE_CHECKING:
    from xlner.core.run_folder import RunFolder
    from xlner.methods.task import Task


class BitextTransfer(Method):
    """Train on the target side of parallel text, with labels projected from the source side, which a teacher tags.

    Teachers given as data are trained first (`teachers/`). Each tags the source side of the parallel text in its
    language, and its entities are projected (`projected/`, JSON lines to look at). Words of which projection is not
    sure are unknown to the training, not O. Of two sources in one language each tags the text. Raw target text is not
    read; `method combined` learns from both.

    Reference: Yarowsky & Ngai, NAACL 2001 (projection through parallel text); Ni, Dinu & Florian, ACL 2017 (selection
    of projected data). Aligners and matchers are those of `xlner project`.
    """

    needs = frozenset({"bitext"})

    @options
    class Options(TaggedOptions):
        """Settings of learning from parallel text."""

    @classmethod
    def check(cls, task: Task, options: BitextTransfer.Options) -> None:
        """See that every parallel text has a source, and every source a parallel text.

        Raises:
            UsageError: one has not, or the parts of the projection cannot be.
        """
        from xlner.methods.marked import check_marked

        if any(s.text for s in task.sources):
            raise UsageError("`source_text` is read for weights, and the method bitext has none")
        check_soft_student(options)
        check_bitexts(task)
        read = {b.language for b in task.bitext}
        if idle := [s for s in task.sources if not read & {*s.languages}]:
            code = bcp47(idle[0].language)
            raise UsageError(f"source {code} has no parallel text; give `bitext {code}=SOURCE,TARGET` or leave it out")
        check_labelling(task.sources, task)
        projection_plan(options, tagger=options.read_target)
        check_marked(options, (b.language for b in task.bitext), task.target)

    @classmethod
    def fit(cls, task: Task, options: BitextTransfer.Options, run: RunFolder) -> Fitted:
        """Train teachers where sources are data, project what they say, and train the student.

        Args:
            task: sources, parallel text, labels and dev data.
            options: of teachers, projection and student.
            run: every finished part in its folder is reused.

        Returns:
            The student; its baselines are the teachers. Notes say what became of the entities.
        """
        from xlner.core.costs import Costs
        from xlner.methods.projected import write_projected
        from xlner.methods.projected_student import pairs_of_bitexts, train_on_projected
        from xlner.methods.teachers import teachers_of

        costs = Costs()
        with costs.of("teachers"):
            teachers = teachers_of(task.sources, task, options, run)
        with costs.of("projection"):
            sets = [
                write_projected(pairs, options, options.teacher, run.path / "projected" / pairs.name)
                for pairs in pairs_of_bitexts(task, task.sources, teachers)
            ]
        with costs.of("student"):
            student, notes = train_on_projected(sets, teachers, task, options, run.path)
        return Fitted(model=student, baselines=tuple(teachers), notes=notes, costs=costs.seconds)
