"""What projection returns: labelled target sentences, and what became of every source entity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from xlner.align import Alignment
from xlner.core.types import Sentence, Span
from xlner.project.fates import Fate, Reason
from xlner.project.missing import ranges_of, unknown_words


@dataclass(frozen=True, eq=False)
class Projected:
    """One projected sentence.

    Args:
        source: the labelled source sentence.
        sentence: the target sentence with projected spans; its `missing` words have unknown labels.
        fates: one per source entity, in order.
        alignment: the links that were used, if any.
        unmet: the number of projections per entity that was asked for could not be had.
    """

    source: Sentence
    sentence: Sentence
    fates: tuple[Fate, ...]
    alignment: Alignment | None = None
    unmet: bool = False

    @classmethod
    def of(
        cls,
        source: Sentence,
        target: Sentence,
        fates: Sequence[Fate],
        alignment: Alignment | None = None,
        *,
        unmet: bool = False,
    ) -> Projected:
        """Put spans and missing words together."""
        spans = tuple(sorted((s for f in fates for s in f.spans), key=lambda s: s.start))
        labelled = target.with_spans(spans)
        ranges = unknown_words(source, len(target), fates, alignment)
        return cls(source, replace(labelled, missing=ranges), tuple(fates), alignment, unmet)

    def with_fates(self, fates: Sequence[Fate], *, claims: Sequence[Span] = ()) -> Projected:
        """The same sentence with other fates; words that were missing before stay so, unless a span has them now.

        Args:
            fates: one per source entity, in order.
            claims: spans of somebody else, whose words are missing as well.
        """
        new = Projected.of(self.source, self.sentence, fates, self.alignment, unmet=self.unmet)
        unknown = np.zeros(len(self.sentence), bool)
        for start, end in (*self.sentence.missing, *new.sentence.missing, *((s.start, s.end) for s in claims)):
            unknown[start:end] = True
        for span in new.sentence.spans:
            unknown[span.start : span.end] = False
        return replace(new, sentence=replace(new.sentence, missing=ranges_of(unknown)))

    @property
    def score(self) -> float:
        """Confidence in the whole sentence: the lowest score of its spans; 1 without entities, 0 if one was lost."""
        if any(f.reason is not Reason.PROJECTED for f in self.fates):
            return 0.0
        return min((1.0 if s.score is None else s.score for s in self.sentence.spans), default=1.0)


@dataclass(frozen=True, eq=False)
class ProjectionResult:
    """A projected corpus.

    Args:
        items: one per sentence pair, in order.
        settings: what it was made with, for the record.
        remarks: what reading the files left out or took for granted.
    """

    items: tuple[Projected, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Projected]:
        return iter(self.items)

    @property
    def sentences(self) -> list[Sentence]:
        """The labelled target sentences, one per input sentence, in order."""
        return [item.sentence for item in self.items]

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many source entities met each fate; reasons that did not occur are left out."""
        by_reason = Counter(f.reason for item in self.items for f in item.fates)
        return {str(reason): by_reason[reason] for reason in Reason if by_reason[reason]}

    def lost(self) -> Iterator[tuple[int, Fate]]:
        """Sentence index and fate of every entity that was not projected."""
        for index, item in enumerate(self.items):
            for fate in item.fates:
                if fate.reason is not Reason.PROJECTED:
                    yield index, fate

    def as_dict(self) -> dict[str, Any]:
        """Counts for `--json`."""
        spans = sum(len(s.spans) for s in self.sentences)
        missing = sum(end - start for s in self.sentences for start, end in s.missing)
        return {
            "sentences": len(self),
            "entities": sum(len(item.fates) for item in self.items),
            "projected_spans": spans,
            "fates": self.counts,
            "sentences_without_loss": sum(all(f.spans for f in item.fates) for item in self.items),
            "sentences_with_unmet_constraint": sum(item.unmet for item in self.items),
            "missing_words": missing,
            "words": sum(len(s) for s in self.sentences),
            "settings": self.settings,
            "notes": list(self.remarks),
        }
