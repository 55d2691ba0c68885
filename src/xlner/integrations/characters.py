"""Entities by the characters of a whole text, as the tools of others count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from xlner.core.types import Sentence
from xlner.data import sentence_from_text, split_sentences


class Entity(NamedTuple):
    """A named entity in a text.

    Args:
        start: its first code point.
        end: the code point behind the last one.
        label: its type.
        score: confidence in [0, 1].
    """

    start: int
    end: int
    label: str
    score: float


def placed_sentences(text: str, language: str | None) -> list[tuple[int, Sentence]]:
    """The sentences of a text, each with the place that its offsets count from."""
    return [(a, sentence_from_text(text[a:b], language)) for a, b in split_sentences(text, language)]


def entities(sentence: Sentence, at: int) -> Iterator[Entity]:
    """The entities of a sentence that has offsets, in the text in which it begins at `at`."""
    offsets = sentence.offsets or ()
    for span in sentence.spans:
        yield Entity(at + offsets[span.start][0], at + offsets[span.end - 1][1], span.label, span.score or 0.0)
