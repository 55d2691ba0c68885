"""Word alignment from the vectors of a multilingual encoder, many sentence pairs at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import torch

from xlner.align.alignment import Alignment
from xlner.align.matching import METHODS, match, refine
from xlner.align.subwords import SubwordEncoder, SubwordVectors
from xlner.align.windows import Pair, align_in_windows
from xlner.errors import UsageError

MAX_WORDS = 1500
"""Longer sides go through in windows along the diagonal, so that the matrix of a pair stays small."""

SOFTMAX_THRESHOLD = 0.4
SOFTMAX_TEMPERATURE = 0.15

_AS_THEY_ARE: dict[str, Any] = {"centre": False, "hubs": 0, "diagonal": 0.0}
SIMALIGN: dict[str, Any] = {**_AS_THEY_ARE, "layers": 8, "method": "itermax"}
"""Settings of SimAlign, for comparison."""
AWESOME: dict[str, Any] = {
    **_AS_THEY_ARE,
    "layers": 8,
    "method": "softmax",
    "similarity": "dot",
    "temperature": 1.0,
    "threshold": 0.001,
}
"""Settings of AWESOME without fine-tuning, for comparison."""

_CELLS_PER_BATCH = 1 << 20
_MAX_CELLS = 1 << 25


class EmbeddingAligner:
    """Links words whose vectors are alike.

    Every distinct sentence of a chunk is encoded once, up to the layer asked for; the similarities of many pairs are
    then one batched product, and matching works on all of them together. Links between subwords become links
    between their words, with the highest of their confidences. Nothing is trained, so any language that the
    encoder knows can be aligned with any other.

    The defaults were chosen on the dev parts of XL-WA for the embedded encoder. `SIMALIGN` and `AWESOME` are the
    settings of the systems of those names.

    Args:
        encoder: "embedded", a folder or a hub id; or an encoder that is already loaded, which then decides on layers,
            device, precision, window and batches.
        layers: hidden layers to compare, 0 being the embeddings. With several, cosines are averaged. None takes the
            one that lies 7/12 of the way up, which is 7 for the embedded encoder.
        method: see `xlner.align.matching.match`.
        threshold: see there; None takes 0.4 for "softmax" and 0 for the others.
        temperature: for "softmax": similarities are divided by it; None takes 0.15.
        similarity: "cosine" or "dot" (the product of the vectors as they are).
        centre: take the mean of its sentence off every vector.
        hubs: see `xlner.align.matching.refine`; 0 leaves it out.
        diagonal: see there; 0 leaves it out.
        level: compare "subword" or "word" vectors, the latter the mean of their subwords.
        device: a torch device name; None takes an accelerator if there is one.
        precision: "auto", "fp32", "bf16" or "int8"; see `SubwordEncoder`.
        max_subwords: window of the encoder with special tokens.
        batch_subwords: subwords per batch, padding included; None takes what suits the device.
        chunk: pairs whose vectors are held in memory at a time.

    Raises:
        UsageError: an option has no such value.
        ModelError: the encoder cannot be loaded.

    References:
        Jalili Sabet et al., "SimAlign: High Quality Word Alignments Without Parallel Training Data Using Static and
        Contextualized Embeddings", Findings of EMNLP 2020. Dou and Neubig, "Word Alignment by Fine-tuning Embeddings
        on Parallel Corpora", EACL 2021.

    Limits: in pairs with a side of more than 1500 words, links far from the diagonal can be missed. Words that the
    encoder has never seen, such as scripts outside its vocabulary, are linked by their context alone.
    """

    def __init__(
        self,
        encoder: str | SubwordEncoder = "embedded",
        *,
        layers: int | Sequence[int] | None = None,
        method: str = "softmax",
        threshold: float | None = None,
        temperature: float | None = None,
        similarity: Literal["cosine", "dot"] = "cosine",
        centre: bool = True,
        hubs: int = 5,
        diagonal: float = 0.1,
        level: Literal["subword", "word"] = "subword",
        device: str | None = None,
        precision: str = "auto",
        max_subwords: int = 256,
        batch_subwords: int | None = None,
        chunk: int = 2048,
    ) -> None:
        if method not in METHODS:
            raise UsageError(f"--method is one of {', '.join(METHODS)}; got '{method}'")
        if similarity not in ("cosine", "dot"):
            raise UsageError(f"similarity is cosine or dot, got '{similarity}'")
        if level not in ("subword", "word"):
            raise UsageError(f"level is subword or word, got '{level}'")
        if not (hubs >= 0 and 0 <= diagonal < float("inf")):
            raise UsageError(f"hubs and diagonal are at least 0, got {hubs} and {diagonal}")
        if threshold is None:
            threshold = SOFTMAX_THRESHOLD if method == "softmax" else 0.0
        if not 0 <= threshold < 1:
            raise UsageError(f"--threshold is at least 0 and below 1, got {threshold}")
        if temperature is not None and method != "softmax":
            raise UsageError(f"temperature is for the method softmax; with {method} it changes nothing")
        temperature = SOFTMAX_TEMPERATURE if temperature is None else temperature
        if not temperature > 0:
            raise UsageError(f"temperature is above 0, got {temperature}")
        self.method, self.threshold, self.temperature = method, threshold, temperature
        self.similarity, self.centre, self.hubs, self.diagonal = similarity, centre, hubs, diagonal
        self.level, self.chunk = level, max(1, chunk)
        if isinstance(encoder, SubwordEncoder):
            self.encoder = encoder
            return
        self.encoder = SubwordEncoder(
            encoder,
            layers=(layers,) if isinstance(layers, int) else layers,
            device=device,
            precision=precision,
            max_subwords=max_subwords,
            batch_subwords=batch_subwords,
        )

    @property
    def tokenizer(self) -> Any:
        """Of the encoder; projection gives text without spaces in its pieces."""
        return self.encoder.tokenizer

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """One alignment with confidences per pair, in order.

        Args:
            pairs: words of the source and of the target sentence; either may be empty.

        Returns:
            The alignments. Confidences are in (0, 1].
        """
        out: list[Alignment] = []
        for start in range(0, len(pairs), self.chunk):
            out += align_in_windows(pairs[start : start + self.chunk], self._align_chunk, most=MAX_WORDS)
        return out

    def similarities(self, pairs: Sequence[Pair]) -> Iterator[tuple[list[int], Items, torch.Tensor, torch.Tensor]]:
        """Similarities of all subwords (or words) of every pair with two sides, in batches of pairs of like size.

        Yields:
            Indices of the pairs, what rows and columns stand for, the similarities and which cells are no padding.
            Shapes of the last two: (n_pairs, n_source, n_target), float32 and bool.
        """
        sentences: dict[tuple[str, ...], int] = {}
        sides = [tuple(sentences.setdefault(tuple(side), len(sentences)) for side in pair) for pair in pairs]
        encoded = self.encoder.encode(list(sentences))
        if self.centre:
            encoded = encoded.centred()
        by_word = encoded.averaged()
        if self.similarity == "cosine":
            encoded, by_word = encoded.scaled(), by_word.scaled()
        detailed = encoded if self.level == "subword" else by_word
        sizes = np.diff(detailed.starts)[np.array(sides, np.int64).reshape(-1, 2)]
        for batch in _batches(sizes):
            items = detailed if sizes[batch[0]].prod() <= _MAX_CELLS else by_word
            words, similarity, inside = _compare(items, np.array([sides[k] for k in batch]))
            if self.hubs or self.diagonal:
                similarity = refine(similarity, inside, hubs=self.hubs, diagonal=self.diagonal)
            yield batch, words, similarity, inside

    def _align_chunk(self, pairs: Sequence[Pair]) -> list[Alignment]:
        out = [Alignment(np.zeros((0, 2), np.int32), np.zeros(0, np.float32))] * len(pairs)
        with torch.inference_mode():
            for batch, items, similarity, inside in self.similarities(pairs):
                confidence = match(
                    similarity,
                    inside,
                    method=self.method,
                    threshold=self.threshold,
                    temperature=self.temperature,
                )
                for k, alignment in zip(batch, items.alignments(confidence), strict=True):
                    out[k] = alignment
        return out


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


def _batches(sizes: np.ndarray) -> Iterator[list[int]]:
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


def _compare(items: SubwordVectors, sides: np.ndarray) -> tuple[Items, torch.Tensor, torch.Tensor]:
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
