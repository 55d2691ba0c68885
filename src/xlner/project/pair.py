"""What projection works on: a labelled sentence, its translation, and the choice to be made between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xlner.align import Alignment
from xlner.core.types import Sentence, Span
from xlner.errors import DataError

_ALIKE = 1.4


def length_ratio(sources: Sequence[Sentence], targets: Sequence[Sentence]) -> float:
    """Target words per source word; 1 where words are of one kind, that is up to 1.4 on one side for 1 on the other.

    Text without spaces comes as characters, or little more, of which a name has many.
    """
    ratio = sum(map(len, targets)) / max(1, sum(map(len, sources)))
    return ratio if ratio > 0 and not 1 / _ALIKE <= ratio <= _ALIKE else 1.0


@dataclass(frozen=True, eq=False)
class Pair:
    """A labelled source sentence and its translation.

    Args:
        source: the sentence whose entities are to be projected.
        target: its translation; labels there are ignored.
        alignment: links between source and target words, if anyone made them.
        ratio: target words per source word of the corpus; see `length_ratio`.

    Raises:
        DataError: the alignment names a word that one of the sentences does not have.
    """

    source: Sentence
    target: Sentence
    alignment: Alignment | None = None
    ratio: float = 1.0

    def __post_init__(self) -> None:
        if self.alignment is None or not len(self.alignment):
            return
        last = self.alignment.pairs.max(0)
        if last[0] >= len(self.source) or last[1] >= len(self.target):
            raise DataError(
                f"the alignment links words {last[0]} and {last[1]}, but the sentences have {len(self.source)} and "
                f"{len(self.target)} words (counted from 0); is it of other files, or counted from 1?",
                path=self.target.where or self.source.where,
            )

    @property
    def entities(self) -> tuple[Span, ...]:
        """The source entities, in order."""
        return self.source.spans

    def linked(self, entity: Span) -> np.ndarray:
        """Target words linked to the words of an entity, sorted. Shape: (n_linked,), int32."""
        if self.alignment is None:
            return np.empty(0, np.int32)
        return self.alignment.targets_of(entity.start, entity.end)


@dataclass(frozen=True, eq=False)
class Problem:
    """One sentence pair, ready for a matcher.

    Args:
        pair: the sentences.
        candidates: target ranges `[start, end)` that an entity may go to. Shape: (n_candidates, 2), int32.
        scores: how well each range matches each entity; 0 or less means it does not. Shape: (n_entities,
            n_candidates), float64.
        threshold: scores up to this one do not count, unless the matcher has a threshold of its own.
        support: what is held against the threshold in place of the scores. Shape: as `scores`.
    """

    pair: Pair
    candidates: np.ndarray
    scores: np.ndarray
    threshold: float = 0.0
    support: np.ndarray | None = None

    def __post_init__(self) -> None:
        wanted = (len(self.pair.entities), len(self.candidates))
        for name, values in (("scores", self.scores), ("support", self.support)):
            if values is not None and values.shape != wanted:
                raise ValueError(f"{name} must be (n_entities, n_candidates) = {wanted}, got {values.shape}")

    @classmethod
    def bare(cls, pair: Pair) -> Problem:
        """Without candidates, for matchers that need none."""
        return cls(pair, np.empty((0, 2), np.int32), np.empty((len(pair.entities), 0)))
