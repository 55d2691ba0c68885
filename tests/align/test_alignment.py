from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner.align import Alignment
from xlner.align.merging import backed, merge
from xlner.errors import DataError

links = st.sets(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40)


@given(links)
def test_pharaoh_there_and_back(some):
    alignment = Alignment.of(some)
    assert Alignment.from_pharaoh(alignment.to_pharaoh()) == alignment
    assert alignment.links() == sorted(some)
    assert alignment.transposed().transposed() == alignment


@given(links, st.integers(0, 5))
def test_scores_travel_with_their_links(some, seed):
    some = list(some)
    scores = np.random.default_rng(seed).uniform(0.001, 1, len(some)).astype(np.float32)
    alignment = Alignment(np.array(some, np.int32).reshape(-1, 2), scores)
    matrix = alignment.matrix(31, 31)
    assert all(matrix[i, j] == s for (i, j), s in zip(some, scores, strict=True))
    assert np.array_equal(alignment.transposed().matrix(31, 31), matrix.T)
    again = Alignment.from_pharaoh(alignment.to_pharaoh(scores=True))
    assert again.links() == alignment.links()
    if some:
        np.testing.assert_allclose(again.scores, alignment.scores, rtol=1e-3)


@given(links, st.integers(0, 30), st.integers(0, 30))
def test_targets_of_a_range(some, a, b):
    low, high = sorted((a, b))
    expected = sorted({j for i, j in some if low <= i < high})
    assert Alignment.of(some).targets_of(low, high).tolist() == expected


@given(st.lists(links, min_size=2, max_size=4), st.integers(1, 4))
def test_merging_counts_votes(members, needed):
    merged = merge([Alignment.of(m) for m in members], needed)
    everything = set().union(*members)
    assert merged.links() == sorted(x for x in everything if sum(x in m for m in members) >= needed)


def test_evidence_on_top_of_a_prior():
    prior = Alignment.from_pharaoh("0-0:0.9 1-1:0.35 2-2:0.35 3-3:0.1")
    made = backed(prior, [Alignment.from_pharaoh("1-1 3-3 4-4")], 0.2, 0.5)
    assert made.links() == [(0, 0), (1, 1)]
    np.testing.assert_allclose(made.scores, [0.9, 0.55], rtol=1e-6)


def test_repeats_keep_the_higher_score():
    alignment = Alignment.from_pharaoh("1-2:0.25 0-0:1 1-2:0.5")
    assert alignment.links() == [(0, 0), (1, 2)]
    assert alignment.scores.tolist() == [1.0, 0.5]
    assert Alignment.from_pharaoh("0-0:1 1-1").scores is None


@pytest.mark.parametrize("line", ["0", "a-b", "0-", "-1-2", "0-1:", "0-1:nan", "0-1-2", "0-99999999999", "²-1", "1:0"])
def test_broken_lines_are_errors_with_a_place(line):
    with pytest.raises(DataError, match=r"links\.txt:7"):
        Alignment.from_pharaoh(line, path="links.txt", number=7)


def test_indices_from_one():
    assert Alignment.from_pharaoh("1-1 2p3", base=1).links() == [(0, 0), (1, 2)]
    with pytest.raises(DataError):
        Alignment.from_pharaoh("0-1", base=1)


def test_what_no_alignment_can_be():
    with pytest.raises(ValueError, match="start at 0"):
        Alignment(np.array([[0, -1]]))
    with pytest.raises(ValueError, match="scores"):
        Alignment(np.array([[0, 1]]), np.zeros(2))
    with pytest.raises(ValueError, match="twice"):
        Alignment(np.array([[0, 1], [0, 1]]))
    with pytest.raises(ValueError, match="outside"):
        Alignment(np.array([[0, 1]])).matrix(1, 1)
