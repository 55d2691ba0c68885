"""Labelled sentences that change from pass to pass, where the options of a training say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlner.augment.augmenter import Augmenter, steps_of
from xlner.component import is_default, option_fields
from xlner.core.types import Sentence
from xlner.errors import OptionError, UsageError
from xlner.methods.task import Task
from xlner.tagger import Tagger
from xlner.train import TrainOptions
from xlner.train.examples import ChangingChunks, LabelledChunks


def labelled_chunks(
    tagger: Tagger, sentences: Sequence[Sentence], options: TrainOptions
) -> LabelledChunks | ChangingChunks:
    """Labelled sentences as training data, changed in each epoch as `options.augment` says.

    Args:
        tagger: that learns.
        sentences: labelled.
        options: which changes, in how many sentences, and the seed of all chance.

    Raises:
        OptionError: `augment` cannot be.
        DataError: a file that it reads cannot be used.
        UsageError: it does not fit the sentences.
    """
    if options.augment is None:
        return LabelledChunks(tagger, sentences)
    return ChangingChunks(tagger, augmenter_of(sentences, options, tagger).epoch)


def augmenter_of(sentences: Sequence[Sentence], options: TrainOptions, tagger: Tagger) -> Augmenter:
    """The changes of `options.augment`, prepared. See `labelled_chunks`."""
    assert options.augment is not None
    return Augmenter.of(
        options.augment, sentences, seed=options.seed, share=options.augment_share, unknown=tagger.tokenizer.unk_token
    )


def check_augmentations(task: Task, options: Any) -> None:
    """See, before work starts, that the augmentations of a method's trainings can be, and change something.

    Args:
        task: its sources.
        options: of the method.

    Raises:
        OptionError: there is none of such a name, an option of it cannot be, or a share of changes has no changes.
        UsageError: there is nothing labelled.
    """
    kind: Any = type(options)
    nested = {f.name: getattr(options, f.name) for f in option_fields(kind) if f.nested}
    trainings = {name: training for name, training in nested.items() if hasattr(training, "augment")}
    if all(t.augment is None for t in trainings.values()):  # what is said of both is meant for the one that has changes
        for name, training in trainings.items():
            if not is_default(training, "augment_share"):
                raise OptionError(f"{name}.augment_share", "has no effect without `augment`")
    for name, training in trainings.items():
        chosen = training.augment
        if chosen is None:
            continue
        try:
            steps_of(chosen)
        except OptionError as error:
            raise error.inside(name) from None
        if not (any(s.sentences for s in task.sources) or task.bitext or task.translations or task.target_labels):
            raise UsageError("`augment` changes labelled sentences, and all sources are models; leave it out")
