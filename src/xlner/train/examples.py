"""Training examples: windows with targets for their words, held in chunks that fit memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from xlner.core.types import Sentence
from xlner.tagger.encode import WordEncoder
from xlner.tagger.tagger import Tagger

NO_PAIR = -1


@dataclass(frozen=True, slots=True)
class Example:
    """One window with a target distribution for each of its words.

    Args:
        ids: subword ids. Shape: (n_subwords,), int32.
        positions: first subword of each word. Shape: (n_words,), int32.
        targets: tag probabilities. Shape: (n_words, n_tags), float32.
        weights: how much each word counts in the loss; 0 masks it. Shape: (n_words,), float32.
        pair: examples of one chunk with the same number stay together in a batch; -1 for none.
    """

    ids: np.ndarray
    positions: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    pair: int = NO_PAIR


class Chunks(Protocol):
    """Training data of which one chunk at a time is in memory.

    Data that changes from epoch to epoch has a method `in_epoch` too, from the number of an epoch, counted from 0, to
    its data, of which the sizes are the same.
    """

    @property
    def sizes(self) -> Sequence[int]:
        """Sentences per chunk."""
        ...

    def load(self, index: int) -> list[Example]: ...


def in_epoch(chunks: Chunks, epoch: int) -> Chunks:
    """The data of one epoch, counted from 0."""
    changed: Chunks = chunks.in_epoch(epoch) if hasattr(chunks, "in_epoch") else chunks
    return changed


def examples_of(
    encoder: WordEncoder,
    words: Sequence[Sequence[str]],
    targets: Sequence[np.ndarray],
    weights: Sequence[np.ndarray],
    *,
    pairs: Sequence[int] | None = None,
    keep_all: bool = False,
) -> list[Example]:
    """Encode sentences with word-level targets into examples.

    Args:
        encoder: of the tagger that learns.
        words: one sequence per sentence.
        targets: one array per sentence. Shape: (n_words, n_tags).
        weights: one array per sentence. Shape: (n_words,).
        pairs: number of the pair that each sentence belongs to, -1 for none.
        keep_all: keep windows in which no word counts, for objectives that learn from raw text.

    Returns:
        One example per window, in order.
    """
    out = []
    for w in encoder.windows(words):
        part = slice(w.first_word, w.first_word + len(w.positions))
        if keep_all or weights[w.sentence][part].any():
            pair = NO_PAIR if pairs is None else pairs[w.sentence]
            out.append(Example(w.ids, w.positions, targets[w.sentence][part], weights[w.sentence][part], pair))
    return out


class LabelledChunks:
    """Labelled sentences in memory as one chunk.

    Labels become one-hot targets. Words without a known label get weight 0, and so do sentences that nobody labelled.
    """

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


class RawChunks:
    """Raw sentences in memory as one chunk, for objectives that need no labels: all weights are 0.

    Args:
        tagger: that learns.
        sentences: their labels are not looked at.
        pairs: number of the pair that each sentence belongs to; None for no pairs.
    """

    def __init__(self, tagger: Tagger, sentences: Sequence[Sentence], pairs: Sequence[int] | None = None) -> None:
        n_tags = len(tagger.labels.tags)
        self.sizes = [len(sentences)]
        self._examples = examples_of(
            tagger.words,
            [s.words for s in sentences],
            [np.zeros((len(s), n_tags), np.float32) for s in sentences],
            [np.zeros(len(s), np.float32) for s in sentences],
            pairs=pairs,
            keep_all=True,
        )

    def load(self, index: int) -> list[Example]:
        return self._examples


class ChangingChunks:
    """Labelled sentences that are others in each epoch, in memory as one chunk; of one epoch at a time.

    Args:
        tagger: that learns.
        sentences: from the number of an epoch, counted from 0, to its sentences, as many in each.
    """

    def __init__(self, tagger: Tagger, sentences: Callable[[int], Sequence[Sentence]]) -> None:
        self._tagger, self._sentences = tagger, sentences
        self._epoch, self._chunks = 0, LabelledChunks(tagger, sentences(0))
        self.sizes = self._chunks.sizes

    def in_epoch(self, epoch: int) -> LabelledChunks:
        """The data of one epoch."""
        if epoch != self._epoch:
            self._epoch, self._chunks = epoch, LabelledChunks(self._tagger, self._sentences(epoch))
        return self._chunks

    def load(self, index: int) -> list[Example]:
        return self.in_epoch(0).load(index)
