"""Sentences and words of raw text in any script, as offsets into it."""

from __future__ import annotations

from xlner.core.languages import iso3
from xlner.core.types import Sentence
from xlner.data.segment.sentences import split_sentences
from xlner.data.segment.words import split_words

__all__ = ["sentence_from_text", "split_sentences", "split_words"]


def sentence_from_text(text: str, language: str | None = None, *, where: str | None = None) -> Sentence:
    """One unlabelled sentence from a text, with offsets into it. A text without words gives a sentence without words.

    Args:
        text: the sentence as written.
        language: BCP-47 or ISO 639 code; None when unknown.
        where: provenance, for messages.
    """
    offsets = tuple(split_words(text, language))
    return Sentence(
        words=tuple(text[start:end] for start, end in offsets),
        language=None if language is None else iso3(language),
        text=text,
        offsets=offsets,
        labelled=False,
        where=where,
    )
