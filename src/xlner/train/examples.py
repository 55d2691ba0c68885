"""Training examples, in chunks that fit memory, and their batches by length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from xlner.core.types import Sentence
from xlner.tagger.encode import WordEncoder, pad_batch, token_batches
from xlner.tagger.tagger import Tagger


@dataclass(frozen=True, slots=True)
class Example:
    """One window with a target distribution for each of its words.

    Args:
        ids: subword ids. Shape: (n_subwords,), int32.
        positions: first subword of each word. Shape: (n_words,), int32.
        targets: tag probabilities. Shape: (n_words, n_tags), float32.
        weights: how much each word counts in the loss; 0 masks it. Shape: (n_words,), float32.
    """

    ids: np.ndarray
    positions: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


class Chunks(Protocol):
    """Training data of which one chunk at a time is in memory."""

    @property
    def sizes(self) -> Sequence[int]:
        """Sentences per chunk."""
        ...

    def load(self, index: int) -> list[Example]: ...


def examples_of(
    encoder: WordEncoder,
    words: Sequence[Sequence[str]],
    targets: Sequence[np.ndarray],
    weights: Sequence[np.ndarray],
) -> list[Example]:
    """Encode sentences with word-level targets, shapes (n_words, n_tags), and weights, (n_words,), into examples.

    Windows in which no word counts are left out.
    """
    out = []
    for w in encoder.windows(words):
        part = slice(w.first_word, w.first_word + len(w.positions))
        if weights[w.sentence][part].any():
            out.append(Example(w.ids, w.positions, targets[w.sentence][part], weights[w.sentence][part]))
    return out


class LabelledChunks:
    """Labelled sentences in memory as one chunk; labels become one-hot targets, missing labels weight 0."""

    def __init__(self, tagger: Tagger, sentences: Sequence[Sentence]) -> None:
        rows = np.eye(len(tagger.labels.tags), dtype=np.float32)
        ids = [np.asarray(tagger.labels.tag_ids(s), np.int64) for s in sentences]
        self.sizes = [len(sentences)]
        self._examples = examples_of(
            tagger.words,
            [s.words for s in sentences],
            [rows[np.maximum(i, 0)] for i in ids],
            [(i >= 0).astype(np.float32) for i in ids],
        )

    def load(self, index: int) -> list[Example]:
        return self._examples


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded windows, and the words in them that count.

    `rows` and `columns` find each word's first subword in the (n_windows, longest) grids. `share` is the part of the
    epoch's sentences done once this batch is done, in (0, 1].
    """

    ids: torch.Tensor
    mask: torch.Tensor
    rows: torch.Tensor
    columns: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor
    share: float

    @property
    def subwords(self) -> int:
        """Subwords without padding."""
        return int(self.mask.sum())


def _collate(examples: Sequence[Example], pad_id: int, share: float) -> Batch:
    ids, mask = pad_batch([e.ids for e in examples], pad_id)
    rows = np.repeat(np.arange(len(examples)), [len(e.positions) for e in examples])
    return Batch(
        torch.from_numpy(ids),
        torch.from_numpy(mask),
        torch.from_numpy(rows),
        torch.from_numpy(np.concatenate([e.positions for e in examples]).astype(np.int64)),
        torch.from_numpy(np.concatenate([e.targets for e in examples])),
        torch.from_numpy(np.concatenate([e.weights for e in examples])),
        share,
    )


def epoch_batches(
    chunks: Chunks,
    *,
    epoch: int,
    seed: int,
    budget: int,
    pad_id: int,
    skip: int = 0,
    rank: int = 0,
    world: int = 1,
) -> Iterator[Batch]:
    """Batches of one epoch in an order that only `seed` and `epoch` decide.

    Chunks come in random order; within a chunk windows of like length share a batch and batches are shuffled. Each of
    `world` processes gets every `world`-th batch, and the same number of them.

    Args:
        skip: batches of this process to pass over, to continue an interrupted epoch.
    """
    chance = np.random.default_rng([seed, epoch])
    total, done, count = sum(chunks.sizes), 0, 0
    for index in chance.permutation(len(chunks.sizes)):
        examples = chunks.load(int(index))
        order = chance.permutation(len(examples))
        batches = token_batches([len(examples[i].ids) for i in order], budget)
        batches = [batches[i] for i in chance.permutation(len(batches))]
        batches += batches[: -len(batches) % world]
        size = chunks.sizes[index]
        for number, members in enumerate(batches[rank::world], 1):
            count += 1
            if count > skip:
                share = (done + size * number * world / len(batches)) / total
                yield _collate([examples[order[i]] for i in members], pad_id, share)
        done += size
