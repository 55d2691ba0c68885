"""What became of a source entity."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xlner.core.types import Sentence, Span


class Reason(StrEnum):
    """What became of a source entity."""

    PROJECTED = "projected"
    EMPTY_TARGET = "empty target sentence"
    NO_ALIGNMENT = "no alignment"
    NO_CANDIDATE = "no candidate"
    TOO_SHORT = "aligned words too few"
    PUNCTUATION = "aligned to punctuation only"
    BELOW_THRESHOLD = "below threshold"
    OVERLAP = "lost to overlap"
    MARKERS = "markers do not add up"
    LOST_CAPITALS = "lost its capitals"
    INCONSISTENT = "back-translation disagrees"


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one source entity.

    Args:
        entity: the source entity.
        reason: projected, or why not.
        spans: where it went; empty if it was lost, several if the matcher allows it.
        score: the best score it had, on the matcher's own scale; None if it never had one.
        wanted: the target range that it lost or that was not good enough, where one is known.
        winner: the source entity that took that range.
        detail: what else is known of a loss, for people.
    """

    entity: Span
    reason: Reason
    spans: tuple[Span, ...] = ()
    score: float | None = None
    wanted: tuple[int, int] | None = None
    winner: Span | None = None
    detail: str = ""

    def explain(self, source: Sentence, target: Sentence) -> str:
        """One line for people."""
        name = f"{self.entity.label} '{source.surface(self.entity)}'"
        if self.spans:
            return f"{name} → " + ", ".join(f"'{target.surface(s)}'" for s in self.spans)
        said = f"{name}: {self.reason}" + (f" ({self.detail})" if self.detail else "")
        if self.wanted is not None:
            said += f"; wanted '{target.surface(Span(*self.wanted, self.entity.label))}'"
        if self.winner is not None:
            said += f", taken by {self.winner.label} '{source.surface(self.winner)}'"
        return said
