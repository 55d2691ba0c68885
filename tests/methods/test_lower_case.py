"""Names without a capital in soft labels."""

from __future__ import annotations

import numpy as np
import pytest

from xlner.core.labels import LabelSet
from xlner.methods.lower_case import without_lower_case_names

LABELS = LabelSet(("MISC", "ORG"))
TAGS = list(LABELS.tags)


def soft(words: str, tags: str) -> tuple[list[list[str]], np.ndarray]:
    """A sentence and probabilities of 0.8 for these tags."""
    rows = np.full((len(tags.split()), len(TAGS)), 0.05, np.float32)
    for row, tag in zip(rows, tags.split(), strict=True):
        row[TAGS.index(tag)] = 0.8
    return [words.split()], rows


SENTENCE = soft("el alemán del Banco de Oyo ganó", "O B-MISC O B-ORG I-ORG I-ORG O")


def test_a_name_in_small_letters_is_none():
    rows, known = without_lower_case_names(*SENTENCE, LABELS, how="outside")
    assert [TAGS[i] for i in rows.argmax(1)] == ["O", "O", "O", "B-ORG", "I-ORG", "I-ORG", "O"]
    assert rows[1] == pytest.approx([1, 0, 0, 0, 0])
    assert rows[0, 0] == pytest.approx(1)  # nor is any other small word a little of one
    assert rows[4] == pytest.approx(SENTENCE[1][4])  # "de" is inside a name with capitals
    assert known.all()


def test_or_it_is_unknown():
    rows, known = without_lower_case_names(*SENTENCE, LABELS, how="unknown")
    assert rows == pytest.approx(SENTENCE[1])
    assert known.tolist() == [1, 0, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("name", ["阿明", "أحمد", "2014", "eThekwini", "l'Italia"])
def test_scripts_without_capitals_numbers_and_inner_capitals_stay(name):
    words, rows = soft(f"a {name} b", "O B-MISC O")
    changed, _ = without_lower_case_names(words, rows, LABELS, how="outside")
    assert changed[1] == pytest.approx(rows[1])
