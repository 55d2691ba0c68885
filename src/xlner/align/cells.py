"""Similarities of many sentence pairs as batches of matrices, and the way from their cells to links."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import torch

from xlner.align.alignment import Alignment
from xlner.align.subwords import SubwordVectors

_CELLS_PER_BATCH = 1 << 20


class Items:
    """Which word each row and column of a batch of matrices belongs to.

    Args:
        source: word index per row. Shape: (n_pairs, n_source), int64.
        target: word index per column. Shape: (n_pairs, n_target), int64.
    """

    def __init__(self, source: np.ndarray, target: np.ndarray) -> None:
        self.source, self.target = source, target

    def alignments(self, confidence: torch.Tensor) -> list[Alignment]:
        """Links between words, each with the highest confidence of its cells above 0.

        Args:
            confidence: 0 where there is no link. Shape: (n_pairs, n_source, n_target), float32.
        """
        cells = confidence.nonzero()
        scores = confidence[cells[:, 0], cells[:, 1], cells[:, 2]].cpu().numpy()
        pair, row, column = cells.cpu().numpy().T
        source, target = self.source[pair, row], self.target[pair, column]
        order = np.lexsort((target, source, pair))
        pair, source, target, scores = pair[order], source[order], target[order], scores[order]
        new = np.ones(len(order), bool)
        new[1:] = (pair[1:] != pair[:-1]) | (source[1:] != source[:-1]) | (target[1:] != target[:-1])
        first = new.nonzero()[0]
        best = np.maximum.reduceat(scores, first) if len(first) else scores
        links = np.stack([source[first], target[first]], 1).astype(np.int32)
        cuts = np.searchsorted(pair[first], np.arange(len(confidence) + 1))
        return [Alignment(links[a:b], best[a:b]) for a, b in pairwise(cuts)]


def batches(sizes: np.ndarray) -> Iterator[list[int]]:
    """Pairs of like size together, as many as fit the budget of cells; pairs with an empty side are left out.

    Args:
        sizes: rows and columns per pair. Shape: (n_pairs, 2), int64.
    """
    batch: list[int] = []
    top = np.zeros(2, np.int64)
    for k in np.lexsort((sizes[:, 1], sizes[:, 0], sizes.max(1, initial=0))).tolist():
        if not sizes[k].all():
            continue
        grown = np.maximum(top, sizes[k])
        if batch and grown.prod() * (len(batch) + 1) > _CELLS_PER_BATCH:
            yield batch
            batch, grown = [], sizes[k]
        batch.append(k)
        top = grown
    if batch:
        yield batch


def pairwise_similarities(items: SubwordVectors, sides: np.ndarray) -> tuple[Items, torch.Tensor, torch.Tensor]:
    """Similarities of the sentences of several pairs. `sides` holds their numbers. Shape: (n_pairs, 2), int64."""
    rows, real = zip(*(_padded(items.starts, sides[:, side]) for side in (0, 1)), strict=True)
    device = items.vectors.device
    source, target = (items.vectors[torch.from_numpy(r).to(device)] for r in rows)
    inside = torch.from_numpy(real[0][:, :, None] & real[1][:, None, :]).to(device)
    words = Items(*(np.where(ok, items.words[r], 0) for r, ok in zip(rows, real, strict=True)))
    return words, source @ target.transpose(1, 2), inside


def _padded(starts: np.ndarray, sentences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of several sentences and which of them are no padding. Shapes: (n_sentences, longest), int64, bool."""
    lengths = starts[sentences + 1] - starts[sentences]
    steps = np.arange(int(lengths.max()))
    real = steps < lengths[:, None]
    return np.where(real, starts[sentences][:, None] + steps, 0), real
