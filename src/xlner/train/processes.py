"""Several processes under `torchrun` or `accelerate launch`: who writes, who waits."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from xlner.errors import OptionError

if TYPE_CHECKING:
    import torch

_Made = TypeVar("_Made")
PATIENCE = timedelta(days=7)
"""How long processes wait for the main one, which may label a large text meanwhile; torch would give up in minutes."""


def _many() -> bool:
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def main_process() -> bool:
    """Whether this process is the one that writes files."""
    return int(os.environ.get("RANK", "0")) == 0


def wait_for_all() -> None:
    """Return once every process has come here."""
    if _many():
        _state().wait_for_everyone()


def from_main(make: Callable[[], _Made]) -> _Made:
    """What the main process makes, in every process; all of them have to call this.

    Args:
        make: is called in the main process alone. What it gives can be pickled.
    """
    if not _many():
        return make()
    from accelerate.utils import broadcast_object_list

    made = [make() if main_process() else None]
    _state()
    broadcast_object_list(made)
    return made[0]  # type: ignore[return-value]


@contextmanager
def main_first() -> Iterator[None]:
    """The main process runs the block first; the others follow and find its files."""
    if not main_process():
        wait_for_all()
    yield
    if main_process():
        wait_for_all()


def _state() -> Any:
    """Of all processes, connected to each other."""
    import torch
    from accelerate import PartialState

    return PartialState(cpu=not torch.accelerator.is_available(), timeout=PATIENCE)


def accelerator_for(device: torch.device, folder: Path, trackers: Sequence[str]) -> Any:
    """The `accelerate.Accelerator` of a training whose tagger is on a device already.

    Args:
        device: of the tagger.
        folder: where trackers write.
        trackers: names known to accelerate.

    Raises:
        OptionError: several processes have accelerators, and the tagger is on the CPU.
    """
    import torch
    from accelerate import Accelerator
    from accelerate.utils import DistributedDataParallelKwargs, InitProcessGroupKwargs

    if _many() and device.type == "cpu" and torch.accelerator.is_available():
        raise OptionError("device", "is cpu, and several processes train on the accelerators that there are")
    return Accelerator(
        # The library has one state for the whole process, and a later tagger may be on another device.
        cpu=not torch.accelerator.is_available(),
        device_placement=False,  # all is on the tagger's device, which may be another than the first
        mixed_precision="no",  # the tagger sees to it
        log_with=list(trackers) or None,
        project_dir=str(folder),
        kwargs_handlers=[
            # Several streams go through the model before one backward pass, which broadcasting would spoil.
            DistributedDataParallelKwargs(broadcast_buffers=False),
            InitProcessGroupKwargs(timeout=PATIENCE),
        ],
    )
