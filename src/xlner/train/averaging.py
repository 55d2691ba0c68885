"""The mean of the weights over the last steps of a training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch

_PREFIX = "average."


class WeightAverage:
    """The uniform mean of a training's weights, step by step, from a share of the training on.

    Args:
        names: of the weights.
        weights: that are trained.
        start: steps count that end after this share of the training; None for no average.

    Reference: Izmailov et al., UAI 2018 (stochastic weight averaging), over steps instead of epochs, and with the
        usual falling learning rate.

    Limits: memory for one more copy of the trained weights.
    """

    def __init__(self, names: Sequence[str], weights: Sequence[torch.Tensor], start: float | None) -> None:
        self._names, self._weights, self._start = list(names), list(weights), start
        self._mean: list[torch.Tensor] = []
        self.count = 0

    @torch.no_grad()
    def take(self, done: float) -> None:
        """Count the weights after a step, if the share `done` of the training is late enough."""
        if self._start is None or done <= self._start:
            return
        self.count += 1
        if self.count == 1:
            self._mean = [w.detach().clone() for w in self._weights]
            return
        for mean, weight in zip(self._mean, self._weights, strict=True):
            mean.lerp_(weight, 1 / self.count)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The model has the mean inside of the block, and what it had before behind it."""
        before = [w.detach().clone() for w in self._weights] if self.count else []
        self.put()
        try:
            yield
        finally:
            self._copy(before)

    def put(self) -> None:
        """Give the model the mean, if there is one yet."""
        self._copy(self._mean)

    def tensors(self) -> dict[str, torch.Tensor]:
        """For a checkpoint."""
        return {_PREFIX + name: mean for name, mean in zip(self._names, self._mean, strict=False)}

    def restore(self, tensors: Mapping[str, torch.Tensor], count: int) -> None:
        """Undo `tensors`.

        Args:
            tensors: of the checkpoint.
            count: steps that the mean is of.
        """
        self.count = count
        pairs = zip(self._names, self._weights, strict=True)
        self._mean = [tensors[_PREFIX + name].to(weight) for name, weight in pairs] if count else []

    @torch.no_grad()
    def _copy(self, values: Sequence[torch.Tensor]) -> None:
        for weight, value in zip(self._weights, values, strict=False):
            weight.copy_(value)
