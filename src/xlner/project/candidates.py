"""Candidates: the ranges of target words that an entity may be projected to. Every source of them is bounded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from xlner.component import option, options
from xlner.core.types import Span
from xlner.errors import OptionError
from xlner.project.pair import Pair

CandidateKind = Literal["aligned", "ngrams", "ner"]
_EDGES = 24


@options
class CandidateOptions:
    """Which ranges are candidates; part of the options of every matcher that chooses among them.

    A sentence of n words has at most n * max_words n-grams, and an entity at most 1752 aligned ranges. All ranges
    count up to 48 words that come into question. Where there are more, it is the ranges among the 48 with the
    strongest links, and those that begin at one of the first 24 and end at one of the last 24.

    "aligned" are ranges between words linked to the entity, "ngrams" all ranges, "ner" the spans that a NER model finds
    on the target side; the caller hands them in. `max_words` bounds the first two; of "aligned" candidates it is
    `max_words` or twice the words of the entity, whichever is more, and where the target has far more words than the
    source, as text without spaces has, so many times more.
    """

    candidates: tuple[CandidateKind, ...] = option(
        ("aligned",), "Ranges: between linked words, all n-grams, or spans of the NER model; repeat to join."
    )
    max_words: int = option(10, "Longest candidate; more for longer entities.", ge=1, unit="words")
    slack: int = option(1, "How far off a linked word an aligned range may begin and end.", ge=0, unit="words")
    barriers: tuple[str, ...] = option(("!", "?", "！", "？"), "A range that contains one of these words is none.")

    def __post_init__(self) -> None:
        if not self.candidates:
            raise OptionError("candidates", "names none; leave it out, or name one of aligned, ngrams, ner")


def candidates_of(pair: Pair, options: CandidateOptions, ner: Sequence[Span] = ()) -> np.ndarray:
    """The candidate ranges of one sentence pair, for all of its entities together.

    Args:
        pair: the sentences and their alignment.
        options: which ranges.
        ner: entities that a NER model found in the target; only their boundaries count.

    Returns:
        Ranges `[start, end)`, sorted by start and end, each once. Shape: (n_candidates, 2), int32.
    """
    n = len(pair.target)
    ranges: set[tuple[int, int]] = set()
    if "ngrams" in options.candidates and pair.entities:
        longest = _stretched(options.max_words, pair)
        ranges.update((i, j) for i in range(n) for j in range(i + 1, min(n, i + longest) + 1))
    if "aligned" in options.candidates:
        for entity in pair.entities:
            ranges.update(aligned_ranges(pair, entity, options))
    if "ner" in options.candidates:
        ranges.update((s.start, s.end) for s in ner if s.end <= n)
    if options.barriers and ranges:
        blocked = [i for i, word in enumerate(pair.target.words) if word in options.barriers]
        if blocked:
            ranges = {r for r in ranges if not any(r[0] <= b < r[1] for b in blocked)}
    return np.array(sorted(ranges), np.int32).reshape(-1, 2)


def aligned_ranges(pair: Pair, entity: Span, options: CandidateOptions) -> set[tuple[int, int]]:
    """Ranges that begin and end at, or within `slack` words of, words linked to an entity.

    The align score never prefers a range that begins or ends at an unlinked word, so with slack 0 nothing better for
    it is left out; other scores may want the neighbours too.
    """
    longest = _stretched(max(options.max_words, 2 * (entity.end - entity.start)), pair)
    strength = _strength(pair, entity, options.slack)
    near = np.flatnonzero(strength)
    if len(near) <= 2 * _EDGES:
        return _ranges(near.tolist(), near.tolist(), longest)
    strongest = sorted(near[np.argsort(-strength[near], kind="stable")[: 2 * _EDGES]].tolist())
    edges = _ranges(near[:_EDGES].tolist(), near[-_EDGES:].tolist(), longest)
    return _ranges(strongest, strongest, longest) | edges


def _ranges(firsts: Sequence[int], lasts: Sequence[int], longest: int) -> set[tuple[int, int]]:
    return {(i, j + 1) for i in firsts for j in lasts if i <= j < i + longest}


def _strength(pair: Pair, entity: Span, slack: int) -> np.ndarray:
    """The sum of links of the entity to each word, or, if more, to one within `slack` words. Shape: (n_words,)."""
    n = len(pair.target)
    links = np.zeros((0, 2), np.int32) if pair.alignment is None else pair.alignment.pairs
    low, high = np.searchsorted(links[:, 0], (entity.start, entity.end))
    scores = None if pair.alignment is None or pair.alignment.scores is None else pair.alignment.scores[low:high]
    least = np.finfo(np.float32).tiny  # a link with score 0 is a link
    weights = np.ones(high - low) if scores is None else np.maximum(scores, least)
    mass = np.bincount(links[low:high, 1], weights, n)
    out = mass.copy()
    for off in range(1, min(slack, n) + 1):
        out[off:] = np.maximum(out[off:], mass[:-off])
        out[:-off] = np.maximum(out[:-off], mass[off:])
    return out


def _stretched(words: int, pair: Pair) -> int:
    return math.ceil(words * max(1.0, pair.ratio))
