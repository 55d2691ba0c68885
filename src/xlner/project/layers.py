"""The aligner that projection uses by default: several readings of one encoder, averaged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from xlner.align import Aligner, Alignment
from xlner.align.combined import merge
from xlner.align.embedding import MAX_WORDS, EmbeddingAligner
from xlner.align.matching import match
from xlner.align.windows import Pair, align_in_windows
from xlner.project.depth import HALFWAY, TWO_THIRDS, layer_at


class LayersAligner:
    """Soft links: the mean over layers and over two ways to read each of them.

    Matching methods throw away what projection can use. A link that two layers and both methods see gets a score near
    1, a doubtful one stays with a low score, and the fused score weighs it. Reads word vectors, not subwords.

    A statistical aligner can join in. It is weak on names, which are rare, and strong on words that a corpus repeats,
    so it has a small share.

    Args:
        encoder: "embedded", a folder or a hub id.
        layers: the layers to read; None takes those halfway and two thirds up, 6 and 8 of the embedded encoder's 12.
        floor: least confidence of a link in one reading.
        statistics: a statistical aligner, best fitted on more text than is to be projected.
        share: its part of the score of a link.
        device: a torch device name.
        chunk: pairs whose vectors are held in memory at a time.
    """

    def __init__(
        self,
        encoder: str = "embedded",
        *,
        layers: Sequence[int] | None = None,
        floor: float = 0.05,
        statistics: Aligner | None = None,
        share: float = 0.2,
        device: str | None = None,
        chunk: int = 2048,
    ) -> None:
        self.floor, self.chunk = floor, chunk
        self.statistics, self.share = statistics, share
        if layers is None:
            layers = sorted({layer_at(share, encoder) for share in (HALFWAY, TWO_THIRDS)})
        self._readers = [EmbeddingAligner(encoder, layers=i, level="word", device=device) for i in layers]

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """One alignment with scores in (0, 1] per pair, in order. A pair with an empty side has no links."""
        out: list[Alignment] = []
        for start in range(0, len(pairs), self.chunk):
            out += align_in_windows(pairs[start : start + self.chunk], self._align_chunk, most=MAX_WORDS)
        if self.statistics is None:
            return out
        counted = self.statistics.align(pairs)
        return [mixed(a, b, self.share) for a, b in zip(out, counted, strict=True)]

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


def mixed(soft: Alignment, counted: Alignment, share: float) -> Alignment:
    """Links of both, scored by the first less `share`, plus `share` for those that the second has."""
    pairs = np.concatenate((soft.pairs, counted.pairs))
    scores = np.ones(len(soft), np.float32) if soft.scores is None else soft.scores
    weights = np.concatenate(((1 - share) * scores, np.full(len(counted), share, np.float32)))
    links, member = np.unique(pairs, axis=0, return_inverse=True)
    return Alignment(links, np.bincount(member.reshape(-1), weights=weights, minlength=len(links)).astype(np.float32))
