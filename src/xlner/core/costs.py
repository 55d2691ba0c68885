"""How long the steps of a piece of work took, and how many sentences went through them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Costs:
    """Seconds and sentences by step, for the record of a run.

    Attributes:
        seconds: step -> how long it took.
        sentences: step -> how many went through it; steps that count none are left out.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.sentences: dict[str, int] = {}

    @contextmanager
    def of(self, step: str, sentences: int = 0) -> Iterator[None]:
        """Add the time that the block takes to the step.

        Args:
            step: its name.
            sentences: that go through it in the block.
        """
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[step] = round(self.seconds.get(step, 0.0) + time.perf_counter() - started, 6)
            if sentences:
                self.sentences[step] = self.sentences.get(step, 0) + sentences

    def take(self) -> dict[str, dict[str, float]]:
        """What was added since the last call: step -> its sentences and seconds."""
        taken = {s: {"sentences": self.sentences.get(s, 0), "seconds": t} for s, t in self.seconds.items()}
        self.seconds, self.sentences = {}, {}
        return taken
