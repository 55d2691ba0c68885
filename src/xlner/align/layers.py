"""Several readings of one encoder, averaged: what projection uses by default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from xlner.align.alignment import Alignment
from xlner.align.combined import merge
from xlner.align.embedding import MAX_WORDS, EmbeddingAligner
from xlner.align.matching import match
from xlner.align.windows import Pair, align_in_windows
from xlner.encoder.depth import HALFWAY, TWO_THIRDS, layer_at
from xlner.errors import UsageError


class LayersAligner:
    """Soft links: the mean over layers and over two ways to read each of them.

    Matching methods throw away what projection can use. A link that two layers and both methods see gets a score near
    1, a doubtful one stays with a low score, and the fused score of projection weighs it. Reads word vectors, not
    subwords. A statistical aligner can join in, see `CombinedAligner` and its way "mixed".

    Args:
        encoder: "embedded", a folder or a hub id.
        layers: the layers to read; None takes those halfway and two thirds up, 6 and 8 of the embedded encoder's 12.
        floor: least confidence of a link in one reading.
        device: a torch device name.
        precision: see `SubwordEncoder`.
        chunk: pairs whose vectors are held in memory at a time.

    Raises:
        UsageError: an option has no such value.
    """

    def __init__(
        self,
        encoder: str = "embedded",
        *,
        layers: Sequence[int] | None = None,
        floor: float = 0.05,
        device: str | None = None,
        precision: str = "auto",
        chunk: int = 2048,
    ) -> None:
        if not (0 <= floor < 1 and chunk >= 1):
            raise UsageError(f"floor is at least 0 and below 1, chunk at least 1; got {floor} and {chunk}")
        self.floor, self.chunk = floor, chunk
        if layers is not None and not len(layers):
            raise UsageError("layers names none; leave it out, or name one or more")
        if layers is None:
            layers = sorted({layer_at(share, encoder) for share in (HALFWAY, TWO_THIRDS)})
        self._readers = [
            EmbeddingAligner(encoder, layers=i, level="word", device=device, precision=precision) for i in layers
        ]

    @property
    def tokenizer(self) -> Any:
        """Of the encoder; projection gives text without spaces in its pieces."""
        return self._readers[0].tokenizer

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """One alignment with scores in (0, 1] per pair, in order. A pair with an empty side has no links."""
        out: list[Alignment] = []
        for start in range(0, len(pairs), self.chunk):
            out += align_in_windows(pairs[start : start + self.chunk], self._align_chunk, most=MAX_WORDS)
        return out

    def _align_chunk(self, pairs: Sequence[Pair]) -> list[Alignment]:
        read = [self._read(reader, pairs) for reader in self._readers]
        return [merge(of_one_pair, 1) for of_one_pair in zip(*read, strict=True)]

    def _read(self, reader: EmbeddingAligner, pairs: Sequence[Pair]) -> list[Alignment]:
        out = [Alignment(np.zeros((0, 2), np.int32), np.zeros(0, np.float32))] * len(pairs)
        with torch.inference_mode():
            for batch, items, similarity, inside in reader.similarities(pairs):
                soft = match(similarity, inside, method="softmax", threshold=self.floor, temperature=reader.temperature)
                both = (soft + (match(similarity, inside, method="mutual") > 0)) / 2
                for k, alignment in zip(batch, items.alignments(both), strict=True):
                    out[k] = alignment
        return out
