"""Longer sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

from xlner.augment.augmentation import Augmentation
from xlner.component import option, options

if TYPE_CHECKING:
    from random import Random

    from xlner.core.types import Sentence


class LongerSentences(Augmentation):
    """Neighbours joined to one sentence, as splitters leave them that miss the ends of sentences.

    In training a sentence is followed by its neighbours as they are in the data. A test set is cut into groups, so that
    each of its sentences is there once. Sentences of different languages, or labelled and raw ones, are not joined.
    """

    @options
    class Options:
        """How long."""

        sentences: int = option(2, "How many become one.", ge=2, unit="sentences")

    @property
    def keeps_words(self) -> bool:
        """False: there are more words."""
        return False

    def prepare(self, sentences: Sequence[Sentence]) -> None:
        """Keep the neighbours."""
        self._sentences = sentences

    def change(self, sentence: Sentence, rng: Random, index: int) -> Sentence:
        """The sentence and those behind it. See `Augmentation.change`."""
        joined = [sentence]
        for following in self._sentences[index + 1 : index + self.options.sentences]:
            if not _alike(sentence, following):
                break
            joined.append(following)
        return _join(joined)

    def change_all(self, sentences: Sequence[Sentence], rng_of: Callable[[int], Random]) -> list[Sentence]:
        """Groups of neighbours. See `Augmentation.change_all`."""
        groups: list[list[Sentence]] = []
        for s in sentences:
            if groups and len(groups[-1]) < self.options.sentences and _alike(groups[-1][0], s):
                groups[-1].append(s)
            else:
                groups.append([s])
        return [_join(group) for group in groups]


def _alike(first: Sentence, other: Sentence) -> bool:
    return first.language == other.language and first.labelled == other.labelled


def _join(group: Sequence[Sentence]) -> Sentence:
    if len(group) == 1:
        return group[0]
    starts = list(accumulate((len(s) for s in group), initial=0))
    pairs = list(zip(group, starts, strict=False))
    return replace(
        group[0],
        words=tuple(w for s in group for w in s.words),
        spans=tuple(replace(x, start=x.start + n, end=x.end + n) for s, n in pairs for x in s.spans),
        missing=tuple((a + n, b + n) for s, n in pairs for a, b in s.missing),
        text=None,
        offsets=None,
    )
