"""Long pairs: no fewer links because more words compete."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner.align.corridor import corridor, rising_chain
from xlner.align.embedding import EmbeddingAligner
from xlner.align.layers import LayersAligner

SENTENCES = [
    ("The old mayor opened the new bridge on Monday .", "El viejo alcalde inauguró el nuevo puente el lunes ."),
    ("Nobody knew why the train had stopped .", "Nadie sabía por qué se había parado el tren ."),
    ("My sister sells bread and cheese at the market .", "Mi hermana vende pan y queso en el mercado ."),
    ("Rain fell over the mountains all night .", "La lluvia cayó sobre las montañas toda la noche ."),
    ("The doctor wrote three letters to her brother .", "La doctora escribió tres cartas a su hermano ."),
    ("A small dog slept under the kitchen table .", "Un perro pequeño dormía bajo la mesa de la cocina ."),
]


def share_linked(aligner, repeats: int, floor: float = 0.0) -> float:
    """Of the words of a text that is so many times as long."""
    source, target = (" ".join([s[side] for s in SENTENCES] * repeats).split() for side in (0, 1))
    (alignment,) = aligner.align([(source, target)])
    pairs = alignment.pairs[alignment.scores > floor]
    return sum(len(set(pairs[:, side].tolist())) for side in (0, 1)) / (len(source) + len(target))


@pytest.mark.parametrize(("kind", "floor"), [(EmbeddingAligner, 0.0), (LayersAligner, 0.5)])
def test_the_share_of_linked_words_does_not_depend_on_length(kind, floor):
    """Not even where a text repeats itself, so that every word has many words that are like it."""
    aligner = kind()
    short = share_linked(aligner, 1, floor)
    assert short > 0.6
    for repeats in (3, 8):
        assert share_linked(aligner, repeats, floor) > 0.9 * short


def test_all_words_compete_without_a_corridor():
    anywhere = EmbeddingAligner(corridor=0)
    assert share_linked(anywhere, 8) < 0.8 * share_linked(EmbeddingAligner(loaded=anywhere.encoder), 8)


def test_a_stretch_that_one_side_lacks_does_not_shift_the_rest():
    sure = [(i, i) for i in range(0, 40, 3)] + [(i, i + 30) for i in range(40, 80, 3)]
    near = corridor(sure, (80, 110), 5)
    assert near[10, 10]
    assert near[70, 100]
    assert not near[70, 70]


def test_a_stray_link_does_not_bend_the_line():
    sure = sorted([(i, i) for i in range(0, 100, 4)] + [(50, 90), (20, 3)])
    near = corridor(sure, (100, 100), 5)
    assert near[50, 50]
    assert not near[50, 90]


def test_a_pair_without_sure_links_has_its_diagonal():
    near = corridor([], (10, 30), 2)
    assert near.shape == (10, 30)
    assert near[9, 29]
    assert not near[0, 29]


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), unique=True, max_size=12))
def test_the_chain_is_the_longest_that_rises(links):
    chain = rising_chain(sorted(links))
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(chain))
    best = np.zeros((9, 9), int)
    for i in range(7, -1, -1):
        for j in range(7, -1, -1):
            best[i, j] = max(best[i + 1, j], best[i, j + 1], best[i + 1, j + 1] + ((i, j) in links))
    assert len(chain) == best[0, 0]


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 9))
def test_every_source_word_has_a_word_that_is_near(n_source, n_target, width):
    assert corridor([], (n_source, n_target), width).any(1).all()
