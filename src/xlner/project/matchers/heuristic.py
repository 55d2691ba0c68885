"""The range heuristic: runs of linked words become the projection, without any search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Literal

import numpy as np

from xlner.component import Part, option, options
from xlner.core.types import Span
from xlner.project.fates import Fate, Reason
from xlner.project.links import dice
from xlner.project.pair import Pair, Problem
from xlner.project.result import Projected

Range = tuple[int, int]


@dataclass(frozen=True)
class Rules:
    """What a variant of the heuristic does, every setting decided. See `HeuristicMatcher.Options` for the fields."""

    d: int = 1
    k: int = 1
    only_i: bool = False
    thr: float = 0.0
    punctuation: Literal["keep", "drop"] = "drop"
    gap: Literal["between", "extent"] = "between"
    prefer: Literal["longest", "shortest"] = "longest"
    order: Literal["source", "shortest"] = "source"
    collision: Literal["first", "last", "union"] = "first"


VARIANTS = {
    "own": Rules(),
    "paper": Rules(k=0, thr=0.8, punctuation="keep", collision="last"),
    "thesis": Rules(k=0, thr=0.8, punctuation="keep", prefer="shortest", order="shortest"),
    "ixa": Rules(gap="extent", collision="union"),
}
"""Ours; the code of the paper, where every run that is long enough becomes an entity and later ones overwrite; the code
of the thesis, with short entities first and the k shortest runs; and Easy-Label-Projection."""


class HeuristicMatcher(Part):
    """Project each entity to runs of the target words linked to it.

    For one entity: take the linked words, split them into runs of neighbours, merge runs with small gaps, drop runs
    that are short against the entity, keep the k longest. Then settle collisions between entities. A variant decides
    all settings; those that are given change it.

    Reference: "paper" is Politov et al., NoDaLiDa 2025; "thesis" the extended work behind it; "ixa" García-Ferrero et
        al., Findings of EMNLP 2022.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"alignment"})

    @options
    class Options:
        """Settings of the heuristic; None is what the variant has."""

        variant: Literal["own", "paper", "thesis", "ixa"] = option(
            "own", "Whose settings: ours or published ones; the other options change them."
        )
        d: int | None = option(None, "Merge runs with up to so many words between.", ge=0, unit="words")
        k: int | None = option(None, "Runs an entity may keep; 0 keeps all.", ge=0, unit="runs")
        only_i: bool | None = option(None, "No merge of a run whose first word is linked to the entity's first word.")
        thr: float | None = option(None, "Runs must be longer than so many times the entity; 0 keeps all.", ge=0)
        punctuation: Literal["keep", "drop"] | None = option(None, "Keep or drop links to words of punctuation only.")
        gap: Literal["between", "extent"] | None = option(
            None, "d counts the words between two runs, or bounds the extent of the merged run by d + 2."
        )
        prefer: Literal["longest", "shortest"] | None = option(None, "Which runs k keeps.")
        order: Literal["source", "shortest"] | None = option(None, "Which entity goes first.")
        collision: Literal["first", "last", "union"] | None = option(
            None,
            "Who gets words that two entities want: the first; the last, which leaves the rest of the earlier run; or "
            "union, where one type becomes one run, and of two types the longer run wins, the later one if equal.",
        )

    def __init__(self, options: Any = None, /, **values: Any) -> None:
        super().__init__(options, **values)
        given = {f.name: getattr(self.options, f.name) for f in fields(Rules)}
        self.rules = replace(VARIANTS[self.options.variant], **{n: v for n, v in given.items() if v is not None})

    def match(self, problem: Problem) -> Projected:
        """Project the entities of one sentence pair."""
        pair = problem.pair
        runs: dict[int, list[Range]] = {}
        lost: dict[int, Fate] = {}
        for index, entity in enumerate(pair.entities):
            runs_or_fate = self._runs(pair, entity)
            if isinstance(runs_or_fate, Fate):
                lost[index] = runs_or_fate
            else:
                runs[index] = runs_or_fate
        ranking = sorted(runs, key=lambda i: (_length(pair.entities[i]) if self.rules.order == "shortest" else 0, i))
        settle = {"first": _first, "last": _last, "union": _union}[self.rules.collision]
        placed, winners = settle(ranking, runs, pair.entities, len(pair.target))
        fates = []
        for index, entity in enumerate(pair.entities):
            if index in lost:
                fates.append(lost[index])
                continue
            wanted = max(runs[index], key=_size)
            score = float(min(1.0, dice(pair, entity, np.array([wanted], np.int32))[0]))
            if placed[index]:
                scores = dice(pair, entity, np.array(placed[index], np.int32)).clip(0, 1).tolist()
                spans = tuple(Span(*r, entity.label, s) for r, s in zip(placed[index], scores, strict=True))
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
        if self.rules.punctuation == "drop":
            words = [w for w in words if any(c.isalnum() for c in pair.target.words[w])]
            if not words:
                return Fate(entity, Reason.PUNCTUATION)
        first_word = Span(entity.start, entity.start + 1, entity.label)
        blocked = set(pair.linked(first_word).tolist()) if self.rules.only_i else set()
        merged: list[Range] = []
        for start, end in _neighbours(words):
            if merged and start not in blocked and self._near(merged[-1], (start, end)):
                merged[-1] = (merged[-1][0], end)
            else:
                merged.append((start, end))
        long_enough = [r for r in merged if _size(r) / _length(entity) > self.rules.thr]
        if not long_enough:
            best = max(merged, key=_size)
            return Fate(entity, Reason.TOO_SHORT, (), _size(best) / _length(entity), best)
        sign = -1 if self.rules.prefer == "longest" else 1
        ranked = sorted(long_enough, key=lambda r: (sign * _size(r), r[0]))
        return sorted(ranked[: self.rules.k or None])

    def _near(self, left: Range, right: Range) -> bool:
        if self.rules.gap == "between":
            return right[0] - left[1] <= self.rules.d
        return right[1] - 1 - left[0] <= self.rules.d + 1


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
    placed: dict[int, list[Range]] = {i: [] for i in runs}
    winners: dict[int, int] = {}
    for index in ranking:
        for start, end in runs[index]:
            here = owner[start:end]
            if (here >= 0).any():
                winners.setdefault(index, int(here[here >= 0][0]))
            else:
                here[:] = index
                placed[index].append((start, end))
    return placed, winners


def _last(
    ranking: Sequence[int], runs: dict[int, list[Range]], entities: Sequence[Span], n_words: int
) -> tuple[dict[int, list[Range]], dict[int, int]]:
    """Every run overwrites the tags B-X I-X ... of those before it; what then stands there is read as tags are.

    So the rest of an overwritten run begins with I-X: behind a run of the same type it goes on with that one.
    """
    owner = np.full(n_words, -1)
    begins = np.zeros(n_words, bool)
    for index in ranking:
        for start, end in runs[index]:
            owner[start:end] = index
            begins[start:end] = False
            begins[start] = True
    placed: dict[int, list[Range]] = {i: [] for i in runs}
    last = -1  # the entity whose span the word before belongs to, or -1
    for word, index in enumerate(owner.tolist()):
        if index < 0:
            last = -1
        elif last < 0 or begins[word] or entities[index].label != entities[last].label:
            placed[index].append((word, word + 1))
            last = index
        else:
            placed[last][-1] = (placed[last][-1][0], word + 1)
    winners: dict[int, int] = {}
    for index, ranges in runs.items():
        there = {int(o) for start, end in ranges for o in owner[start:end]} - {index}
        if not placed[index] and there:
            winners[index] = min(there)
    return placed, winners


def _union(
    ranking: Sequence[int], runs: dict[int, list[Range]], entities: Sequence[Span], n_words: int
) -> tuple[dict[int, list[Range]], dict[int, int]]:
    standing: list[tuple[int, Range]] = []
    winners: dict[int, int] = {}
    for index in ranking:
        for run in runs[index]:
            _unite(index, run, standing, winners, entities)
    placed: dict[int, list[Range]] = {i: [] for i in runs}
    for index, run in standing:
        placed[index].append(run)
    return {i: sorted(r) for i, r in placed.items()}, winners


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
