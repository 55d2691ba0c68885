"""Code-switched copies of labelled sentences, by a dictionary."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from xlner.core.types import Sentence, Span
from xlner.translate.dictionary import Dictionary, stems


def code_switched(sentence: Sentence, dictionary: Dictionary, share: float, rng: Random) -> Sentence:
    """A copy of which some words are in another language. A translation of several words is as many words.

    Args:
        sentence: its labels, and words without one, are those of the copy.
        dictionary: from its language; words are also looked up in small letters, and without their endings.
        share: of the words that have a translation.
        rng: draws the words, and one of the translations.
    """
    words: list[str] = []
    edges = [0]  # of each word of the sentence in the copy
    for word in sentence.words:
        texts = _translations(word, dictionary, sentence.language or "")
        switched = bool(texts) and rng.random() < share
        words += rng.choice(texts).split() if switched else [word]
        edges.append(len(words))
    spans = tuple(Span(edges[s.start], edges[s.end], s.label, s.score) for s in sentence.spans)
    missing = tuple((edges[start], edges[end]) for start, end in sentence.missing)
    return Sentence(
        tuple(words), spans, sentence.language, missing=missing, labelled=sentence.labelled, where=sentence.where
    )


def _translations(word: str, dictionary: Dictionary, language: str) -> Sequence[str]:
    """In the order of the dictionary; none for a word without an entry."""
    for form in (word, word.lower(), *stems(word.lower(), language)):
        if form in dictionary.entries:
            return list(dictionary.entries[form].translations)
    return ()
