"""What a NER model says of the target sentences, computed once for candidates and scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xlner.core.labels import LabelSet
from xlner.core.types import Span
from xlner.project.pair import Pair

if TYPE_CHECKING:
    from xlner.tagger import Tagger


@dataclass(frozen=True)
class Evidence:
    """What a NER model says of the target sentences; nothing without a model.

    Args:
        probabilities: tag probabilities per target sentence, or None without a model. Shapes: (n_words, n_tags).
        labels: what their columns mean.
        spans: the entities it finds; their types are not used.
    """

    probabilities: list[np.ndarray] | None = None
    labels: LabelSet | None = None
    spans: list[tuple[Span, ...]] | None = None

    @classmethod
    def of(cls, pairs: Sequence[Pair], tagger: Tagger | None) -> Evidence:
        """Run the model, if there is one, over the targets of pairs with entities."""
        if tagger is None:
            return cls()
        from xlner.tagger.decode import decode, legal_transitions

        busy = [i for i, p in enumerate(pairs) if p.entities]
        n_tags = len(tagger.labels.tags)
        probabilities = [np.zeros((len(p.target), n_tags), np.float32) for p in pairs]
        for i, of_words in zip(busy, tagger.probabilities([pairs[i].target for i in busy]), strict=True):
            probabilities[i] = of_words
        allowed = legal_transitions(tagger.labels.tags)
        spans = [decode(p, tagger.labels, allowed) if p.any() else () for p in probabilities]
        return cls(probabilities, tagger.labels, spans)
