"""Batches through a network side by side on the cores of a CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")


def in_order(work: Callable[[T], R], batches: Sequence[T], device: torch.device) -> Iterator[R]:
    """What `work` gives for each batch, in order, without gradients.

    On a CPU as many batches run at a time as torch has threads, one thread each: small encoders leave cores idle when
    several share one batch. A batch then gives the same numbers on any number of cores. Elsewhere it is a plain map.

    Args:
        work: a pure function of a batch; it runs in other threads.
        batches: small enough that one is a fraction of the whole.
        device: where `work` computes.
    """

    def run(batch: T) -> R:
        with torch.inference_mode():
            return work(batch)

    threads = torch.get_num_threads()
    if device.type != "cpu" or threads == 1 or len(batches) < 2:
        yield from map(run, batches)
        return
    try:
        with ThreadPoolExecutor(min(threads, len(batches)), initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield from pool.map(run, batches)
    finally:
        torch.set_num_threads(threads)  # workers lower it for the whole process, too
