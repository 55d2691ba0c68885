"""The greedy choice of candidates."""

from __future__ import annotations

import numpy as np

from xlner.project.matchers.constraint import Constraint
from xlner.project.matchers.scored import ScoredMatcher


class GreedyMatcher(ScoredMatcher):
    """The best remaining match first.

    Reference: Politov et al., NoDaLiDa 2025, section 3.
    """

    def choose(self, scores: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Shape: (n_entities, n_candidates), bool."""
        return choose_greedily(scores, candidates, self.constraint)


def choose_greedily(scores: np.ndarray, candidates: np.ndarray, constraint: Constraint) -> np.ndarray:
    """Take the best remaining pair of entity and candidate, strike out what overlaps it, and go on.

    An entity that has its number of projections is struck out too, for "<=" and "="; ">=" takes as many as there are,
    since greed cannot make room for more. Of equal scores the earlier entity, then the earlier and shorter candidate
    goes first.

    Args:
        scores: entities in the order of the source. Shape: (n_entities, n_candidates), 0 or less means no.
        candidates: sorted ranges. Shape: (n_candidates, 2).
        constraint: how many candidates an entity may have.

    Returns:
        What was chosen. Shape: (n_entities, n_candidates), bool.

    Reference: Politov et al., NoDaLiDa 2025, section 3 (there with n_proj = 1).
    """
    chosen = np.zeros(scores.shape, bool)
    rows, columns = np.nonzero(scores > 0)
    order = np.argsort(-scores[rows, columns], kind="stable")  # nonzero() is in the order of ties already
    free = np.ones(len(candidates), bool)
    room = np.full(len(scores), constraint.n_proj if constraint.sense in ("<=", "=") else len(candidates))
    starts, ends = candidates[:, 0], candidates[:, 1]
    for index in order.tolist():
        row, column = rows[index], columns[index]
        if not free[column] or not room[row]:
            continue
        chosen[row, column] = True
        room[row] -= 1
        free &= (ends <= starts[column]) | (starts >= ends[column])
    return chosen
