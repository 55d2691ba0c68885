"""The reference: projection as an integer program, solved by HiGHS."""

from __future__ import annotations

import numpy as np

from xlner.errors import XlnerError
from xlner.project.matchers.constraint import Constraint

_OPTIMAL, _INFEASIBLE = 0, 2


def choose_by_program(scores: np.ndarray, candidates: np.ndarray, constraint: Constraint) -> np.ndarray | None:
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

    Reference: the program is that of Shkalikov's thesis (the extended work behind Politov et al., NoDaLiDa 2025); the
        solver is HiGHS (Huangfu and Hall, 2018) through SciPy.
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
    found = milp(
        -scores[rows, columns].astype(float),
        constraints=LinearConstraint(vstack((per_word, per_entity)), lower, upper),
        integrality=np.ones(n),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0},
    )
    if found.status == _INFEASIBLE:
        return None
    if found.status != _OPTIMAL or found.x is None:
        raise XlnerError(f"the solver found no optimum (status {found.status}: {found.message})")
    taken = np.round(found.x).astype(bool)  # the solver speaks in floats
    chosen[rows[taken], columns[taken]] = True
    return chosen
