"""Several processes under `torchrun` or `accelerate launch`: who writes, who waits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


def _many() -> bool:
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def main_process() -> bool:
    """Whether this process is the one that writes files."""
    return int(os.environ.get("RANK", "0")) == 0


def wait_for_all() -> None:
    """Return once every process has come here."""
    if _many():
        import torch
        from accelerate import PartialState

        PartialState(cpu=not torch.accelerator.is_available()).wait_for_everyone()


@contextmanager
def main_first() -> Iterator[None]:
    """The main process runs the block first; the others follow and find its files."""
    if not main_process():
        wait_for_all()
    yield
    if main_process():
        wait_for_all()
