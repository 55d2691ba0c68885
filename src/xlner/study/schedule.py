"""The order of runs: each as soon as those that it needs are done, several at a time."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Protocol

from xlner.errors import XlnerError
from xlner.study.record import Record
from xlner.study.runs import Run


class Workers(Protocol):
    """Something that makes runs, so many at a time."""

    @property
    def count(self) -> int: ...

    def start(self, run: Run) -> None: ...

    def wait(self) -> Iterator[tuple[str, Record | XlnerError]]:
        """Wait until a run ends; ids of those that ended, with the record or the error that came of them."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Ended:
    """A run that came to its end.

    Args:
        run: which.
        record: what is kept of it; None if it failed.
        error: why it failed, or which run that it needs did.
    """

    run: Run
    record: Record | None
    error: str = ""


def make_all(
    runs: Sequence[Run], done: Mapping[str, Record], workers: Workers, started: Callable[[Run], None] = lambda run: None
) -> Generator[Ended, None, None]:
    """Make the runs that are not done. Runs that need a failed one are not made, and said to have failed.

    Args:
        runs: each behind those that it needs, or not; of equal ids one is made.
        done: id -> record of those that are.
        workers: make them.
        started: told of each run as it starts.

    Yields:
        The runs as they end.
    """
    left = {run.id: run for run in runs if run.id not in done}
    order = {id: n for n, id in enumerate(left)}
    waits = {id: {n for n in run.needs if n in left} for id, run in left.items()}
    followers: dict[str, list[str]] = defaultdict(list)
    for id, needs in waits.items():
        for need in needs:
            followers[need].append(id)
    ready = [order[id] for id, needs in waits.items() if not needs]
    names = list(left)
    heapq.heapify(ready)
    at_work = 0
    try:
        while ready or at_work:
            while ready and at_work < workers.count:
                run = left[names[heapq.heappop(ready)]]
                started(run)
                workers.start(run)
                at_work += 1
            for id, result in workers.wait():
                at_work -= 1
                if isinstance(result, Record):
                    yield Ended(left[id], result)
                    for follower in followers[id]:
                        waits[follower].discard(id)
                        if not waits[follower]:
                            heapq.heappush(ready, order[follower])
                else:
                    yield Ended(left[id], None, str(result))
                    for lost in _behind(id, followers):
                        if waits[lost] and waits[lost] != {""}:
                            waits[lost] = {""}  # never ready
                            yield Ended(left[lost], None, f"it needs the run {id}, which failed")
    finally:
        workers.close()


def _behind(id: str, followers: Mapping[str, list[str]]) -> Iterator[str]:
    """All runs that need a run, at first or second hand, once each."""
    seen, stack = {id}, [id]
    while stack:
        for follower in followers.get(stack.pop(), ()):
            if follower not in seen:
                seen.add(follower)
                stack.append(follower)
                yield follower


class LocalWorkers:
    """Processes on this machine.

    Args:
        make: makes one run; called in threads.
        count: runs at a time.
    """

    def __init__(self, make: Callable[[Run], Record], count: int = 1) -> None:
        self.make, self.count = make, count
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="run")
        self._futures: dict[Future[Any], str] = {}

    def start(self, run: Run) -> None:
        self._futures[self._pool.submit(self.make, run)] = run.id

    def wait(self) -> Iterator[tuple[str, Record | XlnerError]]:
        ended, _ = wait(self._futures, return_when=FIRST_COMPLETED)
        for future in ended:
            id = self._futures.pop(future)
            try:
                yield id, future.result()
            except XlnerError as error:
                yield id, error
            except Exception as error:
                yield id, XlnerError(f"this run could not be made: {error!r}")

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
