"""What a model's answers tell of how right they are, beside expected F1; no label is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner.core.types import Sentence
from xlner.evaluate.estimate import span_probabilities

ENTROPY, UNSURE, UNCASED = "entropy", "unsure", "uncased"
DISTILLED = "distilled"  # 1 for a model that learnt in the target language, without its labels; 0 for teachers
LEARNT = "learnt"  # `by_heart` for a student on the very raw text that it learnt from, 0 for others
_SURE = 0.7  # least probability of an entity that counts as sure
_TINY = 1e-9
_LITTLE = 10_000  # words of raw text


def by_heart(words: int) -> float:
    """How much surer a student is of its own raw text than of other text, relative to one that had little raw text.

    Args:
        words: of its raw text.

    Returns:
        1 up to 10 000 words, then the third root of their share: 0.69 for 30 000, 0.34 for 260 000.
    """
    return min(1.0, (_LITTLE / max(words, 1)) ** (1 / 3))


@dataclass
class Clues:
    """Sums over the sentences of a text, one sentence at a time.

    Models are more often wrong where they hesitate, and where names do not begin with a capital: in scripts without
    case, in languages with prefixes before names, and in collections that take other things for names.

    Args:
        words: how many were read.
        entropy: of their tags, nats, summed.
        entities: how many were predicted.
        unsure: how many of them are right with a probability below 0.7, as `span_probabilities` has it.
        entity_words: words in them.
        uncased: how many of those words do not begin with a capital.
    """

    words: int = 0
    entropy: float = 0.0
    entities: int = 0
    unsure: int = 0
    entity_words: int = 0
    uncased: int = 0

    def add(self, sentence: Sentence, probabilities: NDArray[Any], types: Sequence[str]) -> None:
        """Count one sentence with predicted spans.

        Args:
            sentence: its spans are the predictions.
            probabilities: tags in the order O, B-first, I-first, ... Shape: (n_words, n_tags).
            types: entity types in the order of tags.
        """
        rows = np.asarray(probabilities, np.float64)
        self.words += len(rows)
        self.entropy -= float((rows * np.log(np.maximum(rows, _TINY))).sum())
        self.entities += len(sentence.spans)
        self.unsure += int((span_probabilities(rows, sentence.spans, types) < _SURE).sum())
        named = [word for span in sentence.spans for word in sentence.words[span.start : span.end]]
        self.entity_words += len(named)
        self.uncased += sum(not word[:1].isupper() for word in named)

    def features(self) -> dict[str, float]:
        """For an `Estimator`: "entropy", nats per word; shares of entities, "unsure", and of their words, "uncased"."""
        return {
            ENTROPY: self.entropy / max(self.words, 1),
            UNSURE: self.unsure / max(self.entities, 1),
            UNCASED: self.uncased / max(self.entity_words, 1),
        }
