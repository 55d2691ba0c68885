"""Similarity of span embeddings: an entity and its translation lie close in a multilingual encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from xlner.component import option, options
from xlner.project.pair import Pair
from xlner.project.scores.evidence import Evidence
from xlner.project.scores.score import ScorePart, Scores

_AT_ONCE = 1000  # pairs whose vectors are in memory together, and have one mean

if TYPE_CHECKING:
    from xlner.align.subwords import SubwordVectors


class EmbeddingScore(ScorePart):
    """Cosine of entity and candidate in a multilingual encoder.

    Of mean subword vectors, read in context, after the mean vector of each side is taken off. Without that last step
    all vectors of an encoder point one way and all cosines are near 1. Values below 0 become 0.
    """

    @options
    class Options:
        """Which encoder, and where it is read."""

        encoder: str = option("embedded", "The encoder: 'embedded', a folder or a hub id.")
        layer: int | None = option(
            None, "Hidden layer to read; by default two thirds up, 8 of the embedded encoder's 12.", ge=0
        )
        device: str | None = option(None, "A torch device.", decides=False)

    def __init__(self, options: Any = None, /, **values: Any) -> None:
        super().__init__(options, **values)
        from xlner.align.subwords import SubwordEncoder
        from xlner.encoder.depth import TWO_THIRDS, layer_at

        o = self.options
        layer = layer_at(TWO_THIRDS, o.encoder) if o.layer is None else o.layer
        self._encoder = SubwordEncoder(o.encoder, layers=[layer], device=o.device)

    def __call__(self, pairs: Sequence[Pair], candidates: Sequence[np.ndarray], evidence: Evidence) -> Scores:
        """Pairs with no entity or candidate are not encoded.

        Returns:
            One array per pair. Shape: (n_entities, n_candidates), float64, in [0, 1].
        """
        out = [np.zeros((len(p.entities), len(c))) for p, c in zip(pairs, candidates, strict=True)]
        busy = [i for i, scores in enumerate(out) if scores.size]
        for first in range(0, len(busy), _AT_ONCE):
            some = busy[first : first + _AT_ONCE]
            left = _Prefix(self._encoder.encode([pairs[i].source.words for i in some]))
            right = _Prefix(self._encoder.encode([pairs[i].target.words for i in some]))
            for k, i in enumerate(some):
                entities = np.array([(e.start, e.end) for e in pairs[i].entities], np.int64)
                out[i] = np.clip(left.spans(k, entities) @ right.spans(k, candidates[i]).T, 0.0, 1.0)
        return out


class _Prefix:
    """Running sums of subword vectors less their mean, so that the mean of a range of words is one subtraction."""

    def __init__(self, encoded: SubwordVectors) -> None:
        vectors = encoded.vectors.cpu().numpy().astype(np.float64)
        vectors -= vectors.mean(0) if len(vectors) else 0.0
        self._until = np.concatenate((np.zeros((1, vectors.shape[1])), vectors.cumsum(0)))
        self._starts, self._words = encoded.starts, encoded.words

    def spans(self, sentence: int, ranges: np.ndarray) -> np.ndarray:
        """Unit vectors of word ranges of one sentence. Shape: (n_ranges, n_dimensions)."""
        low, high = self._starts[sentence], self._starts[sentence + 1]
        words = self._words[low:high]
        starts = low + np.searchsorted(words, ranges[:, 0])
        ends = low + np.searchsorted(words, ranges[:, 1])
        sums = self._until[ends] - self._until[starts]
        return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
