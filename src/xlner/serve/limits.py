"""What one request may ask of the server, and how long it may take."""

from __future__ import annotations

from xlner.component import option, options


@options
class Limits:
    """Bounds of requests and of the queue. What is beyond them is refused with one sentence that names the bound."""

    max_body: int = option(8_000_000, "Largest body of a request.", ge=1000, unit="bytes")
    max_characters: int = option(1_000_000, "Most characters in the texts of one request.", ge=1, unit="characters")
    max_texts: int = option(1000, "Most texts in one request.", ge=1, unit="texts")
    max_waiting: int = option(
        256, "Requests that may wait for a model; more are asked to come again later.", ge=1, unit="requests"
    )
    max_seconds: float = option(120.0, "Longest time for one request, waiting included.", gt=0, unit="seconds")
    batch_subwords: int | None = option(
        None, "Subwords that are gathered from several requests; by default what suits the model.", ge=64
    )
    gather_ms: float = option(
        3.0, "How long the first request of a batch waits for others.", ge=0, le=1000, unit="milliseconds"
    )
    drain_seconds: float = option(
        0.5, "How long a server that is told to stop still takes requests.", ge=0, le=60, unit="seconds"
    )

    @property
    def max_held(self) -> int:
        """Bytes of bodies in memory at a time; more are asked to come again later."""
        return 8 * self.max_body
