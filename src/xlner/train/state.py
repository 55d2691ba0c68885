"""Where a training stands, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from xlner.errors import ModelError


@dataclass(frozen=True)
class TrainResult:
    """What a training came to: steps taken, epochs run, dev F1 per epoch, and the epoch whose weights were kept."""

    steps: int
    epochs: int
    dev: tuple[float, ...]
    chosen_epoch: int


@dataclass
class State:
    """Where a training stands; what a checkpoint holds beside tensors.

    Args:
        epoch: epochs that are over.
        batch: steps of the current one.
        step: all steps.
        seconds: that they took, in this process and in those that were killed, up to their last checkpoints.
        dev: dev F1 of each epoch that is over.
        best_epoch: the epoch with the best of them, counted from 1; 0 for none.
        best: its F1.
        stop: whether patience is over.
        streams: name -> epoch and batches in it, of the streams beside the first.
        sums: sum over some steps of the current epoch of the loss, and of each of its parts.
        summed: how many steps these are.
        averaged: steps that the mean of the weights is of.
        processes: how many share the training; 0 is unknown.
        device: kind of device that it runs on; "" is unknown.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    seconds: float = 0.0
    dev: list[float] = field(default_factory=list)
    best_epoch: int = 0
    best: float = -1.0
    stop: bool = False
    streams: dict[str, list[int]] = field(default_factory=dict)
    sums: dict[str, float] = field(default_factory=dict)
    summed: int = 0
    averaged: int = 0
    processes: int = 0
    device: str = ""

    def check_begun(self, checkpoint: Path, processes: int, device: str) -> None:
        """See that a training goes on as it was begun: others read other batches, and draw other numbers.

        Args:
            checkpoint: where the state is from.
            processes: that are to go on.
            device: kind of device that they have.

        Raises:
            ModelError: there were more or fewer processes, or another device.
        """
        begun = (self.processes or processes, self.device or device)
        if begun != (processes, device):
            raise ModelError(
                f"{checkpoint} is of a training in {begun[0]} process(es) on {begun[1]}, and this one is in "
                f"{processes} on {device}: go on as it was begun, or remove that folder to train anew"
            )

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> State:
        """From what a checkpoint says; what an older one lacks has its default, and `kept` was `best_epoch`."""
        known = {f.name for f in fields(cls)}
        return cls(**{k: v for k, v in {"best_epoch": values.get("kept", 0), **values}.items() if k in known})
