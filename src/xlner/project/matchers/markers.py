"""The matcher for marked translations: the target text carries the marks itself."""

from __future__ import annotations

from typing import ClassVar

from xlner.component import Part
from xlner.project.markers import labelled
from xlner.project.pair import Problem
from xlner.project.result import Projected


class MarkerMatcher(Part):
    """Read the `[...]` marks that a translator carried over, and take them out.

    How marks find their entities stands at `xlner.project.markers.decode`.
    The result's sentences are the unmarked text, split into words anew. A sentence whose marks do not add up keeps its
    text, and all of its words are missing.

    Reference: Chen et al., "EasyProject", Findings of ACL 2023.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"markers"})

    def match(self, problem: Problem) -> Projected:
        """Project the entities of one sentence pair."""
        source, target = problem.pair.source, problem.pair.target
        sentence, fates = labelled(target.with_text().text or "", source, target)
        return Projected.of(source, sentence, fates)
