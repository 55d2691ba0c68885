"""The reference: projection by integer linear programming (ILP), solved by HiGHS."""

from __future__ import annotations

import numpy as np

from xlner.errors import XlnerError
from xlner.project.matchers.constraint import Constraint
from xlner.project.matchers.scored import ScoredMatcher

_OPTIMAL, _INFEASIBLE = 0, 2


class IlpMatcher(ScoredMatcher):
    """Integer linear programming (ILP) for every constraint: the reference for `exact`, and slower.

    Reference: Politov et al., NoDaLiDa 2025; solved by HiGHS (Huangfu and Hall, 2018).
    """

    def choose(self, scores: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Shape: (n_entities, n_candidates), bool."""
        return choose_by_ilp_or_fewer(scores, candidates, self.constraint)


def choose_by_ilp_or_fewer(scores: np.ndarray, candidates: np.ndarray, constraint: Constraint) -> np.ndarray:
    """`choose_by_ilp`; at most the same number per entity where the constraint leaves no room."""
    chosen = choose_by_ilp(scores, candidates, constraint)
    if chosen is None:
        chosen = choose_by_ilp(scores, candidates, Constraint("<=", max(1, constraint.n_proj)))
    return np.zeros(scores.shape, bool) if chosen is None else chosen


def choose_by_ilp(scores: np.ndarray, candidates: np.ndarray, constraint: Constraint) -> np.ndarray | None:
    """The best choice under any constraint.

        maximise    sum of scores[s, t] x[s, t]
        subject to  sum over t of x[s, t]  <=, = or >=  n_proj    for every entity s
                    sum over s, and over t that cover word w, of x[s, t] <= 1    for every target word w
                    x[s, t] in {0, 1}

    Ranges overlap exactly if they share a word, so the constraint per word says the same as one per overlapping pair,
    with far fewer rows and a tighter relaxation. Entities and candidates without a positive score take no part.

    Args:
        scores: Shape: (n_entities, n_candidates), 0 or less means no.
        candidates: ranges `[start, end)`. Shape: (n_candidates, 2).
        constraint: number of candidates per entity.

    Returns:
        What was chosen, shape (n_entities, n_candidates), bool; None if nothing satisfies the constraint.

    Raises:
        XlnerError: the solver gave up.

    Reference: the formulation is that of Shkalikov's thesis (the extended work behind Politov et al., NoDaLiDa 2025);
        the solver is HiGHS (Huangfu and Hall, 2018) through SciPy.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array, vstack

    chosen = np.zeros(scores.shape, bool)
    rows, columns = np.nonzero(scores > 0)
    if not len(rows):
        return chosen
    n = len(rows)
    words = [np.arange(*candidates[c]) for c in columns.tolist()]
    of = np.repeat(np.arange(n), [len(w) for w in words])
    words_used, word = np.unique(np.concatenate(words), return_inverse=True)
    entities, entity = np.unique(rows, return_inverse=True)
    per_word = coo_array((np.ones(len(of)), (word, of)), shape=(len(words_used), n))
    per_entity = coo_array((np.ones(n), (entity, np.arange(n))), shape=(len(entities), n))
    low = 0.0 if constraint.sense == "<=" else float(constraint.n_proj)
    high = np.inf if constraint.sense == ">=" else float(constraint.n_proj)
    lower = np.concatenate((np.full(len(words_used), -np.inf), np.full(len(entities), low)))
    upper = np.concatenate((np.ones(len(words_used)), np.full(len(entities), high)))
    solved = milp(
        -scores[rows, columns].astype(float),
        constraints=LinearConstraint(vstack((per_word, per_entity)), lower, upper),
        integrality=np.ones(n),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0},
    )
    if solved.status == _INFEASIBLE:
        return None
    if solved.status != _OPTIMAL or solved.x is None:
        raise XlnerError(f"the solver found no optimum (status {solved.status}: {solved.message})")
    taken = np.round(solved.x).astype(bool)  # the solver speaks in floats
    chosen[rows[taken], columns[taken]] = True
    return chosen
