"""Windows of raw text as training data, several languages mixed, and the masks that are drawn over them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from xlner.train.batches import Batch
from xlner.train.examples import Example
from xlner.train.masked_text import BEGIN, Windows

MASK, OTHER = 0.8, 0.9  # below the first a word becomes masks, below the second other pieces, else it stays


class MaskedChunks:
    """Windows of one or several texts as training data; each chunk has some of every text.

    An example has one position for each subword of a word that may be masked. Its target is 1 where a word begins, else
    0, and the number of its text; `mask_words` makes targets of them.

    Args:
        texts: one per language.
        new_ids: row of the trimmed embeddings for each piece of the tokenizer. Shape: (n_pieces,), int32.
        mixing: a text with n windows, the largest having m, takes part with `m (n / m)^mixing` in each epoch: at 1 each
            window once, at 0 as many of each text. No window is left out; those of smaller texts are read again.
        chunk_windows: about how many are in memory at a time.

    Reference: Conneau & Lample, NeurIPS 2019, section 3.1 (the exponent; ours never leaves text out).
    """

    def __init__(
        self, texts: Sequence[Windows], new_ids: np.ndarray, *, mixing: float = 1.0, chunk_windows: int = 10_000
    ) -> None:
        self._texts, self._new_ids = {k: t for k, t in enumerate(texts) if len(t)}, new_ids
        sizes = [len(t) for t in self._texts.values()]
        most = max(sizes, default=0)
        self._taken = [max(n, round(most * (n / most) ** mixing)) for n in sizes]
        self._chunks = math.ceil(sum(self._taken) / chunk_windows)
        self.sizes = [sum(len(r) for r in self._ranges(k)) for k in range(self._chunks)]

    @property
    def subwords(self) -> int:
        """Subwords in an epoch, those of special pieces and of overlaps too."""
        return sum(t.subwords(n) for t, n in zip(self._texts.values(), self._taken, strict=True))

    def load(self, index: int) -> list[Example]:
        """The windows of one chunk that have a word to mask."""
        parts = zip(self._texts.items(), self._ranges(index), strict=True)
        numbered = ((number, text, i % len(text)) for (number, text), part in parts for i in part)
        windows = (example_of(*text.get(i), self._new_ids, number) for number, text, i in numbered)
        return [w for w in windows if len(w.positions)]

    def _ranges(self, chunk: int) -> list[range]:
        return [range(n * chunk // self._chunks, n * (chunk + 1) // self._chunks) for n in self._taken]


def example_of(ids: np.ndarray, marks: np.ndarray, new_ids: np.ndarray, text: int) -> Example:
    """One window of text number `text` as an example, ids as in the trimmed embeddings; shapes as in `Windows.get`."""
    positions = np.flatnonzero(marks).astype(np.int32)
    begins = (marks[positions] == BEGIN).astype(np.int64)
    targets = np.stack([begins, np.full_like(begins, text)], axis=1)
    return Example(new_ids[ids], positions, targets, np.ones(len(positions), np.float32))


@dataclass(frozen=True)
class Masks:
    """How masks are drawn.

    Args:
        share: of words to be predicted.
        mask_id: the piece that stands for a masked one.
        others: pieces that may replace one. Shape: (n,), int64.
        always_mask: every word to be predicted becomes masks, as for a test.
        pad_id: the piece that fills up a batch, which comes with that of the whole vocabulary.
    """

    share: float
    mask_id: int
    others: np.ndarray
    always_mask: bool = False
    pad_id: int = 0


def mask_words(batch: Batch, masks: Masks, rng: np.random.Generator) -> tuple[Batch, np.ndarray]:
    """Mask some words of a batch, each as a whole; at least one.

    Of the words to be predicted 80 % become masks, 10 % other pieces, 10 % stay as they are.

    Args:
        batch: of `MaskedChunks`.
        masks: how they are drawn.
        rng: where from.

    Returns:
        The batch with masks, whose rows and columns are the subwords to be predicted and whose targets are their ids
        and the numbers of their texts, shape (n_subwords, 2), int64. The weights of a word's subwords add up to 1. And
        the number of the word that each belongs to, shape (n_subwords,).

    Reference: Devlin et al., NAACL 2019, section 3.1; whole words as in their later release.
    """
    begins, text = batch.targets.T
    word = begins.numpy().cumsum() - 1
    n_words = int(word[-1]) + 1
    chosen = rng.random(n_words) < masks.share
    if not chosen.any():
        chosen[rng.integers(n_words)] = True
    fate = np.zeros(n_words) if masks.always_mask else rng.random(n_words)
    at = np.flatnonzero(chosen[word])
    rows, columns = batch.rows[at], batch.columns[at]
    pieces = batch.ids[rows, columns]
    fates = fate[word[at]]
    shown = pieces.numpy().copy()
    shown[fates < MASK] = masks.mask_id
    other = (fates >= MASK) & (fates < OTHER)
    shown[other] = rng.choice(masks.others, int(other.sum()))
    ids = batch.ids.clone()
    ids[rows, columns] = torch.from_numpy(shown)
    ids[~batch.mask.bool()] = masks.pad_id
    word = word[at]
    weights = torch.from_numpy(1 / np.bincount(word)[word]).float()
    targets = torch.stack([pieces, text[at]], dim=1)
    return replace(batch, ids=ids, rows=rows, columns=columns, targets=targets, weights=weights), word
