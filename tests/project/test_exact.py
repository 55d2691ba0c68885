"""The fast exact choice is as good as the solver's, and every choice is legal."""

from __future__ import annotations

import os

import numpy as np
import pytest
from tests.project.instances import is_legal, random_instance, value

from xlner.project.matchers.constraint import Constraint
from xlner.project.matchers.exact import choose_exactly
from xlner.project.matchers.greedy import choose_greedily
from xlner.project.matchers.ilp import choose_by_ilp

ONE = Constraint("<=", 1)


def compare(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for number in range(count):
        scores, candidates = random_instance(rng)
        exact = choose_exactly(scores, candidates)
        best = choose_by_ilp(scores, candidates, ONE)
        assert best is not None
        assert is_legal(exact, candidates, scores), number
        assert value(scores, exact) == pytest.approx(value(scores, best), abs=1e-7), number


def test_the_exact_choice_is_worth_what_the_solver_finds() -> None:
    compare(100, seed=1)


@pytest.mark.skipif("XLNER_FULL_TESTS" not in os.environ, reason="10 000 instances: set XLNER_FULL_TESTS=1")
@pytest.mark.timeout(3600)
def test_the_exact_choice_is_worth_what_the_solver_finds_on_ten_thousand_instances() -> None:
    compare(10_000, seed=2)


def test_more_entities_than_one_group_can_hold_go_to_the_solver() -> None:
    rng = np.random.default_rng(3)
    candidates = np.array([(i, j) for i in range(9) for j in range(i + 1, min(9, i + 3) + 1)], np.int32)
    scores = rng.random((14, len(candidates)))
    exact = choose_exactly(scores, candidates)
    best = choose_by_ilp(scores, candidates, ONE)
    assert best is not None
    assert is_legal(exact, candidates, scores)
    assert value(scores, exact) == pytest.approx(value(scores, best), abs=1e-7)


def test_greed_is_legal_and_never_better() -> None:
    rng = np.random.default_rng(4)
    for _ in range(300):
        scores, candidates = random_instance(rng)
        greedy = choose_greedily(scores, candidates, ONE)
        assert is_legal(greedy, candidates, scores)
        assert value(scores, greedy) <= value(scores, choose_exactly(scores, candidates)) + 1e-9


def test_greed_can_lose_what_the_exact_choice_finds() -> None:
    candidates = np.array([(0, 1), (0, 2), (1, 2)], np.int32)
    scores = np.array([[0.0, 0.6, 0.0], [0.5, 0.0, 0.0], [0.0, 0.0, 0.5]])
    assert value(scores, choose_greedily(scores, candidates, ONE)) == pytest.approx(0.6)
    assert value(scores, choose_exactly(scores, candidates)) == pytest.approx(1.0)


@pytest.mark.parametrize(("sense", "n_proj"), [("<=", 2), ("=", 1), ("=", 2), (">=", 0), (">=", 1)])
def test_the_ilp_obeys_every_constraint(sense: str, n_proj: int) -> None:
    rng = np.random.default_rng(5)
    solved = 0
    for _ in range(40):
        scores, candidates = random_instance(rng)
        chosen = choose_by_ilp(scores, candidates, Constraint(sense, n_proj))  # type: ignore[arg-type]
        if chosen is None:
            continue
        solved += 1
        assert is_legal(chosen, candidates, scores, None)
        counts = chosen.sum(1)[(scores > 0).any(1)] if scores.size else np.zeros(0)
        holds = {"<=": counts <= n_proj, "=": counts == n_proj, ">=": counts >= n_proj}[sense]
        assert holds.all()
    assert solved > 5


def test_an_impossible_constraint_is_said_and_not_guessed() -> None:
    candidates = np.array([(0, 1)], np.int32)
    assert choose_by_ilp(np.array([[0.5], [0.4]]), candidates, Constraint("=", 1)) is None


def test_of_equal_choices_the_earlier_and_shorter_wins() -> None:
    candidates = np.array([(0, 1), (0, 2), (1, 2)], np.int32)
    chosen = choose_exactly(np.array([[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]]), candidates)
    assert chosen.tolist() == [[True, False, False], [False, False, True]]


def test_nothing_to_choose_from() -> None:
    none = np.zeros((0, 2), np.int32)
    assert choose_exactly(np.zeros((2, 0)), none).shape == (2, 0)
    assert choose_exactly(np.zeros((0, 0)), none).shape == (0, 0)
    assert choose_greedily(np.zeros((2, 0)), none, ONE).shape == (2, 0)
    found = choose_by_ilp(np.zeros((2, 0)), none, ONE)
    assert found is not None
    assert found.shape == (2, 0)
