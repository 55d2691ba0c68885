"""A sentence with other words, whose entities and unknown words follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from xlner.core.types import Sentence


def rewritten(sentence: Sentence, words: Sequence[Sequence[str]]) -> Sentence:
    """The sentence with each word replaced by some words.

    An entity covers what its words have become; one of which nothing is left is gone. The text of the sentence is that
    of the new words.

    Args:
        sentence: any.
        words: for each word of the sentence those that take its place, none or more.

    Returns:
        The new sentence; the old one where all words are the same, or none would be left.
    """
    new = tuple(w for group in words for w in group)
    if not new or new == sentence.words:
        return sentence
    edges = list(accumulate((len(group) for group in words), initial=0))
    spans = tuple(
        replace(s, start=edges[s.start], end=edges[s.end]) for s in sentence.spans if edges[s.start] < edges[s.end]
    )
    missing = tuple((edges[a], edges[b]) for a, b in sentence.missing if edges[a] < edges[b])
    return replace(sentence, words=new, spans=spans, missing=missing, text=None, offsets=None)
