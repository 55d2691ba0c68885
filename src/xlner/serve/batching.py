"""Batches over requests: a queue and a thread that gathers what several requests ask, and answers each."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field

from xlner.core.types import Sentence
from xlner.serve.problems import come_again

Tag = Callable[[Sequence[Sentence]], Sequence[Sentence]]


@dataclass
class Job:
    """The sentences of one request.

    Args:
        sentences: in order.
        costs: subwords of each.
        future: gets the answer; to cancel it gives the job up.
    """

    sentences: Sequence[Sentence]
    costs: Sequence[int]
    future: Future[list[Sentence]] = field(default_factory=Future)
    tagged: list[Sentence] = field(default_factory=list)

    @property
    def cost(self) -> int:
        return sum(self.costs)

    def next_piece(self, budget: int) -> Sequence[Sentence]:
        """The next sentences within the budget, at least one."""
        start = end = len(self.tagged)
        spent = 0
        while end < len(self.sentences) and (end == start or spent + self.costs[end] <= budget):
            spent += self.costs[end]
            end += 1
        return self.sentences[start:end]

    def take(self, tagged: Sequence[Sentence]) -> None:
        """Results of the next sentences; the answer is given after the last one."""
        self.tagged += tagged
        if len(self.tagged) == len(self.sentences):
            with suppress(InvalidStateError):  # given up meanwhile
                self.future.set_result(self.tagged)

    def fail(self, error: Exception) -> None:
        with suppress(InvalidStateError):
            self.future.set_exception(error)


class Lane:
    """One queue with one thread. Requests are answered in turn; those that wait share a batch.

    Args:
        name: of the thread.
        tag: tags sentences; called from the thread alone.
        budget: subwords per batch. A job beyond it goes through in pieces, and can be given up between them.
        gather_seconds: how long the first job of a batch waits for others; a batch that is full does not wait.
        most: jobs that may wait.
        on_batch: told jobs, subwords and seconds of each batch.
    """

    def __init__(
        self,
        name: str,
        tag: Tag,
        *,
        budget: int,
        gather_seconds: float,
        most: int,
        on_batch: Callable[[int, int, float], None] | None = None,
    ) -> None:
        self._tag, self._budget, self._gather, self._most = tag, budget, gather_seconds, most
        self._on_batch = on_batch
        self._jobs: deque[Job] = deque()
        self._waiting = 0  # subwords that are not tagged yet, of the batch under way too
        self._rate = 1000.0  # subwords a second, as measured lately
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Jobs that nobody has begun."""
        return len(self._jobs)

    def put(self, job: Job) -> Future[list[Sentence]]:
        """Queue a job.

        Raises:
            Refusal: too many wait; it says when to come again.
        """
        with self._changed:
            if self._closed:
                raise come_again("the server is stopping", 5)
            if len(self._jobs) >= self._most:
                raise come_again(f"{len(self._jobs)} requests are waiting already", self._waiting / self._rate)
            self._jobs.append(job)
            self._waiting += job.cost
            self._changed.notify_all()
        return job.future

    def close(self) -> None:
        """Answer what waits, and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _work(self) -> None:
        while batch := self._next_batch():
            alive = [job for job in batch if not job.future.cancelled()]
            if len(alive) == 1 and alive[0].cost > self._budget:
                self._in_pieces(alive[0])
            elif alive:
                self._together(alive)
            with self._changed:
                self._waiting -= sum(job.cost for job in batch)

    def _next_batch(self) -> list[Job]:
        """The oldest jobs within the budget; none when the lane is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closed)
            until = time.monotonic() + self._gather
            while not self._closed and self._waiting < self._budget and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            batch: list[Job] = []
            spent = 0
            while self._jobs and (not batch or spent + self._jobs[0].cost <= self._budget):
                batch.append(self._jobs.popleft())
                spent += batch[-1].cost
            return batch

    def _together(self, jobs: list[Job]) -> None:
        """Answer all jobs from one call; when that fails, each from a call of its own."""
        sentences = [s for job in jobs for s in job.sentences]
        try:
            tagged = self._timed(sentences, len(jobs), sum(job.cost for job in jobs))
        except Exception as error:
            if len(jobs) == 1:
                jobs[0].fail(error)
            else:
                for job in jobs:
                    self._together([job])
            return
        start = 0
        for job in jobs:
            end = start + len(job.sentences)
            job.take(tagged[start:end])
            start = end

    def _in_pieces(self, job: Job) -> None:
        while not job.future.done():
            piece = job.next_piece(self._budget)
            start = len(job.tagged)
            try:
                tagged = self._timed(piece, 1, sum(job.costs[start : start + len(piece)]))
            except Exception as error:
                job.fail(error)
                return
            job.take(tagged)

    def _timed(self, sentences: Sequence[Sentence], jobs: int, cost: int) -> Sequence[Sentence]:
        started = time.monotonic()
        answer = self._tag(sentences)
        seconds = time.monotonic() - started
        self._rate += 0.2 * (cost / max(seconds, 1e-4) - self._rate)
        if self._on_batch is not None:
            self._on_batch(jobs, cost, seconds)
        return answer
