"""Matchers that choose among scored candidates: exact, greedy, and the integer program as the reference."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from xlner.core.types import Span
from xlner.errors import UsageError
from xlner.project.matchers.constraint import Constraint
from xlner.project.matchers.exact import choose_exactly
from xlner.project.matchers.greedy import choose_greedily
from xlner.project.matchers.program import choose_by_program
from xlner.project.pair import Pair, Problem
from xlner.project.result import Fate, Projected, Reason


@dataclass(frozen=True)
class _Chooser(ABC):
    """What the three have in common: a constraint and a threshold, and the telling of fates.

    Args:
        constraint: number of projections per entity.
        threshold: scores up to this one do not count; None takes the problem's.
    """

    constraint: Constraint = field(default_factory=Constraint)
    threshold: float | None = None
    needs: ClassVar[frozenset[str]] = frozenset({"candidates"})

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 <= self.threshold < np.inf:
            raise UsageError(f"--threshold must be a number from 0, got {self.threshold}")

    @abstractmethod
    def choose(self, scores: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Which candidate goes to which entity. Shape: (n_entities, n_candidates), bool."""

    def match(self, problem: Problem) -> Projected:
        """Project the entities of one sentence pair. Ties go to the earlier entity and the earlier, shorter range."""
        # Ties depend on the order of candidates and entities, so both get the same order however they came.
        order = np.lexsort((problem.candidates[:, 1], problem.candidates[:, 0]))
        candidates = problem.candidates[order]
        scores = np.asarray(problem.scores, float)[:, order]
        threshold = problem.threshold if self.threshold is None else self.threshold
        support = scores if problem.support is None else np.asarray(problem.support, float)[:, order]
        usable = np.where(support > threshold, scores, 0.0)
        chosen = self.choose(usable, candidates)
        return Projected.of(
            problem.pair.source,
            problem.pair.target,
            _fates(problem.pair, candidates, scores, usable, chosen),
            problem.pair.alignment,
            unmet=self._is_unmet(usable, chosen),
        )

    def _is_unmet(self, usable: np.ndarray, chosen: np.ndarray) -> bool:
        """Whether an entity with a candidate got fewer than "=" or ">=" asks for."""
        short = chosen.sum(1) < self.constraint.n_proj
        return self.constraint.sense != "<=" and bool((short & (usable > 0).any(1)).any())


@dataclass(frozen=True)
class ExactMatcher(_Chooser):
    """The best choice overall. At most one projection per entity is solved directly, anything else by HiGHS.

    A sentence that cannot satisfy "=" or ">=" (three entities, two words) is solved with "<=" of the same number
    instead: part of the entities is better than none. The result counts such sentences.
    """

    def choose(self, scores: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Shape: (n_entities, n_candidates), bool."""
        if self.constraint == Constraint("<=", 1):
            return choose_exactly(scores, candidates)
        return _program(scores, candidates, self.constraint)


@dataclass(frozen=True)
class ProgramMatcher(_Chooser):
    """The integer program for every constraint: the reference for `exact`, and slower."""

    def choose(self, scores: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Shape: (n_entities, n_candidates), bool."""
        return _program(scores, candidates, self.constraint)


@dataclass(frozen=True)
class GreedyMatcher(_Chooser):
    """The best remaining match first. See `choose_greedily`."""

    def choose(self, scores: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Shape: (n_entities, n_candidates), bool."""
        return choose_greedily(scores, candidates, self.constraint)


def _program(scores: np.ndarray, candidates: np.ndarray, constraint: Constraint) -> np.ndarray:
    found = choose_by_program(scores, candidates, constraint)
    if found is None:
        found = choose_by_program(scores, candidates, Constraint("<=", max(1, constraint.n_proj)))
    return np.zeros(scores.shape, bool) if found is None else found


def _fates(
    pair: Pair, candidates: np.ndarray, scores: np.ndarray, usable: np.ndarray, chosen: np.ndarray
) -> list[Fate]:
    taken = [(*candidates[c].tolist(), pair.entities[e]) for e, c in np.argwhere(chosen).tolist()]
    fates = []
    for index, entity in enumerate(pair.entities):
        columns = np.flatnonzero(chosen[index])
        if len(columns):
            spans = tuple(
                Span(int(candidates[c, 0]), int(candidates[c, 1]), entity.label, float(min(1.0, scores[index, c])))
                for c in columns
            )
            fates.append(Fate(entity, Reason.PROJECTED, spans, float(scores[index, columns].max())))
            continue
        if not len(pair.target):
            fates.append(Fate(entity, Reason.EMPTY_TARGET))
            continue
        best = int(scores[index].argmax()) if scores.shape[1] else -1
        score = float(scores[index, best]) if best >= 0 else 0.0
        unlinked = pair.alignment is not None and not len(pair.linked(entity))
        if score <= 0 or (unlinked and usable[index, best] <= 0):
            fates.append(Fate(entity, Reason.NO_ALIGNMENT if unlinked else Reason.NO_CANDIDATE, (), score or None))
            continue
        start, end = candidates[best].tolist()
        if usable[index, best] <= 0:
            fates.append(Fate(entity, Reason.BELOW_THRESHOLD, (), score, (start, end)))
            continue
        winner = next((e for s, t, e in taken if s < end and start < t), None)
        fates.append(Fate(entity, Reason.OVERLAP, (), score, (start, end), winner))
    return fates
