"""The exact choice: without a solver for the common case, at most one projection per entity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xlner.project.matchers.constraint import Constraint
from xlner.project.matchers.ilp import choose_by_ilp, choose_by_ilp_or_fewer
from xlner.project.matchers.scored import ScoredMatcher

_MAX_TOGETHER = 10


class ExactMatcher(ScoredMatcher):
    """The best choice for all entities together; at most one projection per entity is solved directly, the rest by ILP.

    A sentence that cannot satisfy "=" or ">=" (three entities, two words) is solved with "<=" of the same number
    instead: part of the entities is better than none. The result counts such sentences.

    Reference: the objective is that of Politov et al., NoDaLiDa 2025; the direct solution is ours.
    """

    def choose(self, scores: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Shape: (n_entities, n_candidates), bool."""
        if self.constraint == Constraint("<=", 1):
            return choose_exactly(scores, candidates)
        return choose_by_ilp_or_fewer(scores, candidates, self.constraint)


def choose_exactly(scores: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """The choice of non-overlapping candidates, at most one per entity, with the highest sum of scores.

    Three steps. (1) Candidates that can be left out are: one that contains another of the same entity with no lower
    score. (2) Entities whose remaining candidates never overlap those of others are decided alone; groups that do are
    decided apart from each other. (3) In a group, dynamic programming over word positions and sets of served entities:
    `best[position][served]` is the highest sum from candidates that end there or before. That is
    O((words + candidates) * 2^entities) per group, and groups are small. A group of more than 10 goes to HiGHS.

    Equal sums: a candidate is taken only if it raises the sum, earlier and shorter ones are preferred, and of two
    entities the one that is later in the source takes the later range, so equal names keep their order.

    Args:
        scores: entities in the order of the source. Shape: (n_entities, n_candidates), 0 or less means no.
        candidates: ranges `[start, end)`, sorted. Shape: (n_candidates, 2).

    Returns:
        What was chosen. Shape: (n_entities, n_candidates), bool.
    """
    chosen = np.zeros(scores.shape, bool)
    eligible = [_undominated(row, candidates) for row in scores]
    for group in _groups(eligible, candidates):
        if len(group) == 1:
            row = group[0]
            chosen[row, max(eligible[row], key=lambda c: scores[row, c])] = True
        elif len(group) <= _MAX_TOGETHER:
            for row, column in _together(group, eligible, scores, candidates):
                chosen[row, column] = True
        else:
            part = np.zeros(scores.shape)
            for row in group:
                part[row, eligible[row]] = scores[row, eligible[row]]
            solved = choose_by_ilp(part, candidates, Constraint("<=", 1))
            chosen |= solved if solved is not None else False
    return chosen


def _undominated(row: np.ndarray, candidates: np.ndarray) -> list[int]:
    """Candidates of one entity that are worth a look, sorted by start and end.

    A range that contains another one of no lower score can always be replaced by it: that takes fewer words.
    """
    columns = np.flatnonzero(row > 0)
    if len(columns) < 2:
        return columns.tolist()
    starts, ends = candidates[columns, 0], candidates[columns, 1]
    values = row[columns]
    eligible: list[int] = []
    # By start from the right, then by end from the left: whatever a range contains comes before it.
    order = np.lexsort((ends, -starts))
    best_within = np.full(int(ends.max()) + 1, -np.inf)  # highest score seen of a range that ends there or before
    for i in order.tolist():
        if best_within[ends[i]] >= values[i]:
            continue
        eligible.append(int(columns[i]))
        tail = best_within[ends[i] :]
        np.maximum(tail, values[i], out=tail)
    return sorted(eligible, key=lambda c: (candidates[c, 0], candidates[c, 1]))


def _groups(eligible: Sequence[Sequence[int]], candidates: np.ndarray) -> list[list[int]]:
    """Entities that compete, directly or through others; those without candidates are left out."""
    intervals = sorted(
        (int(candidates[c, 0]), int(candidates[c, 1]), row) for row, cs in enumerate(eligible) for c in cs
    )
    parent = list(range(len(eligible)))

    def root(x: int) -> int:
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    # One sweep: all intervals that reach over the current start belong together.
    open_until = -1
    owner = -1
    for start, end, row in intervals:
        if start < open_until:
            parent[root(row)] = root(owner)
        owner, open_until = row, max(open_until, end)
    members: dict[int, list[int]] = {}
    for row, columns in enumerate(eligible):
        if columns:
            members.setdefault(root(row), []).append(row)
    return list(members.values())


def _together(
    group: Sequence[int], eligible: Sequence[Sequence[int]], scores: np.ndarray, candidates: np.ndarray
) -> list[tuple[int, int]]:
    """Dynamic programming over positions and sets of entities, for a few entities that compete."""
    options = [
        (int(candidates[c, 1]), int(candidates[c, 0]), bit, c) for bit, row in enumerate(group) for c in eligible[row]
    ]
    options.sort(key=lambda o: (o[0], o[1], -o[2]))
    positions = sorted({p for end, start, *_ in options for p in (start, end)})
    at = {p: i for i, p in enumerate(positions)}
    subsets = np.arange(1 << len(group))
    without = [np.flatnonzero(subsets & (1 << bit) == 0) for bit in range(len(group))]
    best = np.full((len(positions), len(subsets)), -np.inf)
    best[0, 0] = 0.0
    back = np.full(best.shape, -1)
    position = 0
    for index, (end, start, bit, column) in enumerate(options):
        while position < at[end]:
            position += 1
            best[position] = best[position - 1]
        sets = without[bit]
        value = best[at[start], sets] + scores[group[bit], column]
        then = sets | (1 << bit)
        better = value > best[position, then]
        best[position, then[better]] = value[better]
        back[position, then[better]] = index
    taken = []
    served = int(best[position].argmax())
    while served:
        latest = int(back[position, served])
        if latest < 0:
            position -= 1
            continue
        end, start, bit, column = options[latest]
        taken.append((group[bit], column))
        position, served = at[start], served & ~(1 << bit)
    return taken
