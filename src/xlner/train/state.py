"""Where a training stands, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


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

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> State:
        """From what a checkpoint says; what an older one lacks has its default, and `kept` was `best_epoch`."""
        known = {f.name for f in fields(cls)}
        return cls(**{k: v for k, v in {"best_epoch": values.get("kept", 0), **values}.items() if k in known})
