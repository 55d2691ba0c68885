"""Two teachers for two tasks: one recognises entities, the other tells whether two words are of the same kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from xlner.component import is_default, option, options
from xlner.errors import UsageError
from xlner.methods.distill import Distill
from xlner.methods.method import Fitted, Method

if TYPE_CHECKING:
    from xlner.core.run_folder import RunFolder
    from xlner.methods.soft_labels import SoftLabelChunks
    from xlner.methods.student import Learning
    from xlner.methods.task import Task
    from xlner.methods.teachers import Teacher
    from xlner.tagger import Tagger
    from xlner.train.objective import Objective


class MTMT(Method):
    """Distil recognisers and a teacher of word similarity into one student of two tasks.

    Recognisers are the teachers of `method distill`. A further teacher (`teachers/similarity`) learns from all labelled
    sources whether two words are entities of the same kind; it sees more of a few labels, since n words make n squared
    pairs. On raw target text the student learns the soft labels of the recognisers and the similarities of the other
    teacher, and pairs on which they contradict each other count less (`weigh_pairs`).

    Reference: Li, Hu et al., ACL 2022 (MTMT). Theirs is `loss mse`; pairs are drawn from a batch here.
    """

    needs = frozenset({"raw"})

    @options
    class Options(Distill.Options):
        """Settings of two-task distillation."""

        similarity_weight: float = option(
            0.5, "Weight of the task of word similarity; 0 switches it off, and trains no teacher for it.", ge=0
        )
        weigh_pairs: bool = option(
            True, "Let pairs count by how sure the teachers are, and how far they agree; else all count the same."
        )
        similar_by: Literal["type", "tag"] = option(
            "type", "Which words are alike: those of one type, or of one tag such as B-PER."
        )

    @classmethod
    def check(cls, task: Task, options: MTMT.Options) -> None:
        """See that there is labelled data to learn similarity from.

        Raises:
            UsageError: there is not, or the student and that teacher would have other subwords.
        """
        from xlner.encoder import shared_tokenizer
        from xlner.methods.effects import check_effect
        from xlner.methods.teachers import types_of
        from xlner.tagger.tagger import model_folder

        Distill.check(task, options)
        if not options.similarity_weight:
            check_effect(options, ("weigh_pairs", "similar_by"), "with `similarity_weight 0`")
        if options.similarity_weight and not any(s.sentences for s in task.sources):
            raise UsageError(
                "the method mtmt learns word similarity from labelled data, and all sources are models; "
                "`similarity_weight 0` does without"
            )
        start = next((s for s in task.sources if types_of(s, task.mapping) >= {*task.labels.types}), None)
        from_model = options.student_from != "encoder" and is_default(options, "encoder")
        if options.similarity_weight and from_model and start is not None and start.model:
            tokenizers = (shared_tokenizer(model_folder(start.model)), shared_tokenizer(options.encoder))
            _check_subwords(*(t.get_vocab() for t in tokenizers))

    @classmethod
    def fit(cls, task: Task, options: MTMT.Options, run: RunFolder) -> Fitted:
        """Train recognisers and the teacher of similarity, and distil them together.

        Args:
            task: sources, target, labels, raw text.
            options: of teachers, student and the two tasks.
            run: every finished part in its folder is reused.

        Returns:
            The student; its baselines are the recognisers.
        """
        from xlner.core.costs import Costs
        from xlner.methods.rounds import distil_in_rounds
        from xlner.methods.task import mixed_types
        from xlner.methods.teachers import teachers_of, types_of
        from xlner.methods.weighing import weighed_sources

        costs = Costs()
        with costs.of("weights"):
            sources, weights = weighed_sources(task, options, run.path, pool=options.pool)
            weights.check([types_of(s, task.mapping) for s in sources], task.labels.types)
        with costs.of("teachers"):
            teachers = teachers_of(sources, task, options, run)
        learning, notes = None, tuple[str, ...]()
        if options.similarity_weight:
            with costs.of("teacher of similarity"):
                learning = _two_tasks(_similarity_teacher(task, options, run), options)
            notes = mixed_types(task.sources)
        with costs.of("student"):
            student, told = distil_in_rounds(teachers, weights, task, options, run, learning=learning)
        return Fitted(model=student, baselines=tuple(teachers), notes=(*notes, *told), costs=costs.seconds)


def _similarity_teacher(task: Task, options: MTMT.Options, run: RunFolder) -> Teacher:
    """A tagger whose encoder tells similarities; its head is not trained, so dev data says nothing of it."""
    from dataclasses import replace

    from xlner.methods.task import MULTIPLE, Source
    from xlner.methods.teachers import teacher_of
    from xlner.train.examples import LabelledChunks
    from xlner.train.multi_task import WordSimilarity

    sentences = tuple(x for s in task.sources for x in s.sentences)
    codes = {code for s in task.sources if s.sentences for code in s.languages}
    source = Source(language=codes.pop() if len(codes) == 1 else MULTIPLE, sentences=sentences, name="similarity")
    return teacher_of(
        source, replace(task, dev=()), run.path / "teachers" / source.name,
        encoder=options.encoder, options=replace(options.teacher, patience=0),
        lesson=lambda tagger: (
            LabelledChunks(tagger, source.sentences), WordSimilarity(by_tag=options.similar_by == "tag")
        ),
    )  # fmt: skip


def _two_tasks(teacher: Teacher, options: MTMT.Options) -> Learning:
    from xlner.train.losses import word_loss
    from xlner.train.multi_task import MultiTask

    def learning(student: Tagger, chunks: SoftLabelChunks, seed: int) -> tuple[SoftLabelChunks, Objective]:
        tagger = teacher.load(options.student)
        _check_subwords(student.tokenizer.get_vocab(), tagger.tokenizer.get_vocab())
        loss = word_loss(options.loss, temperature=options.temperature)
        return chunks, MultiTask(tagger, loss, weight=options.similarity_weight, weigh=options.weigh_pairs)

    return learning


def _check_subwords(of_student: object, of_encoder: object) -> None:
    if of_student != of_encoder:
        raise UsageError(
            "the student starts from a model whose subwords are not those of `encoder`, and the teacher of similarity "
            "reads the latter; use `student_from encoder`, or its encoder as `encoder`"
        )
