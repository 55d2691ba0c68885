"""Matching against what the papers' definitions give cell by cell."""

from __future__ import annotations

import itertools
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from xlner.align.embedding import Method
from xlner.align.matching import match, refine

sizes = st.integers(1, 6)
batches = st.lists(st.tuples(sizes, sizes), min_size=1, max_size=4)


def draw(shapes: list[tuple[int, int]], seed: int) -> tuple[list[np.ndarray], torch.Tensor, torch.Tensor]:
    """Cosines of each pair, and all of them as one padded batch."""
    chance = np.random.default_rng(seed)
    single = [chance.uniform(-1, 1, shape).astype(np.float32) for shape in shapes]
    shape = (len(shapes), max(n for n, _ in shapes), max(m for _, m in shapes))
    values, inside = np.full(shape, 9.0, np.float32), np.zeros(shape, bool)
    for k, matrix in enumerate(single):
        values[k, : matrix.shape[0], : matrix.shape[1]] = matrix
        inside[k, : matrix.shape[0], : matrix.shape[1]] = True
    return single, torch.from_numpy(values), torch.from_numpy(inside)


def links_of(confidence: torch.Tensor, k: int) -> set[tuple[int, int]]:
    return {(i, j) for i, j in confidence[k].nonzero().tolist()}


def plain_mutual(matrix: np.ndarray) -> set[tuple[int, int]]:
    rows, columns = matrix.argmax(1), matrix.argmax(0)
    return {(i, int(j)) for i, j in enumerate(rows) if columns[j] == i}


def plain_itermax(matrix: np.ndarray) -> set[tuple[int, int]]:
    links = plain_mutual(matrix)
    n, m = matrix.shape
    rows, columns = {i for i, _ in links}, {j for _, j in links}
    if min(n, m) <= 2 or len(rows) == n or len(columns) == m:
        return links
    again = (matrix + 1) / 2
    for i, j in itertools.product(range(n), range(m)):
        again[i, j] *= 0.0 if i in rows and j in columns else 0.9 if i in rows or j in columns else 1.0
    return links | {(i, j) for i, j in plain_mutual(again) if not (i in rows and j in columns)}


@settings(max_examples=150, deadline=None)
@given(batches, st.integers(0, 10_000))
def test_mutual_and_itermax_pair_by_pair(shapes, seed):
    single, values, inside = draw(shapes, seed)
    for method, plain in (("mutual", plain_mutual), ("itermax", plain_itermax)):
        made = match(values, inside, method=method, threshold=0)
        for k, matrix in enumerate(single):
            assert links_of(made, k) == plain(matrix)


@settings(max_examples=100, deadline=None)
@given(batches, st.integers(0, 10_000), st.floats(0, 0.3), st.floats(0.05, 2))
def test_softmax_pair_by_pair(shapes, seed, threshold, temperature):
    single, values, inside = draw(shapes, seed)
    made = match(values, inside, method="softmax", threshold=threshold, temperature=temperature)
    for k, matrix in enumerate(single):
        e = np.exp(matrix.astype(np.float64) / temperature)
        there, back = e / e.sum(1, keepdims=True), e / e.sum(0, keepdims=True)
        n, m = matrix.shape
        ours = made[k, :n, :m].numpy()
        sure = (np.abs(there - threshold) > 1e-6) & (np.abs(back - threshold) > 1e-6)
        expected = np.sqrt(there * back) * ((there > threshold) & (back > threshold))
        np.testing.assert_allclose(ours[sure], expected[sure], rtol=1e-4)


@settings(max_examples=60, deadline=None)
@given(st.tuples(st.integers(1, 5), st.integers(1, 5)), st.integers(0, 10_000))
def test_optimal_is_optimal(shape, seed):
    pytest.importorskip("scipy")
    (matrix,), values, inside = draw([shape], seed)
    made = links_of(match(values, inside, method="optimal", threshold=0), 0)
    n, m = matrix.shape
    small, large = min(n, m), max(n, m)
    turned = matrix if n <= m else matrix.T
    best = max(sum(turned[i, j] for i, j in enumerate(p)) for p in itertools.permutations(range(large), small))
    assert len(made) == small == len({i for i, _ in made}) == len({j for _, j in made})
    assert sum(matrix[i, j] for i, j in made) == pytest.approx(best, abs=1e-4)


@settings(max_examples=60, deadline=None)
@given(batches, st.integers(0, 10_000), st.sampled_from([m for m in get_args(Method) if m != "optimal"]))
def test_links_stay_inside_and_padding_changes_nothing(shapes, seed, method):
    single, values, inside = draw(shapes, seed)
    made = match(values, inside, method=method)
    assert not (made.bool() & ~inside).any()
    assert ((made >= 0) & (made <= 1)).all()
    for k, matrix in enumerate(single):
        alone = torch.from_numpy(matrix)[None]
        assert links_of(match(alone, torch.ones_like(alone, dtype=torch.bool), method=method), 0) == links_of(made, k)


@settings(max_examples=60, deadline=None)
@given(batches, st.integers(0, 10_000), st.sampled_from(["softmax", "mutual"]))
def test_sides_can_be_swapped(shapes, seed, method):
    _, values, inside = draw(shapes, seed)
    there = match(values, inside, method=method)
    back = match(values.transpose(1, 2), inside.transpose(1, 2), method=method)
    assert torch.equal(there.bool(), back.transpose(1, 2).bool())


def test_one_way_methods_link_every_word_of_a_side():
    _, values, inside = draw([(3, 5)], 1)
    assert match(values, inside, method="source", threshold=0).bool().sum(2).eq(1).all()
    assert match(values, inside, method="target", threshold=0).bool().sum(1).eq(1).all()


@settings(max_examples=60, deadline=None)
@given(batches, st.integers(0, 10_000), st.integers(0, 6), st.sampled_from([0.0, 0.1]))
def test_refining_pair_by_pair(shapes, seed, hubs, diagonal):
    single, values, inside = draw(shapes, seed)
    made = refine(values, inside, hubs=hubs, diagonal=diagonal)
    assert (made[~inside] == 0).all()
    for k, matrix in enumerate(single):
        n, m = matrix.shape
        new = matrix.astype(np.float64)
        if hubs:
            rows = np.clip(np.sort(matrix, 1)[:, ::-1][:, :hubs], 0, None).sum(1) / hubs
            columns = np.clip(np.sort(matrix, 0)[::-1][:hubs], 0, None).sum(0) / hubs
            new = 2 * new - rows[:, None] - columns
        around = np.pad(new, 1)
        new = new + diagonal * (around[:-2, :-2] + around[2:, 2:])
        np.testing.assert_allclose(made[k, :n, :m], new, atol=1e-5)
