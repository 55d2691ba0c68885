"""Consistency: a sentence and a changed copy of it are to be answered alike, word by word."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import torch

from xlner.tagger.encode import WordEncoder
from xlner.train.examples import NO_PAIR, Example, examples_of
from xlner.train.losses import WordLoss
from xlner.train.objective import Loss, StepInput, StreamInput

Change = Callable[[int, int, Sequence[Sequence[str]], Sequence[np.ndarray]], Sequence[Sequence[str]]]
"""From number of the chunk, number of the epoch, words and targets of sentences to the words of their copies."""


class LabelledWords(Protocol):
    """Sentences with targets, chunk by chunk."""

    @property
    def sizes(self) -> Sequence[int]:
        """Sentences per chunk."""
        ...

    def sentences(self, index: int) -> tuple[list[list[str]], list[np.ndarray], list[np.ndarray]]:
        """Words, targets and weights. Shapes for each sentence: (n_words,), (n_words, n_tags), (n_words,)."""
        ...


class CopiedChunks:
    """Sentences with targets, each in a pair with a changed copy, whose words have weight 0. Each epoch has new copies.

    A sentence that needs more than one window, itself or its copy, has no copy: their windows may end at other words.

    Args:
        chunks: the sentences.
        encoder: of the tagger that learns.
        change: makes the copies; every word stays one word.
        dropout: share of the subwords of a copy that become the unknown piece.
        seed: of that.
        epoch: counted from 0.
    """

    def __init__(
        self,
        chunks: LabelledWords,
        encoder: WordEncoder,
        change: Change,
        *,
        dropout: float = 0.0,
        seed: int = 1,
        epoch: int = 0,
    ) -> None:
        self.sizes = chunks.sizes
        self._chunks, self._encoder, self._change = chunks, encoder, change
        self._dropout, self._seed, self._epoch = dropout, seed, epoch

    def in_epoch(self, epoch: int) -> CopiedChunks:
        """The data of one epoch."""
        changed = copy(self)
        changed._epoch = epoch
        return changed

    def load(self, index: int) -> list[Example]:
        words, targets, weights = self._chunks.sentences(index)
        numbers = range(len(words))
        examples = examples_of(self._encoder, words, targets, weights, pairs=numbers, keep_all=True)
        changed = self._change(index, self._epoch, words, targets)
        nothing = [np.zeros_like(w) for w in weights]
        copies = examples_of(self._encoder, changed, targets, nothing, pairs=numbers, keep_all=True)
        windows = [Counter(e.pair for e in some) for some in (examples, copies)]
        paired = {n for n in numbers if windows[0][n] == windows[1][n] == 1}
        rng = np.random.default_rng([self._seed, self._epoch, index])
        out = [e if e.pair in paired else replace(e, pair=NO_PAIR) for e in examples]
        out = [e for e in out if e.pair != NO_PAIR or e.weights.any()]
        return out + [replace(e, ids=self._dropped(e.ids, rng)) for e in copies if e.pair in paired]

    def _dropped(self, ids: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        chosen = rng.random(len(ids)) < self._dropout
        tokenizer: Any = self._encoder.tokenizer
        unknown = tokenizer.unk_token_id
        special = np.isin(ids, tokenizer.all_special_ids)
        return ids if unknown is None else np.where(chosen & ~special, np.int32(unknown), ids)


class Consistency:
    """A loss of words on the sentences, and one between their answers and those to their copies.

    The answers to the sentences are fixed: the copies are drawn to them. The second loss counts
    `weight * exp(-5 (1 - t)^2)`, where t rises from 0 to 1 over the first `rise` of the training, so that answers are
    worth something before they are learnt from.

    Args:
        words: loss of the targets.
        agreement: loss between the answers to a copy, and the probabilities of the sentence as targets.
        weight: of the second loss in the end.
        rise: share of the training over which it rises; 0 gives it its whole weight at once.

    Reference: Xie et al., NeurIPS 2020 (UDA: fixed answers to the original). Laine & Aila, ICLR 2017 (the rise).
    """

    def __init__(self, words: WordLoss, agreement: WordLoss, *, weight: float, rise: float) -> None:
        self._words, self._agreement, self._weight, self._rise = words, agreement, weight, rise

    def __call__(self, step: StepInput) -> Loss:
        losses = [self._words(s.logits, s.targets, s.weights) for s in step.streams.values()]
        labels = torch.stack(losses).sum()
        originals, copies = paired_words(step.first)
        answers = step.first.logits[originals].detach().softmax(-1)
        agreement = self._agreement(step.first.logits[copies], answers, answers.new_ones(len(answers)))
        return labels + self.weight(step.done) * agreement, {"labels": labels, "consistency": agreement}

    def weight(self, done: float) -> float:
        """Of the second loss when the share `done` of the training is done."""
        risen = min(1.0, done / self._rise) if self._rise else 1.0
        return self._weight * math.exp(-5 * (1 - risen) ** 2)


def paired_words(stream: StreamInput) -> tuple[torch.Tensor, torch.Tensor]:
    """Numbers of the words in the first window of each pair, and of the same words in the second.

    Shapes: (n_words in pairs / 2,), int64.
    """
    same = (stream.pairs[:, None] == stream.pairs[None]) & (stream.pairs != NO_PAIR)
    first, second = same.triu(1).any(1), same.tril(-1).any(1)
    return first[stream.rows].nonzero()[:, 0], second[stream.rows].nonzero()[:, 0]
