"""A string as sentences."""

from __future__ import annotations

from xlner.core.types import Sentence
from xlner.data.segment import sentence_from_text, split_sentences


def read_text(text: str, language: str | None = None) -> list[Sentence]:
    """The sentences of a text, unlabelled, each with its own text and offsets into that.

    Args:
        text: raw text in any script.
        language: BCP-47 or ISO 639 code; None when unknown.
    """
    return [sentence_from_text(text[start:end], language) for start, end in split_sentences(text, language)]
