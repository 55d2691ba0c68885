"""What can be said of a candidate without labels of the target language: the features of the fused score."""

from __future__ import annotations

import numpy as np

from xlner.core.types import Span
from xlner.project.pair import Pair
from xlner.project.scores.spelling import spelling_similarity
from xlner.project.scores.statistics import Statistics

FEATURES = (
    "dice",  # links between entity and candidate against their sizes, the align score
    "purity",  # part of the candidate's links that go to the entity, mean over its words
    "unlinked",  # part of the candidate's words without any link
    "coverage",  # part of a word's links that go into the candidate, mean over the entity; doubtful links count less
    "leak",  # part of all links of the entity that go elsewhere
    "first_share",  # part of the first word's links that go to the entity
    "last_share",
    "first_unlinked",
    "last_unlinked",
    "before_share",  # the same for the neighbours outside
    "after_share",
    "string",  # likeness of spelling or sound
    "characters",  # |log| of the ratio of lengths in characters
    "words",  # difference in words, against the longer one
    "first_capital",  # the first words agree in being capitalised
    "last_capital",
    "punctuation",  # begins or ends with punctuation, and the entity does not
    "left_edge",  # how words stood at edges of other projections of this corpus
    "right_edge",
    "phrase",  # how often the same entity went to the same words elsewhere in this corpus
    "ner_spans",  # the NER score of any type less a half; 0 when there is no NER model
)

AGAINST = frozenset(
    {"unlinked", "leak", "first_unlinked", "last_unlinked", "before_share", "after_share", "characters", "words",
     "punctuation"}
)  # fmt: skip
"""Features that speak against a candidate; all others speak for it."""

LIKE_NAME = 0.5
FULL = 0.5
"""Links of a word with less confidence than this, all together, cover it in part only, wherever they go: in a soft
alignment every word has some link, those without a counterpart too."""


def has_evidence(features: np.ndarray) -> np.ndarray:
    """Which candidates have something to do with the entity, rather than only the right size and shape.

    That is a link, a like spelling, or the same words for the same entity elsewhere.

    Args:
        features: Shape: (n_entities, n_candidates, n_features).

    Returns:
        Shape: (n_entities, n_candidates), bool.
    """
    linked, spelling, phrase = (features[..., FEATURES.index(name)] for name in ("dice", "string", "phrase"))
    return (linked > 0) | (spelling >= LIKE_NAME) | (phrase > 0)


class PairFeatures:
    """Features of every entity and candidate of one sentence pair.

    Args:
        pair: the sentences and their alignment.
        candidates: ranges `[start, end)`. Shape: (n_candidates, 2).
        ner: scores from `ner_score(..., any_type=True)`. Shape: (n_entities, n_candidates).
        keep: hold in memory what depends on this pair alone; else it is computed at each call.
    """

    def __init__(
        self,
        pair: Pair,
        candidates: np.ndarray,
        *,
        ner: np.ndarray | None = None,
        keep: bool = True,
    ) -> None:
        self.pair, self.candidates, self._ner = pair, candidates, ner
        n = len(pair.target)
        self._links = np.zeros((0, 2), np.int32) if pair.alignment is None else pair.alignment.pairs
        scores = None if pair.alignment is None else pair.alignment.scores
        self._values = np.ones(len(self._links)) if scores is None else np.clip(scores, 0.0, 1.0).astype(float)
        self._total = np.bincount(self._links[:, 1], self._values, n)
        self._kept = self._of_pair() if keep else None

    def __call__(self, statistics: Statistics | None = None, chosen: np.ndarray | None = None) -> np.ndarray:
        """All features.

        Args:
            statistics: what projections of the corpus taught; without them their features are 0.
            chosen: index of the candidate by which each entity is counted in the statistics, or -1, so that nothing
                confirms itself. Shape: (n_entities,).

        Returns:
            Shape: (n_entities, n_candidates, len(FEATURES)), float64.
        """
        out = self._of_pair() if self._kept is None else self._kept.copy()
        if statistics is not None and out.size:
            edges = statistics.edges(self.pair.target.words, self.candidates)
            first = FEATURES.index("left_edge")
            out[:, :, first : first + 2] = edges
            for row in range(len(out)):
                counted_as = -1 if chosen is None else int(chosen[row])
                out[row, :, FEATURES.index("phrase")] = statistics.phrases(
                    self.pair, self.pair.entities[row], self.candidates, counted_as
                )
        return out

    def _of_pair(self) -> np.ndarray:
        """Features that depend on this pair alone. Shape: (n_entities, n_candidates, len(FEATURES))."""
        out = np.zeros((len(self.pair.entities), len(self.candidates), len(FEATURES)))
        for row, entity in enumerate(self.pair.entities):
            out[row] = self._of_entity(entity)
        if len(out) and self._ner is not None:
            out[:, :, FEATURES.index("ner_spans")] = self._ner - 0.5
        return out

    def _of_entity(self, entity: Span) -> np.ndarray:
        """Those of one entity. Shape: (n_candidates, len(FEATURES))."""
        starts, ends = self.candidates[:, 0], self.candidates[:, 1]
        sizes, length = ends - starts, entity.end - entity.start
        n = len(self.pair.target)
        low, high = np.searchsorted(self._links[:, 0], (entity.start, entity.end))
        links, values = self._links[low:high], self._values[low:high]
        mass = np.bincount(links[:, 1], values, n)
        linked = self._total > 0
        share = np.divide(mass, self._total, out=np.zeros(n), where=linked)
        inside = _between(mass, starts, ends)
        per_word = np.zeros((length, n))
        np.add.at(per_word, (links[:, 0] - entity.start, links[:, 1]), values)
        sums = per_word.sum(1, keepdims=True)
        coverage = _between((per_word / np.maximum(sums, FULL)).sum(0), starts, ends) / length
        around = np.concatenate(([0.0], share, [0.0]))
        out = np.zeros((len(self.candidates), len(FEATURES)))
        columns = (
            2 * inside / (sizes + length),
            _between(share, starts, ends) / sizes,
            _between(~linked, starts, ends) / sizes,
            coverage,
            1 - inside / max(float(values.sum()), 1e-9),
            share[starts] if n else sizes,
            share[ends - 1] if n else sizes,
            ~linked[starts] if n else sizes,
            ~linked[ends - 1] if n else sizes,
            around[starts],
            around[ends + 1],
        )
        for column, feature in enumerate(columns):
            out[:, column] = feature
        self._of_spelling(entity, out, len(columns))
        return out

    def _of_spelling(self, entity: Span, out: np.ndarray, column: int) -> None:
        words = self.pair.target.words
        name = self.pair.source.words[entity.start : entity.end]
        whole = " ".join(name)
        capital = (_is_capital(name[0]), _is_capital(name[-1]))
        sharp = (_is_word(name[0]), _is_word(name[-1]))
        for row, (start, end) in enumerate(self.candidates.tolist()):
            text = " ".join(words[start:end])
            first, last = words[start], words[end - 1]
            ragged = (sharp[0] and not _is_word(first)) or (sharp[1] and not _is_word(last))
            out[row, column : column + 6] = (
                spelling_similarity(whole, text),
                abs(np.log((len(text) + 1) / (len(whole) + 1))),
                abs(end - start - len(name)) / max(end - start, len(name)),
                _agree(capital[0], _is_capital(first)),
                _agree(capital[1], _is_capital(last)),
                ragged,
            )


def _between(values: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Sums of values over ranges. Shape: (n_ranges,)."""
    until = np.concatenate(([0.0], np.cumsum(values, dtype=float)))
    return until[ends] - until[starts]


def _is_capital(word: str) -> bool | None:
    """Whether a word begins with a capital; None for digits, punctuation and scripts without case."""
    first = word[:1]
    return None if first.lower() == first.upper() else first != first.lower()


def _agree(a: bool | None, b: bool | None) -> float:
    return 0.5 if a is None or b is None else float(a == b)


def _is_word(word: str) -> bool:
    return any(c.isalnum() for c in word)
