"""Distillation on the raw sentences that depend least on their language, or that are chosen in another way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from xlner.component import option, options
from xlner.errors import UsageError
from xlner.methods.distill import Distill
from xlner.methods.method import check_soft_student

if TYPE_CHECKING:
    from xlner.core.run_folder import RunFolder
    from xlner.methods.method import Fitted
    from xlner.methods.task import Task


class AdvPicker(Distill):
    """Distil on a share of the raw sentences: those by which an adversarial discriminator cannot tell the language.

    A tagger learns from the labelled sources, and beside it a discriminator learns to tell source words from target
    words by the encoder's states, whose gradient is turned round for the encoder. That tagger is the teacher
    (`teachers/adversarial`), and the student learns from the raw sentences that leave the discriminator in most doubt.
    A source that is a model takes part with its `source_text`, as the model labels it.

    `select_by` has two other ways, for which no adversary is trained: sentences whose vectors lie near the text of a
    source, and those of whose words the teachers are surest.

    Reference: Chen, Jiang, Wu, Karlsson & Guan, ACL 2021 (AdvPicker). Ours reverses gradients instead of training by
    three optimizers in turn; smoothing and decoding are those of `distill`.

    Limits: What teachers are sure of is often text without names, so `select_by uncertainty` may drop those with most
    to learn.
    """

    @options
    class Options(Distill.Options):
        """Settings of distillation on chosen sentences."""

        select_by: Literal["discriminator", "similarity", "uncertainty"] = option(
            "discriminator",
            "Which raw sentences are learnt from: those that leave the discriminator in doubt, those that are near "
            "the source text, or those that teachers are sure of.",
        )
        select_share: float = option(0.8, "Share of the raw sentences that is learnt from.", gt=0, le=1)
        adversarial_teacher: bool = option(
            True, "The tagger trained with the discriminator is the teacher; otherwise those of `distill` are."
        )
        reversal: float = option(0.1, "Strength of the discriminator's turned gradient in the end.", ge=0)
        discriminator_size: int = option(500, "Size of the discriminator's hidden layer.", ge=1, unit="units")
        discriminator_sentences: int = option(
            20_000, "First so many raw sentences are shown to the discriminator.", ge=1, unit="sentences"
        )

    @classmethod
    def check(cls, task: Task, options: Any) -> None:
        """See that there is source text where it is read, and that sources fit together.

        Raises:
            UsageError: there is not, or they do not.
        """
        from xlner.core.labels import LabelSet
        from xlner.core.languages import bcp47
        from xlner.methods.effects import check_distillation, check_effect
        from xlner.methods.task import lacking_types

        check_soft_student(options)
        check_distillation(options)
        if options.select_by != "discriminator":
            idle = ("adversarial_teacher", "reversal", "discriminator_size", "discriminator_sentences")
            check_effect(options, idle, f"with `select_by {options.select_by}`: it is for `select_by discriminator`")
        joined = options.adversarial_teacher and options.select_by == "discriminator"
        if joined and any(s.model for s in task.sources):
            for name, absent in lacking_types(task.sources, task.labels.types).items():
                raise UsageError(
                    f"source {name} has no {', '.join(absent)}, which a model among the sources knows, and one tagger "
                    f"learns from all data; leave them out with `mapping {absent[0]}=O`"
                )
        if options.select_by == "uncertainty":
            Distill.check(task, options)
            return
        if bare := [s.language for s in task.sources if s.model and not s.text]:
            code = bcp47(bare[0])
            raise UsageError(
                f"`select_by {options.select_by}` reads source text, and source {code} is a model; give "
                f"`source_text {code}=FILE`, or take `select_by uncertainty`"
            )
        if options.select_by == "similarity":
            return
        if len({frozenset(LabelSet.of(s.sentences).types) for s in task.sources if s.sentences}) > 1:
            raise UsageError(
                "`select_by discriminator` trains one tagger on all labelled sources, and they have different types"
            )
        several = {
            "pool": options.pool,
            f"weights {options.weights}": options.weights != "uniform",
            f"teacher_seeds {options.teacher_seeds}": options.teacher_seeds > 1,
        }
        if options.adversarial_teacher and any(several.values()):
            name = next(name for name, asked in several.items() if asked)
            raise UsageError(
                f"`{name}` is for several teachers, and the adversarial one is alone; leave it out, or say "
                "`adversarial_teacher false`"
            )

    @classmethod
    def fit(cls, task: Task, options: Any, run: RunFolder) -> Fitted:
        """Choose raw sentences, and distil on them.

        Args:
            task: sources, target, labels, raw text.
            options: of selection, teacher and student.
            run: every finished part in its folder is reused.

        Returns:
            The student; its baselines are the teachers. Notes say how many sentences were chosen.
        """
        from xlner.core.costs import Costs
        from xlner.methods.adversarial_teacher import NAME, adversarial_teacher
        from xlner.methods.selecting import SCORES, chosen
        from xlner.methods.task import MULTIPLE, Source

        assert task.raw is not None
        costs = Costs()
        learnt = task
        with costs.of("selection"):
            if options.select_by == "discriminator":
                model = adversarial_teacher(task, options, run)
                if options.adversarial_teacher:
                    codes = {s.language for s in task.sources}
                    language = codes.pop() if len(codes) == 1 else MULTIPLE
                    source = Source(language=language, model=str(model), name=NAME)
                    learnt = replace(task, sources=(source,), mapping={})
                    if options.student_from == "auto" and not any(s.model for s in task.sources):
                        options = replace(options, student_from="teacher")  # it was made of that encoder
            else:
                _score(task, options, run)
            raw, count, total = chosen(task.raw, run.path / SCORES, options.select_share)
        fitted = super().fit(replace(learnt, raw=raw), options, run)
        fitted.model.languages = tuple(sorted({c for s in task.sources for c in s.languages} | {task.target}))
        note = f"learnt from {count} of {total} raw sentences, chosen by {options.select_by}"
        return replace(fitted, notes=(note, *fitted.notes), costs={**costs.seconds, **fitted.costs})


def _score(task: Task, options: Any, run: RunFolder) -> None:
    """Score raw sentences by similarity or by what teachers are sure of."""
    from functools import partial

    from xlner.methods.selecting import SCORES, Nearness, Score, certainty, write_scores
    from xlner.methods.task import pooled
    from xlner.methods.teachers import teachers_of
    from xlner.train.processes import main_first

    assert task.raw is not None
    place, teachers = run.path / SCORES, []
    if options.select_by == "uncertainty":
        teachers = teachers_of(pooled(task.sources) if options.pool else task.sources, task, options, run)
    with main_first():
        if place.is_file():
            return
        score: Score = partial(certainty, [one.load(options.teacher) for t in teachers for one in (t, *t.siblings)])
        if options.select_by == "similarity":
            score = Nearness(task.sources, options.encoder, options.teacher.device)
        write_scores(task.raw, score, place, chunk_sentences=options.chunk_sentences)
