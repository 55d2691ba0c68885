"""Names without a capital in soft labels: languages differ in what they call a name, and write the rest small."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from xlner.core.labels import LabelSet
from xlner.tagger.decode import decode, legal_transitions

LowerCase = Literal["entity", "unknown", "outside"]


def without_lower_case_names(
    words: Sequence[Sequence[str]], probabilities: np.ndarray, labels: LabelSet, *, how: LowerCase
) -> tuple[np.ndarray, np.ndarray]:
    """Soft labels in which what has no capital is no name, or is unknown where a teacher says that it is one.

    Small words inside a name, as in "Banco de Oyo", stay in it. So does what has letters of a script without capitals.

    Args:
        words: sentence by sentence.
        probabilities: of their tags. Shape: (n_words, n_tags), O first.
        labels: give the order of tags.
        how: "outside" moves the probability of all entities to O, for every word in small letters that is in no name
            with a capital; "unknown" gives no weight to the words of names without one.

    Returns:
        The soft labels, and the weight of each word, 0 or 1. Shapes: as given, (n_words,).
    """
    allowed = legal_transitions(labels.tags)
    small = np.array([_is_small(word) for sentence in words for word in sentence], bool)
    in_small_name = np.zeros(len(small), bool)
    first = 0
    for sentence in words:
        for span in decode(probabilities[first : first + len(sentence)], labels, allowed):
            here = slice(first + span.start, first + span.end)
            of_small = not any(map(_has_capital, sentence[span.start : span.end])) and small[here].any()
            in_small_name[here] = of_small
            small[here] = of_small
        first += len(sentence)
    if how == "unknown":
        return probabilities, (~in_small_name).astype(np.float32)
    moved = probabilities.copy()
    rows = small | in_small_name
    moved[rows, 0] = moved[rows].sum(1)
    moved[rows, 1:] = 0
    return moved, np.ones(len(small), np.float32)


def _has_capital(word: str) -> bool:
    return any(character.isupper() or character.istitle() for character in word)


def _is_small(word: str) -> bool:
    return not _has_capital(word) and any(map(str.islower, word))
