"""What the projections of a corpus teach about each other: words at edges, and repeated entities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from xlner.core.types import Span
from xlner.project.pair import Pair

_EDGE_PRIOR, _PHRASE_PRIOR = 2.0, 1.0


class Statistics:
    """Counts over the projections of one corpus; no label of the target language is used.

    Two habits show in the counts. Articles and prepositions stand next to names far more often than they begin or end
    one, or the other way round, depending on language and annotation. And the same entity is translated the same way.

    Args:
        projections: pairs, entity and the target range that it went to, of which most should be right.
    """

    def __init__(self, projections: Iterable[tuple[Pair, Span, tuple[int, int]]]) -> None:
        self._first: Counter[str] = Counter()
        self._last: Counter[str] = Counter()
        self._before: Counter[str] = Counter()
        self._after: Counter[str] = Counter()
        self._phrases: dict[str, Counter[str]] = {}
        for pair, entity, (start, end) in projections:
            words = [w.casefold() for w in pair.target.words]
            self._first[words[start]] += 1
            self._last[words[end - 1]] += 1
            self._before[words[start - 1] if start else ""] += 1
            self._after[words[end] if end < len(words) else ""] += 1
            name = _name(pair.source.words[entity.start : entity.end])
            self._phrases.setdefault(name, Counter())[_name(pair.target.words[start:end])] += 1

    def edges(self, words: Sequence[str], candidates: np.ndarray) -> np.ndarray:
        """Log odds that the left and the right edge of each candidate are edges of an entity.

        For the left edge, of the first word to stand first rather than just before, less that of the word before.

        Returns:
            Shape: (n_candidates, 2), float64.
        """
        low = [w.casefold() for w in words]
        left = [_odds(self._first[w], self._before[w]) for w in low]
        right = [_odds(self._last[w], self._after[w]) for w in low]
        before = np.array([_odds(0, self._before[""]), *left])
        after = np.array([*right, _odds(0, self._after[""])])
        starts, ends = candidates[:, 0], candidates[:, 1]
        return np.stack((before[starts + 1] - before[starts], after[ends - 1] - after[ends]), axis=1)

    def phrases(self, pair: Pair, entity: Span, candidates: np.ndarray, counted_as: int) -> np.ndarray:
        """Part of the other projections of the same entity that went to the candidate's words.

        Args:
            pair: the sentences.
            entity: the source entity; it is looked up by its words.
            candidates: ranges. Shape: (n_candidates, 2).
            counted_as: index of the candidate by which this entity is itself counted, or -1.

        Returns:
            Values in [0, 1). Shape: (n_candidates,), float64.
        """
        counts = self._phrases.get(_name(pair.source.words[entity.start : entity.end]))
        if counts is None:
            return np.zeros(len(candidates))
        texts = [_name(pair.target.words[start:end]) for start, end in candidates.tolist()]
        counted_text = texts[counted_as] if counted_as >= 0 else None
        total = counts.total() - (counted_text is not None) + _PHRASE_PRIOR
        return np.array([(counts[t] - (t == counted_text)) / total for t in texts])


def _odds(inside: int, outside: int) -> float:
    return float(np.log((inside + _EDGE_PRIOR) / (outside + _EDGE_PRIOR)))


def _name(words: Sequence[str]) -> str:
    return " ".join(words).casefold()
