"""The values that flow through every step: a sentence of words, and entity spans over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from xlner.errors import UsageError


@dataclass(frozen=True, slots=True)
class Span:
    """A named entity over words `[start, end)` of one sentence.

    Args:
        start: index of the first word.
        end: index after the last word; greater than `start`.
        label: entity type, such as "PER"; never a tag such as "B-PER".
        score: confidence in [0, 1], or None when nobody measured it (gold data).
    """

    start: int
    end: int
    label: str
    score: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"a span needs 0 <= start < end, got [{self.start}, {self.end})")

    @property
    def key(self) -> tuple[int, int, str]:
        """What makes two spans the same entity: boundaries and type, not the score."""
        return (self.start, self.end, self.label)


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words with entity spans and a memory of where they came from.

    Args:
        words: the words, each a non-empty string.
        spans: entities, sorted and not overlapping.
        language: ISO 639-3 code, or None when unknown.
        text: the original text of the sentence; None when only words are known.
        offsets: per word `(start, end)` code points into `text`; given exactly when `text` is.
        missing: word ranges `[start, end)` whose labels are unknown. They are masked in losses, never O.
        labelled: whether the absence of spans means "no entities" (True) or "nobody looked" (False).
        where: provenance as `file:line`, for messages.
    """

    words: tuple[str, ...]
    spans: tuple[Span, ...] = ()
    language: str | None = None
    text: str | None = None
    offsets: tuple[tuple[int, int], ...] | None = None
    missing: tuple[tuple[int, int], ...] = ()
    labelled: bool = True
    where: str | None = None

    def __post_init__(self) -> None:
        last = 0
        for span in self.spans:
            if span.start < last:
                raise ValueError(f"spans must be sorted and must not overlap: {self.spans}")
            last = span.end
        if last > len(self.words):
            raise ValueError(f"a span ends at word {last}, but the sentence has {len(self.words)} words")
        if self.missing:
            self._check_missing()
        if (self.text is None) != (self.offsets is None):
            raise ValueError("text and offsets come together or not at all")
        if self.offsets is not None and len(self.offsets) != len(self.words):
            raise ValueError(f"{len(self.words)} words but {len(self.offsets)} offsets")

    def _check_missing(self) -> None:
        """A word cannot be in an entity and have an unknown label."""
        if any(start < 0 or end > len(self.words) for start, end in self.missing):
            raise ValueError(f"missing words {self.missing} are not all among the {len(self.words)} of the sentence")
        known = {word for span in self.spans for word in range(span.start, span.end)}
        if any(word in known for start, end in self.missing for word in range(start, end)):
            raise ValueError(f"words of an entity cannot be missing: {self.missing} and {self.spans}")

    def __len__(self) -> int:
        return len(self.words)

    def with_spans(self, spans: tuple[Span, ...]) -> Sentence:
        """The same words with other entities, now labelled throughout."""
        return replace(self, spans=tuple(sorted(spans, key=lambda s: s.start)), missing=(), labelled=True)

    def without_labels(self) -> Sentence:
        """The same words as raw text."""
        return replace(self, spans=(), missing=(), labelled=False)

    def with_text(self) -> Sentence:
        """The same sentence with `text` and `offsets`; words are joined by single spaces if it had none."""
        if self.text is not None:
            return self
        offsets, position = [], 0
        for word in self.words:
            offsets.append((position, position + len(word)))
            position += len(word) + 1
        return replace(self, text=" ".join(self.words), offsets=tuple(offsets))

    def surface(self, span: Span) -> str:
        """The text that a span covers."""
        if self.text is None or self.offsets is None:
            return " ".join(self.words[span.start : span.end])
        return self.text[self.offsets[span.start][0] : self.offsets[span.end - 1][1]]


def only_sentences(items: Iterable[Sentence]) -> Iterator[Sentence]:
    """The items one by one. Raises UsageError: one is no sentence, such as a text that was not divided into words."""
    for item in [items] if isinstance(items, str) else items:
        if not isinstance(item, Sentence):
            raise UsageError(f"sentences are wanted, got {type(item).__name__}; `xlner.read_text` makes them from text")
        yield item
