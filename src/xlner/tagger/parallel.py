"""Batches through a network side by side on the cores of a CPU."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import torch

T = TypeVar("T")
R = TypeVar("R")

_lock = threading.Lock()
_users = 0  # calls of `in_order` that are under way
_threads = 1  # torch's threads before the first of them


def in_order(work: Callable[[T], R], batches: Sequence[T], device: torch.device | None) -> Iterator[R]:
    """What `work` gives for each batch, in order, without gradients.

    On a CPU as many batches run at a time as torch has threads, one thread each: small encoders leave cores idle when
    several share one batch. A batch then gives the same numbers on any number of cores. Elsewhere it is a plain map.
    Several threads may do this at a time.

    Args:
        work: a pure function of a batch; it runs in other threads.
        batches: small enough that one is a fraction of the whole.
        device: where `work` computes; None for the cores of the CPU, without torch.
    """
    if device is None:
        with ThreadPoolExecutor(max(1, min(cores(), len(batches)))) as pool:
            yield from pool.map(work, batches)
        return
    import torch

    def run(batch: T) -> R:
        with torch.inference_mode():
            return work(batch)

    if device.type != "cpu" or len(batches) < 2:
        yield from map(run, batches)
        return
    with _torch_threads() as threads:
        if threads == 1:
            yield from map(run, batches)
            return
        with ThreadPoolExecutor(min(threads, len(batches)), initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield from pool.map(run, batches)


def cores() -> int:
    """Cores that this process may use: what OMP_NUM_THREADS says, as for torch, or else those it is allowed."""
    with suppress(KeyError, ValueError):
        return max(1, int(os.environ["OMP_NUM_THREADS"].split(",")[0]))
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


@contextmanager
def _torch_threads() -> Iterator[int]:
    """How many threads torch had before anyone lowered it; given back when the last user goes.

    Workers lower the number for the whole process, so what torch says while others are at work is too low.
    """
    import torch

    global _users, _threads
    with _lock:
        if not _users:
            _threads = torch.get_num_threads()
        _users += 1
        threads = _threads
    try:
        yield threads
    finally:
        with _lock:
            _users -= 1
            if not _users:
                torch.set_num_threads(threads)
