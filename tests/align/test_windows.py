"""Long pairs in windows and in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner.align import statistical
from xlner.align.alignment import Alignment
from xlner.align.windows import align_in_windows, pair_pieces


def same_words(pairs):
    """Links words that are the same."""
    links = [[(i, j) for i, s in enumerate(source) for j, t in enumerate(target) if s == t] for source, target in pairs]
    return [Alignment.of(found) for found in links]


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 20))
def test_windows_fit_and_find_what_lies_on_the_diagonal(n_source, n_target, most):
    source, target = [str(i) for i in range(n_source)], [str(j * n_source // n_target) for j in range(n_target)]
    seen = []

    def align(pieces):
        seen.extend(pieces)
        return same_words(pieces)

    (made,) = align_in_windows([(source, target)], align, most=most)
    assert all(len(s) <= most and len(t) <= most for s, t in seen)
    missed = set(same_words([(source, target)])[0].links()) - set(made.links())
    assert not missed or most < 4  # which leaves no margin


@pytest.mark.parametrize("sides", [(3, 2000), (2000, 3)])
def test_all_of_a_long_side_is_seen_beside_a_short_one(sides):
    words = [f"w{i * 3 // max(sides)}" for i in range(max(sides))]
    pair = [words if n == max(sides) else ["w0", "w1", "w2"] for n in sides]
    (made,) = align_in_windows([tuple(pair)], same_words, most=100)
    assert made == same_words([tuple(pair)])[0]


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 20))
def test_pieces_hold_every_word_once_and_in_order(n_source, n_target, most):
    source, target = list(range(n_source)), list(range(n_target))
    made = pair_pieces((source, target), most)
    assert [w for s, _ in made for w in s] == source
    assert [w for _, t in made for w in t] == target
    assert all(len(s) <= most and len(t) <= most for s, t in made)
    assert len(made) == max(1, -(-max(n_source, n_target) // most))


def test_eflomal_learns_from_long_pairs_in_pieces(monkeypatch):
    pytest.importorskip("thot")
    monkeypatch.setattr(statistical, "_CUBIC_WORDS", 5)
    words = [f"w{i}" for i in range(20)]
    fitted = statistical.ThotAligner(model="eflomal", iterations=2).fit([(words, words), (words, words[:2])])
    assert [model.num_sentence_pairs for model in fitted._directions] == [4 + 2] * 2


def test_every_word_of_a_long_pair_is_learned():
    pytest.importorskip("thot")
    words = [f"w{i}" for i in range(450)]
    for model in ("hmm", "ibm1"):
        fitted = statistical.ThotAligner(model=model, iterations=1).fit([(words * (1 + (model == "ibm1") * 4), words)])
        direct, _ = fitted._directions
        assert direct.get_src_word_index("w449") != direct.get_src_word_index("never")
