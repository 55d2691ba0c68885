"""The range heuristic: runs of linked words become the projection, without any search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from xlner.core.types import Span
from xlner.errors import UsageError
from xlner.project.pair import Pair, Problem
from xlner.project.result import Fate, Projected, Reason
from xlner.project.scores.align import dice

Range = tuple[int, int]


@dataclass(frozen=True)
class HeuristicMatcher:
    """Project each entity to runs of the target words linked to it.

    For one entity: take the linked words, split them into runs of neighbours, merge runs with small gaps, drop runs
    that are short against the entity, keep the k longest. Then settle collisions between entities.

    Args:
        d: merge neighbouring runs with up to `d` words between them; these join the run.
        k: how many runs an entity may keep; 0 keeps all.
        only_i: do not merge a run whose first word is linked to the entity's first word.
        thr: keep runs with more than `thr` times the words of the entity; 0 keeps all.
        punctuation: "keep", or "drop" to ignore links to words that are only punctuation.
        gap: how `d` is measured: "between" counts the words between two runs; "extent" wants the merged run to have at
            most d + 2 words.
        prefer: which runs `k` keeps, "longest" or "shortest".
        order: which entity goes first, by "source" order or the "shortest".
        collision: who gets words that two entities want: the "first" (the later run is lost), the "last" (it
            overwrites, the rest of the earlier run stays), or "union" (one type: both become one; two types: the
            longer run, the later one if equal).

    Reference: `paper()` is Politov et al., NoDaLiDa 2025; `thesis()` the extended work behind it; `ixa()`
        García-Ferrero et al., Findings of EMNLP 2022.
    """

    d: int = 1
    k: int = 1
    only_i: bool = False
    thr: float = 0.0
    punctuation: Literal["keep", "drop"] = "drop"
    gap: Literal["between", "extent"] = "between"
    prefer: Literal["longest", "shortest"] = "longest"
    order: Literal["source", "shortest"] = "source"
    collision: Literal["first", "last", "union"] = "first"
    needs: ClassVar[frozenset[str]] = frozenset({"alignment"})

    def __post_init__(self) -> None:
        if self.d < 0 or self.k < 0 or not 0 <= self.thr < np.inf:
            raise UsageError(f"--d, --k and --thr must be numbers from 0, got {self.d}, {self.k}, {self.thr}")
        for name, value, allowed in (
            ("punctuation", self.punctuation, ("keep", "drop")),
            ("gap", self.gap, ("between", "extent")),
            ("prefer", self.prefer, ("longest", "shortest")),
            ("order", self.order, ("source", "shortest")),
            ("collision", self.collision, ("first", "last", "union")),
        ):
            if value not in allowed:
                raise UsageError(f"--{name} is {' or '.join(allowed)}; got '{value}'")

    @classmethod
    def paper(cls) -> HeuristicMatcher:
        """As the code of the paper has it: every run that is long enough becomes an entity, later ones overwrite."""
        return cls(d=1, k=0, thr=0.8, punctuation="keep", collision="last")

    @classmethod
    def thesis(cls, *, d: int = 1, k: int = 0, only_i: bool = False, thr: float = 0.8) -> HeuristicMatcher:
        """As the code of the thesis has it: short entities first, and the k shortest runs."""
        return cls(d=d, k=k, only_i=only_i, thr=thr, punctuation="keep", prefer="shortest", order="shortest")

    @classmethod
    def ixa(cls) -> HeuristicMatcher:
        """As Easy-Label-Projection has it: no threshold, the longest run, collisions united."""
        return cls(d=1, k=1, punctuation="drop", gap="extent", collision="union")

    def match(self, problem: Problem) -> Projected:
        """Project the entities of one sentence pair."""
        pair = problem.pair
        runs: dict[int, list[Range]] = {}
        lost: dict[int, Fate] = {}
        for index, entity in enumerate(pair.entities):
            found = self._runs(pair, entity)
            if isinstance(found, Fate):
                lost[index] = found
            else:
                runs[index] = found
        ranking = sorted(runs, key=lambda i: (_length(pair.entities[i]) if self.order == "shortest" else 0, i))
        settle = {"first": _first, "last": _last, "union": _union}[self.collision]
        kept, winners = settle(ranking, runs, pair.entities, len(pair.target))
        fates = []
        for index, entity in enumerate(pair.entities):
            if index in lost:
                fates.append(lost[index])
                continue
            wanted = max(runs[index], key=_size)
            score = float(min(1.0, dice(pair, entity, np.array([wanted], np.int32))[0]))
            if kept[index]:
                scores = dice(pair, entity, np.array(kept[index], np.int32)).clip(0, 1).tolist()
                spans = tuple(Span(*r, entity.label, s) for r, s in zip(kept[index], scores, strict=True))
                fates.append(Fate(entity, Reason.PROJECTED, spans, score))
            else:
                winner = winners.get(index)
                fates.append(
                    Fate(entity, Reason.OVERLAP, (), score, wanted, None if winner is None else pair.entities[winner])
                )
        return Projected.of(pair.source, pair.target, fates, pair.alignment)

    def _runs(self, pair: Pair, entity: Span) -> list[Range] | Fate:
        """The runs an entity asks for, or why it has none."""
        if not len(pair.target):
            return Fate(entity, Reason.EMPTY_TARGET)
        words = pair.linked(entity).tolist()
        if not words:
            return Fate(entity, Reason.NO_ALIGNMENT)
        if self.punctuation == "drop":
            words = [w for w in words if any(c.isalnum() for c in pair.target.words[w])]
            if not words:
                return Fate(entity, Reason.PUNCTUATION)
        first_word = Span(entity.start, entity.start + 1, entity.label)
        blocked = set(pair.linked(first_word).tolist()) if self.only_i else set()
        merged: list[Range] = []
        for start, end in _neighbours(words):
            if merged and start not in blocked and self._near(merged[-1], (start, end)):
                merged[-1] = (merged[-1][0], end)
            else:
                merged.append((start, end))
        long_enough = [r for r in merged if _size(r) / _length(entity) > self.thr]
        if not long_enough:
            best = max(merged, key=_size)
            return Fate(entity, Reason.TOO_SHORT, (), _size(best) / _length(entity), best)
        sign = -1 if self.prefer == "longest" else 1
        ranked = sorted(long_enough, key=lambda r: (sign * _size(r), r[0]))
        return sorted(ranked[: self.k or None])

    def _near(self, left: Range, right: Range) -> bool:
        if self.gap == "between":
            return right[0] - left[1] <= self.d
        return right[1] - 1 - left[0] <= self.d + 1


def _size(r: Range) -> int:
    return r[1] - r[0]


def _length(entity: Span) -> int:
    return entity.end - entity.start


def _neighbours(words: Sequence[int]) -> list[Range]:
    """Runs of consecutive numbers. `words` is sorted."""
    runs: list[Range] = []
    for word in words:
        if runs and runs[-1][1] == word:
            runs[-1] = (runs[-1][0], word + 1)
        else:
            runs.append((word, word + 1))
    return runs


def _first(
    ranking: Sequence[int], runs: dict[int, list[Range]], entities: Sequence[Span], n_words: int
) -> tuple[dict[int, list[Range]], dict[int, int]]:
    owner = np.full(n_words, -1)
    kept: dict[int, list[Range]] = {i: [] for i in runs}
    winners: dict[int, int] = {}
    for index in ranking:
        for start, end in runs[index]:
            here = owner[start:end]
            if (here >= 0).any():
                winners.setdefault(index, int(here[here >= 0][0]))
            else:
                here[:] = index
                kept[index].append((start, end))
    return kept, winners


def _last(
    ranking: Sequence[int], runs: dict[int, list[Range]], entities: Sequence[Span], n_words: int
) -> tuple[dict[int, list[Range]], dict[int, int]]:
    numbered = [(index, r) for index in ranking for r in runs[index]]
    owner = np.full(n_words, -1)
    for number, (_, (start, end)) in enumerate(numbered):
        owner[start:end] = number
    kept: dict[int, list[Range]] = {i: [] for i in runs}
    winners: dict[int, int] = {}
    for number, (index, (start, _)) in enumerate(numbered):
        mine = np.flatnonzero(owner == number).tolist()
        kept[index] += _neighbours(mine)
        if not mine:
            winners.setdefault(index, numbered[int(owner[start])][0])
    return {i: sorted(r) for i, r in kept.items()}, winners


def _union(
    ranking: Sequence[int], runs: dict[int, list[Range]], entities: Sequence[Span], n_words: int
) -> tuple[dict[int, list[Range]], dict[int, int]]:
    standing: list[tuple[int, Range]] = []
    winners: dict[int, int] = {}
    for index in ranking:
        for run in runs[index]:
            _unite(index, run, standing, winners, entities)
    kept: dict[int, list[Range]] = {i: [] for i in runs}
    for index, run in standing:
        kept[index].append(run)
    return {i: sorted(r) for i, r in kept.items()}, winners


def _unite(
    index: int, run: Range, standing: list[tuple[int, Range]], winners: dict[int, int], entities: Sequence[Span]
) -> None:
    """Add one run to those that stand, or let one of them win."""
    while True:
        rival = next(((o, r) for o, r in standing if r[0] < run[1] and run[0] < r[1]), None)
        if rival is None:
            standing.append((index, run))
            return
        owner, other = rival
        if entities[owner].label == entities[index].label:
            standing.remove(rival)
            if owner != index:
                winners[index] = owner
            index, run = owner, (min(run[0], other[0]), max(run[1], other[1]))
        elif _size(other) > _size(run):
            winners.setdefault(index, owner)
            return
        else:
            standing.remove(rival)
            winners.setdefault(owner, index)
