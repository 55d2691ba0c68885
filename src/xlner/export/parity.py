"""Whether an exported tagger says what the model says, and how fast."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from xlner.core.types import Sentence
from xlner.tagger import Tagger

ROUNDS = 3
_TIMED = 200  # sentences per round


@dataclass(frozen=True)
class Parity:
    """Two taggers on the same sentences.

    Args:
        sentences: how many there are.
        same: how many got the same entities from both.
        entities: how many the first tagger gave.
        kept: how many of them the second one gave, too.
        rates: median sentences per second of each, over rounds in turn.
        answers: the sentences as each labelled them.
    """

    sentences: int
    same: int
    entities: int
    kept: int
    rates: tuple[float, float]
    answers: tuple[list[Sentence], list[Sentence]]


def compared(before: Tagger, after: Tagger, sentences: Sequence[Sentence]) -> Parity:
    """Label sentences by both taggers, and time both on the first 200 of them, in turn."""
    answers = (list(before.predict(sentences)), list(after.predict(sentences)))
    spans = [[{(s.start, s.end, s.label) for s in x.spans} for x in side] for side in answers]
    times: tuple[list[float], list[float]] = ([], [])
    timed = sentences[:_TIMED]
    for _ in range(ROUNDS):
        for tagger, seconds in zip((before, after), times, strict=True):
            started = time.perf_counter()
            list(tagger.predict(timed))
            seconds.append(time.perf_counter() - started)
    pairs = list(zip(*spans, strict=True))
    return Parity(
        sentences=len(sentences),
        same=sum(a == b for a, b in pairs),
        entities=sum(len(a) for a, _ in pairs),
        kept=sum(len(a & b) for a, b in pairs),
        rates=(len(timed) / statistics.median(times[0]), len(timed) / statistics.median(times[1])),
        answers=answers,
    )
