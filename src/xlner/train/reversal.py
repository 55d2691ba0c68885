"""A gradient that is turned round on its way back."""

from __future__ import annotations

from typing import Any

import torch


class _Reversed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, strength: float) -> torch.Tensor:
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, None]:
        return grads[0] * -ctx.strength, None


def reversed_gradient(x: torch.Tensor, strength: float) -> torch.Tensor:
    """The same values; the gradient that comes back is turned round, times `strength`.

    Reference: Ganin & Lempitsky, ICML 2015.
    """
    return _Reversed.apply(x, strength)  # type: ignore[no-untyped-call]
