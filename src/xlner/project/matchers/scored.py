"""What matchers that choose among scored candidates have in common: their options, and the telling of fates."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from xlner.component import Part, option, options
from xlner.core.types import Span
from xlner.errors import OptionError
from xlner.project.candidates import CandidateOptions
from xlner.project.fates import Fate, Reason
from xlner.project.matchers.constraint import Constraint, Sense
from xlner.project.pair import Pair, Problem
from xlner.project.result import Projected


@options
class ScoredOptions(CandidateOptions):
    """Options of every matcher that chooses among scored candidates."""

    constraint: Sense = option("<=", "Projections per entity: at most, exactly or at least so many as `n_proj` says.")
    n_proj: int = option(1, "Number of projections per entity; 0 goes with >= and means no constraint.", ge=0)
    threshold: float | None = option(
        None, "Candidates must score more; without it, the score's own bound, such as 0.2 for probabilities.", ge=0
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_proj < 1 and self.constraint != ">=":
            raise OptionError("n_proj", f"must be at least 1 with the constraint {self.constraint}, got {self.n_proj}")


class ScoredMatcher(Part, ABC):
    """A matcher that chooses among scored candidates. What it chooses is for its subclasses to say."""

    Options = ScoredOptions
    needs: ClassVar[frozenset[str]] = frozenset({"candidates"})
    options: ScoredOptions

    @property
    def constraint(self) -> Constraint:
        """Number of projections per entity."""
        return Constraint(self.options.constraint, self.options.n_proj)

    @abstractmethod
    def choose(self, scores: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Which candidate goes to which entity. Shape: (n_entities, n_candidates), bool."""

    def match(self, problem: Problem) -> Projected:
        """Project the entities of one sentence pair. Ties go to the earlier entity and the earlier, shorter range."""
        # Ties depend on the order of candidates and entities, so both get the same order however they came.
        order = np.lexsort((problem.candidates[:, 1], problem.candidates[:, 0]))
        candidates = problem.candidates[order]
        scores = np.asarray(problem.scores, float)[:, order]
        threshold = problem.threshold if self.options.threshold is None else self.options.threshold
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
