"""Distillation in which the student answers a sentence and a changed copy of it alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from xlner.component import option, options
from xlner.errors import UsageError
from xlner.methods.distill import Distill

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from xlner.augment import Augmentation
    from xlner.methods.soft_labels import SoftLabelChunks
    from xlner.methods.student import Learning
    from xlner.methods.task import Task
    from xlner.tagger import Tagger
    from xlner.train.consistency import Change, CopiedChunks
    from xlner.train.consistency import Consistency as Objective

_DEFAULT = "{entity-replacement: {same_length: true, rate: 0.3}, typos: {rate: 0.1}}"


class Consistency(Distill):
    """Distil teachers, and let the student answer a raw sentence and a changed copy of it alike.

    Each raw sentence stands beside a copy with other words, others in each pass: names swapped, words misspelt,
    translated by a dictionary or masked, subwords dropped. Every word stays one word, so answers are compared word by
    word. The student learns the soft labels of the sentence, and for the copy its own answers to the sentence, with a
    weight that rises. Names are those that the teachers find.

    Reference: arXiv 2307.08714 (distillation and consistency, for semi-structured text too). Xie et al., NeurIPS 2020.
    Which changes, and the rise of the weight, are ours to choose.

    Limits: Twice the windows of distillation. A sentence that needs several windows is learnt
    from without a copy.
    """

    @options
    class Options(Distill.Options):
        """Settings of distillation with consistency."""

        perturb: str | dict[str, Any] = option(
            _DEFAULT, "Changes of the copies: names of augmentations between commas, or a mapping of names and options."
        )
        subword_dropout: float = option(
            0.1, "Share of the subwords of a copy that become the unknown piece.", ge=0, lt=1
        )
        consistency_loss: Literal["kl", "mse"] = option("kl", "Loss between the answers to sentence and copy.")
        consistency_weight: float = option(1.0, "What that loss counts in the end; that of soft labels counts 1.", ge=0)
        consistency_rise: float = option(0.5, "Share of the training over which it rises to that.", ge=0, le=1)

    @classmethod
    def check(cls, task: Task, options: Any) -> None:
        """See that the changes can be compared word by word.

        Raises:
            UsageError: they cannot, or what `Distill.check` says.
        """
        from xlner.methods.effects import check_effect

        Distill.check(task, options)
        if not options.consistency_weight:
            idle = ("perturb", "subword_dropout", "consistency_loss", "consistency_rise")
            check_effect(options, idle, "with `consistency_weight 0`")
        _steps(options)

    @classmethod
    def learning(cls, task: Task, options: Consistency.Options) -> Learning:
        """Soft labels of sentences, and the agreement of their copies."""

        def learning(student: Tagger, chunks: SoftLabelChunks, seed: int) -> tuple[CopiedChunks, Objective]:
            from xlner.train.consistency import Consistency as Objective
            from xlner.train.consistency import CopiedChunks
            from xlner.train.losses import word_loss

            copies, dropout = _copies(student, task.target, options, seed), options.subword_dropout
            loss = word_loss(options.loss, temperature=options.temperature)
            agreement = word_loss(options.consistency_loss)
            weights = {"weight": options.consistency_weight, "rise": options.consistency_rise}
            data = CopiedChunks(chunks, student.words, copies, dropout=dropout, seed=seed)
            return data, Objective(loss, agreement, **weights)

        return learning


def _steps(options: Consistency.Options) -> tuple[Augmentation, ...]:
    """The changes.

    Raises:
        UsageError: one of them makes more or fewer words.
    """
    from xlner.augment.augmenter import steps_of

    steps = steps_of(options.perturb, option="perturb")
    for step in steps:
        if not step.keeps_words:
            raise UsageError(
                f"`perturb` compares word by word, and {step.name} does not keep every word a word; "
                "entity-replacement does with same_length, code-switching with one_word, mention-dropout with how: mask"
            )
    return steps


def _copies(student: Tagger, language: str, options: Consistency.Options, seed: int) -> Change:
    """Makes the copies, with the entities that the soft labels tell."""
    from xlner.augment.augmenter import Augmenter
    from xlner.core.types import Sentence
    from xlner.tagger.decode import decode, legal_transitions

    steps, labels = _steps(options), student.labels
    allowed = legal_transitions(labels.tags)

    def copies(
        chunk: int, epoch: int, words: Sequence[Sequence[str]], targets: Sequence[np.ndarray]
    ) -> list[tuple[str, ...]]:
        sentences = [
            Sentence(tuple(w), decode(t, labels, allowed), language) for w, t in zip(words, targets, strict=True)
        ]
        made = Augmenter.of(steps, sentences, seed=seed + _CHUNKS * chunk, unknown=student.tokenizer.unk_token)
        return [s.words for s in made.epoch(epoch)]

    return copies


_CHUNKS = 1 << 32  # seeds are smaller, so that no two chunks share one
