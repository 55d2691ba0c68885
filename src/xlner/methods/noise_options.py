"""Options against noise in projected labels: how they are taught, and which sentences are left out."""

from __future__ import annotations

from typing import Literal

from xlner.component import option, options


@options
class NoiseOptions:
    """How a student learns from labels that may be wrong."""

    projected_labels: Literal["hard", "soft"] = option(
        "hard",
        "soft teaches what the source's tagger found probable of an entity, weighted by the score of its projection.",
    )
    lost_capitals: Literal["entity", "unknown", "outside"] = option(
        "entity",
        "What an entity is that has a capital in the source and none in the target, as German in Spanish: still an "
        "entity, unknown words, or words outside entities.",
    )
    surest_share: float = option(
        1.0,
        "Share of the projected sentences to learn from: the surest, of those with entities and without.",
        gt=0,
        le=1,
    )
    co_teaching: float = option(
        0.0, "Share of words, those with the largest loss, that two students leave out for each other; 0 trains one.",
        ge=0, lt=1,
    )  # fmt: skip
