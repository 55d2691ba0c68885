"""Texts to sentences with a place in their text, and entities back to offsets into the very text that was sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xlner.core.types import Sentence
from xlner.data import sentence_from_text, split_sentences


@dataclass(frozen=True)
class Text:
    """One text of a request, cut into sentences.

    Args:
        text: as it was sent; None where words were sent.
        sentences: in order.
        starts: first code point of each sentence in the text; all 0 where words were sent.
    """

    text: str | None
    sentences: tuple[Sentence, ...]
    starts: tuple[int, ...]


@dataclass(frozen=True)
class Entity:
    """An entity of a text.

    Args:
        start: first code point in the text; first word where words were sent.
        end: the one after the last.
        label: entity type.
        score: mean probability of its words' tags.
        text: what it covers.
    """

    start: int
    end: int
    label: str
    score: float
    text: str


@dataclass(frozen=True)
class Tagged:
    """A text with its entities.

    Args:
        text: the text as it was cut.
        sentences: the same sentences with spans.
        windows: how many pieces the encoder read it in; 0 for a text without words.
    """

    text: Text
    sentences: tuple[Sentence, ...]
    windows: int

    def entities(self) -> Iterator[Entity]:
        """In order of the text."""
        for sentence, start in zip(self.sentences, self.text.starts, strict=True):
            for span in sentence.spans:
                first, end = span.start, span.end
                if self.text.text is not None and sentence.offsets is not None:
                    first, end = start + sentence.offsets[first][0], start + sentence.offsets[end - 1][1]
                yield Entity(first, end, span.label, round(span.score or 0.0, 4), sentence.surface(span))


def cut_text(text: str, language: str | None) -> Text:
    """A text in sentences. Takes a second for a million characters.

    Args:
        text: any; it may have no words.
        language: BCP-47 or ISO 639 code; None when unknown.
    """
    ranges = split_sentences(text, language)
    cut = [(start, sentence_from_text(text[start:end], language)) for start, end in ranges]
    cut = [(start, sentence) for start, sentence in cut if sentence.words]
    return Text(text, tuple(s for _, s in cut), tuple(start for start, _ in cut))


def of_words(words: Sequence[str]) -> Text:
    """Words as one sentence, which is kept as it is."""
    return Text(None, (Sentence(tuple(words), labelled=False),) if words else (), (0,) if words else ())
