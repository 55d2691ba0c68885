"""Matchers: decide where every entity goes, from scores of candidates, from alignment alone, or from markers."""

from __future__ import annotations

from typing import Protocol

from xlner.project.pair import Problem
from xlner.project.result import Projected
from xlner.registry import Registry


class Matcher(Protocol):
    """What every matcher does.

    Spans of a result never overlap; each entity has one fate, in the order of the source; the same problem always gives
    the same result, ties included.

    Attributes:
        needs: what a `Problem` must bring: any of "alignment", "candidates", "markers".
    """

    needs: frozenset[str]

    def match(self, problem: Problem) -> Projected:
        """Project the entities of one sentence pair."""
        ...


MATCHERS = Registry(
    "matchers",
    {
        "exact": "xlner.project.matchers.exact:ExactMatcher",
        "greedy": "xlner.project.matchers.greedy:GreedyMatcher",
        "ilp": "xlner.project.matchers.ilp:IlpMatcher",
        "heuristic": "xlner.project.matchers.heuristic:HeuristicMatcher",
        "markers": "xlner.project.matchers.markers:MarkerMatcher",
    },
    one="matcher",
    aliases={"program": "ilp"},  # its former name
)

__all__ = ["MATCHERS", "Matcher"]
