"""Workers of a Ray cluster, near or far."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from xlner.errors import MissingExtraError, XlnerError

RETRIES = 3  # how often a run is made again whose worker died


class RayWorkers:
    """Runs as tasks of a Ray cluster: that of RAY_ADDRESS, that which was started on this machine with `ray start`, or
    one that is started here and ends with the study.

    All machines of the cluster need the study's folder and the data under the same paths. A run whose worker dies is
    given to another one, which goes on where the run's own checkpoints are.

    Args:
        make: makes one run of a study, or does other work that has an `id`; sent to the workers.
        count: runs at a time.
        cpus: processors that a run takes.
        gpus: likewise; a part of one is possible.
        what: needs Ray, for messages.

    Raises:
        MissingExtraError: Ray is not installed.
        XlnerError: the cluster cannot be reached.
    """

    def __init__(
        self,
        make: Callable[[Any], Any],
        count: int,
        *,
        cpus: float = 1,
        gpus: float = 0,
        what: str = "a study on Ray",
    ) -> None:
        try:
            import ray
        except ImportError:
            raise MissingExtraError(what, extra="ray") from None
        self.count, self._ray = count, ray
        self._owner = not ray.is_initialized()
        if self._owner:
            _connect(ray, max(1, round(count * cpus)))
        task = ray.remote(_attempt)
        self._task = task.options(num_cpus=cpus, num_gpus=gpus, max_retries=RETRIES)
        self._make = ray.put(make)
        self._running: dict[Any, str] = {}

    def start(self, run: Any) -> None:
        """Begin a run, or other work that has an `id`."""
        self._running[self._task.remote(self._make, run)] = run.id

    def wait(self) -> Iterator[tuple[str, Any]]:
        ended, _ = self._ray.wait(list(self._running), num_returns=1)
        for reference in ended:
            id = self._running.pop(reference)
            try:
                yield id, self._ray.get(reference)
            except self._ray.exceptions.RayTaskError as error:
                yield id, XlnerError(f"this run could not be made: {error.cause!r}")
            except self._ray.exceptions.RayError as error:
                yield id, XlnerError(f"this run could not be made: {_why(self._ray, error)}")

    def close(self) -> None:
        for reference in self._running:
            self._ray.cancel(reference, force=True)
        if self._owner:
            self._ray.shutdown()


def _attempt(make: Callable[[Any], Any], run: Any) -> Any:
    """An error of the command is an answer; only the death of a worker is a reason to try again."""
    try:
        return make(run)
    except XlnerError as error:
        return XlnerError(str(error))


def _connect(ray: Any, cpus: int) -> None:
    """Join the cluster that there is, or start one with so many processors."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a cluster of ours reports its use to nobody
    try:
        try:
            ray.init(num_cpus=cpus, log_to_driver=False)
        except ValueError:  # a cluster that is there has processors of its own
            ray.init(log_to_driver=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        where = os.environ.get("RAY_ADDRESS") or "this machine"
        raise XlnerError(f"the Ray cluster of {where} cannot be used: {_first_line(error)}") from None


def _why(ray: Any, error: Exception) -> str:
    """What a run failed of, in plain words."""
    if isinstance(error, ray.exceptions.OutOfMemoryError):
        return "its machine ran out of memory; give the runs more of it, or make fewer at a time"
    if isinstance(error, ray.exceptions.WorkerCrashedError | ray.exceptions.NodeDiedError):
        return f"its worker died {RETRIES + 1} times, killed or for want of memory"
    return f"Ray says {type(error).__name__}: {_first_line(error)}"


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), repr(error)).rstrip(".")
