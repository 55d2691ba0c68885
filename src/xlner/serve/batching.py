"""Batches over requests: a queue and a thread that gathers what several requests ask, and answers each."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from xlner.core.types import Sentence
from xlner.serve.problems import come_again

Tag = Callable[[Sequence[Sentence]], Sequence[Any]]

BATCH_SECONDS = 0.3
_LEAST = 64  # subwords of a batch on a very slow machine
_TELLING = _LEAST // 2  # subwords of a batch that says how fast the machine is; smaller ones are mostly overhead
_ENOUGH = 5  # such batches, before anything is refused by that
_KEPT = 2  # a batch keeps one part in so many for the job that came first


@dataclass
class Job:
    """The sentences of one request.

    Args:
        sentences: in order.
        costs: subwords of each.
        future: gets what each sentence got; to cancel it gives the job up.
    """

    sentences: Sequence[Sentence]
    costs: Sequence[int]
    future: Future[list[Any]] = field(default_factory=Future)
    tagged: list[Any] = field(default_factory=list)
    begun: bool = False

    @property
    def cost(self) -> int:
        return sum(self.costs)

    @property
    def left(self) -> int:
        """Subwords that are not tagged yet."""
        return sum(self.costs[len(self.tagged) :])

    def next_piece(self, budget: int) -> Piece:
        """The next sentences within the budget, at least one."""
        start = end = len(self.tagged)
        spent = 0
        while end < len(self.sentences) and (end == start or spent + self.costs[end] <= budget):
            spent += self.costs[end]
            end += 1
        return Piece(self, self.sentences[start:end], spent)

    def take(self, tagged: Sequence[Any]) -> None:
        """Results of the next sentences; the answer is given after the last one."""
        self.tagged += tagged
        if len(self.tagged) == len(self.sentences):
            with suppress(InvalidStateError):  # given up meanwhile
                self.future.set_result(self.tagged)

    def fail(self, error: Exception) -> None:
        with suppress(InvalidStateError):
            self.future.set_exception(error)


@dataclass(frozen=True)
class Piece:
    """The part of a job that is in one batch.

    Args:
        job: whose it is.
        sentences: in order.
        cost: subwords.
    """

    job: Job
    sentences: Sequence[Sentence]
    cost: int


class Lane:
    """A queue with one thread. A batch has parts of several requests, and takes no longer than a moment.

    Of each batch a part is kept for the request that came first; the rest goes to those with the least left. So short
    questions do not wait behind long texts, and long texts get on however many short questions come.

    Args:
        name: of the thread.
        tag: gives what each sentence gets; called from the thread alone.
        budget: subwords per batch at most.
        gather_seconds: how long the first job of a batch waits for others; a batch that is full does not wait.
        most: jobs that may wait.
        most_seconds: a job that would surely get its answer later than that is refused.
        batch_seconds: a batch has no more subwords than were tagged in this time lately, but those of one sentence.
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
        most_seconds: float = math.inf,
        batch_seconds: float = BATCH_SECONDS,
        on_batch: Callable[[int, int, float], None] | None = None,
    ) -> None:
        self._tag, self._most, self._gather, self._moment = tag, most, gather_seconds, batch_seconds
        self._budget, self._most_seconds = budget, most_seconds
        self._on_batch = on_batch
        self._jobs: list[Job] = []  # as they came; those under way stay until they are done
        self._rate = 1000.0  # subwords a second, as measured lately
        self._measured = 0  # batches that it rests on
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Jobs that nobody has begun."""
        return sum(not job.begun for job in self._jobs)

    def put(self, job: Job) -> Future[list[Any]]:
        """Queue a job.

        Raises:
            Refusal: too many wait, or too much; it says when to come again.
        """
        with self._changed:
            if self._closed:
                raise come_again("the server is stopping", 5)
            if (waiting := self.waiting) >= self._most:
                raise come_again(f"{waiting} requests are waiting already", self._left() / self._rate)
            self._check_time(job)
            self._jobs.append(job)
            self._changed.notify_all()
        return job.future

    def _check_time(self, job: Job) -> None:
        """Refuse a job that comes too late behind those with no more left, which go before it.

        One with nothing before it may always try: else a machine that was slow once would never be measured again.
        """
        before = sum(other.left for other in self._jobs if other.left <= job.cost and not other.future.done())
        if self._measured >= _ENOUGH and before and before + job.cost > self._rate * self._most_seconds:
            seconds = before / self._rate
            raise come_again(
                f"what waits takes another {seconds:.0f} s, and then this would not be done within "
                f"{self._most_seconds:g} s",
                seconds,
            )

    def close(self) -> None:
        """Answer what waits, and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _work(self) -> None:
        while pieces := self._next_batch():
            self._together(pieces)
            with self._changed:
                self._jobs = [job for job in self._jobs if not job.future.done()]

    def _left(self) -> int:
        return sum(job.left for job in self._jobs)

    def _next_batch(self) -> list[Piece]:
        """Pieces of the jobs, one of each at most; none when the lane is closed and empty."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._jobs or self._closed)
                until = time.monotonic() + self._gather
                while not self._closed and self._left() < self._budget and (left := until - time.monotonic()) > 0:
                    self._changed.wait(left)
                self._jobs = [job for job in self._jobs if not job.future.done()]  # without those that were given up
                if self._jobs or self._closed:
                    return self._pieces()

    def _pieces(self) -> list[Piece]:
        if not self._jobs:
            return []
        room = min(self._budget, max(int(self._moment * self._rate), _LEAST))
        first = self._jobs[0]
        kept = min(first.next_piece(room // _KEPT).cost, room)
        pieces = []
        for job in sorted(self._jobs, key=lambda job: job.left):  # of those with as much left, the earlier
            if job is first:
                kept = 0
            elif job.costs[len(job.tagged)] > room - kept:
                continue
            pieces.append(job.next_piece(room - kept))
            room -= pieces[-1].cost
            job.begun = True
        return pieces

    def _together(self, pieces: list[Piece]) -> None:
        """Tag all pieces in one call; when that fails, each in a call of its own."""
        sentences = [s for piece in pieces for s in piece.sentences]
        try:
            tagged = self._timed(sentences, len(pieces), sum(piece.cost for piece in pieces))
        except Exception as error:
            if len(pieces) == 1:
                pieces[0].job.fail(error)
            else:
                for piece in pieces:
                    self._together([piece])
            return
        start = 0
        for piece in pieces:
            end = start + len(piece.sentences)
            piece.job.take(tagged[start:end])
            start = end

    def _timed(self, sentences: Sequence[Sentence], jobs: int, cost: int) -> Sequence[Any]:
        started = time.monotonic()
        answer = self._tag(sentences)
        seconds = time.monotonic() - started
        if cost >= _TELLING:
            self._rate += 0.2 * (cost / max(seconds, 1e-4) - self._rate)
            self._measured += 1
        if self._on_batch is not None:
            self._on_batch(jobs, cost, seconds)
        return answer
