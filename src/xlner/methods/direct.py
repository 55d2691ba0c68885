"""Direct transfer: train on labelled source text, use the model on the target as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlner.component import option, options
from xlner.errors import ModelError, UsageError
from xlner.methods.method import Fitted, Method
from xlner.methods.seeds import TeacherSeeds, trained
from xlner.train.masked_options import PRETRAIN, ContinueOptions
from xlner.train.options import TrainOptions

if TYPE_CHECKING:
    from xlner.core.run_folder import RunFolder
    from xlner.methods.task import Task
    from xlner.tagger import Tagger


class Direct(Method):
    """Train one tagger on all labelled sources together; a single source that is a model is taken as it is.

    The encoder has seen the target language in pretraining, so a head trained on English entities finds many Spanish
    ones. This is the baseline that every other method has to beat.

    Reference: Wu & Dredze, EMNLP 2019.
    """

    @options
    class Options(TeacherSeeds):
        """Settings of direct transfer."""

        encoder: str = option("embedded", "What the tagger starts from: 'embedded', a folder or a hub id.")
        teacher: TrainOptions = option(TrainOptions, "Training on labelled source data.")
        pretrain: ContinueOptions = option(ContinueOptions, PRETRAIN, apart=True)

    @classmethod
    def check(cls, task: Task, options: Direct.Options) -> None:
        """See that the sources are data, or one model.

        Raises:
            UsageError: several sources, one of them a model without data, or text that nothing reads.
        """
        if any(s.text for s in task.sources):
            raise UsageError("`source_text` is read for weights, and the method direct has none")
        models = [s for s in task.sources if s.model]
        if models and len(task.sources) > 1:
            raise UsageError(
                f"the method direct trains on data, and source {models[0].language} is a model; "
                "`method distill` learns from several models"
            )

    @classmethod
    def fit(cls, task: Task, options: Direct.Options, run: RunFolder) -> Fitted:
        """Train on the labelled sources, or take the only model.

        Args:
            task: sources, labels and dev data are used; raw text is not.
            options: encoder and training.
            run: keeps the checkpoint and metrics while training.

        Returns:
            The tagger; notes name sources whose data lack a type that others have.

        Raises:
            ModelError: a model whose outputs are not those of the task one by one.
        """
        from functools import partial

        from xlner.methods.supervised import supervise
        from xlner.methods.task import mixed_types

        if task.sources[0].model:
            default = TrainOptions(device=options.teacher.device, precision=options.teacher.precision)
            unread = options != cls.Options(teacher=default)
            note = "the source is a model and was taken as it is: options of training and `encoder` had no effect"
            return Fitted(model=_as_it_is(task, options), notes=(note,) if unread else ())
        train = partial(
            supervise,
            [sentence for source in task.sources for sentence in source.sentences],
            task.labels,
            encoder=options.encoder,
            languages=sorted({s.language for s in task.sources}),
            dev=task.dev,
            head_seed=options.teacher.seed,
        )
        title = "train on " + ", ".join(s.name for s in task.sources)
        tagger = trained(train, options.teacher, options.teacher_seeds, run.path, title=title)
        return Fitted(model=tagger, notes=mixed_types(task.sources))


def _as_it_is(task: Task, options: Direct.Options) -> Tagger:
    from xlner.tagger import Tagger

    model, training = task.sources[0].model or "", options.teacher
    tagger = Tagger.load(
        model, mapping=task.mapping, labels=task.labels, device=training.device, precision=training.precision
    )
    if not tagger.outputs.one_to_one:
        raise ModelError(
            f"the outputs of {model} cannot be kept in a copy: types are dropped or joined by `mapping`, or its tags "
            "are not IOB2. Use it where it is (xlner predict MODEL `mapping OLD=NEW`), or `method distill`"
        )
    return tagger if tagger.has_matching_head else tagger.with_matching_head()
