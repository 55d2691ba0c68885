"""Candidates: the ranges of target words that an entity may be projected to. Every source of them is bounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from xlner.core.types import Span
from xlner.errors import UsageError
from xlner.project.pair import Pair

Kind = Literal["aligned", "ngrams", "ner"]
_EDGES = 24


@dataclass(frozen=True)
class CandidateOptions:
    """Which ranges are candidates.

    Args:
        kinds: any of "aligned" (ranges between words linked to the entity), "ngrams" (all ranges) and "ner" (spans
            that a NER model finds on the target side; the caller hands them in).
        max_words: longest candidate in words. Of "aligned" candidates, up to `max_words` and twice the words of the
            entity, whichever is more.
        slack: "aligned" only: a range may also begin and end this many words off a linked word.
        barriers: a range that contains one of these words is no candidate.

    So a sentence of n words has at most n * max_words n-grams, and an entity at most 2304 aligned ranges: where more
    than 48 words come into question, ranges begin at one of the first 24 and end at one of the last 24.
    """

    kinds: tuple[Kind, ...] = ("aligned",)
    max_words: int = 10
    slack: int = 1
    barriers: frozenset[str] = frozenset("!?！？")

    def __post_init__(self) -> None:
        wrong = [k for k in self.kinds if k not in ("aligned", "ngrams", "ner")]
        if wrong or not self.kinds:
            raise UsageError(f"--candidates is any of aligned, ngrams, ner; got '{', '.join(wrong)}'")
        if self.max_words < 1 or self.slack < 0:
            raise UsageError(f"candidates need max_words >= 1 and slack >= 0, got {self.max_words} and {self.slack}")


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
    found: set[tuple[int, int]] = set()
    if "ngrams" in options.kinds and pair.entities:
        found.update((i, j) for i in range(n) for j in range(i + 1, min(n, i + options.max_words) + 1))
    if "aligned" in options.kinds:
        for entity in pair.entities:
            found.update(aligned_ranges(pair.linked(entity).tolist(), entity, n, options))
    if "ner" in options.kinds:
        found.update((s.start, s.end) for s in ner if s.end <= n)
    if options.barriers and found:
        blocked = [i for i, word in enumerate(pair.target.words) if word in options.barriers]
        if blocked:
            found = {r for r in found if not any(r[0] <= b < r[1] for b in blocked)}
    return np.array(sorted(found), np.int32).reshape(-1, 2)


def aligned_ranges(
    linked: Sequence[int], entity: Span, n_words: int, options: CandidateOptions
) -> set[tuple[int, int]]:
    """Ranges that begin and end at, or within `slack` words of, words linked to an entity.

    The align score never prefers a range that begins or ends at an unlinked word, so with slack 0 nothing better for
    it is left out; other scores may want the neighbours too.
    """
    longest = max(options.max_words, 2 * (entity.end - entity.start))
    near = sorted({i for w in linked for i in range(w - options.slack, w + options.slack + 1) if 0 <= i < n_words})
    firsts, lasts = (near, near) if len(near) <= 2 * _EDGES else (near[:_EDGES], near[-_EDGES:])
    return {(i, j + 1) for i in firsts for j in lasts if i <= j < i + longest}
