"""Word-level tag probabilities to entity spans, through legal transitions only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xlner.core.labels import LabelSet
from xlner.core.tags import read_tags
from xlner.core.types import Span

_TINY = 1e-12


def legal_transitions(tags: Sequence[str]) -> np.ndarray:
    """Which IOB2 tag may follow which. Shape: (1 + n_tags, n_tags), bool; row 0 is the start of the sentence."""
    places = {tag: i for i, tag in enumerate(tags)}
    allowed = np.ones((1 + len(tags), len(tags)), bool)
    for i, tag in enumerate(tags):
        if tag.startswith("I-"):
            allowed[:, i] = False
            allowed[[1 + places[t] for t in (tag, "B" + tag[1:]) if t in places], i] = True
    return allowed


def best_path(probabilities: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """The most probable legal tag sequence of one sentence (Viterbi; every legal transition costs nothing).

    Args:
        probabilities: Shape: (n_words, n_tags).
        allowed: from `legal_transitions`.

    Returns:
        Tag ids. Shape: (n_words,).
    """
    path = probabilities.argmax(1)
    # With free transitions the best path is the argmax wherever that is legal, which is nearly always.
    if len(path) == 0 or (allowed[0, path[0]] and allowed[1 + path[:-1], path[1:]].all()):
        return path
    emission = np.log(np.maximum(probabilities, _TINY))
    # Most tags may follow any other; those that may not have one or two before them. So no step looks at all pairs.
    bound = np.flatnonzero(~allowed[1:].all(0))
    column, before = np.argwhere(allowed[1:, bound].T).T
    starts = np.searchsorted(column, np.arange(len(bound)))
    score = np.where(allowed[0], emission[0], -np.inf)
    back = np.zeros(probabilities.shape, np.int64)
    for i in range(1, len(emission)):
        back[i] = score.argmax()
        best = np.full(len(score), score.max())
        if len(bound):
            reached = score[before]
            best[bound] = np.maximum.reduceat(reached, starts)
            taken = np.flatnonzero(reached == best[bound][column])[::-1]
            back[i, bound[column[taken]]] = before[taken]
        score = best + emission[i]
    path = np.zeros(len(emission), np.int64)
    path[-1] = score.argmax()
    for i in range(len(emission) - 1, 0, -1):
        path[i - 1] = back[i, path[i]]
    return path


def decode(probabilities: np.ndarray, labels: LabelSet, allowed: np.ndarray | None = None) -> tuple[Span, ...]:
    """Entities of one sentence. A span's score is the mean probability of its words' tags.

    Args:
        probabilities: word-level tag probabilities in the order of `labels.tags`. Shape: (n_words, n_tags).
        labels: the label set.
        allowed: transitions, to be computed once by callers with many sentences.
    """
    tags = labels.tags
    path = best_path(probabilities, legal_transitions(tags) if allowed is None else allowed)
    if not path.any():
        return ()
    spans, _ = read_tags([tags[i] for i in path], "IOB2", repair="error")
    chosen = probabilities[np.arange(len(path)), path]
    return tuple(Span(s.start, s.end, s.label, float(chosen[s.start : s.end].mean())) for s in spans)
