"""Dropout that draws eight masks from one random number, for training on CPU."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class ByteDropout(nn.Dropout):
    """Dropout with a rate of whole 256ths: 0.1 becomes 26/256. Beside a small encoder, drawing floats is a tenth of the
    time of a step. Kept values are scaled by the rounded rate, so that the mean stays. On a GPU it is torch's own.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        cut = round(256 * self.p)
        if not self.training or not 0 < cut < 256 or x.device.type != "cpu" or not x.is_floating_point():
            return super().forward(x)
        return _Masked.apply(x, cut)  # type: ignore[no-any-return, no-untyped-call]


class _Masked(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, cut: int) -> torch.Tensor:
        n = x.numel()
        chance = torch.empty(-(-n // 8), dtype=torch.int64).random_(-(2**63), None)
        mask = (chance.view(torch.uint8)[:n].view(x.shape) >= cut).to(x.dtype).mul_(256 / (256 - cut))
        ctx.save_for_backward(mask)
        return x * mask

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, None]:  # type: ignore[override]
        (mask,) = ctx.saved_tensors
        return grads[0] * mask, None


def use_byte_dropout(model: nn.Module) -> None:
    """Replace every plain `nn.Dropout` in `model` by `ByteDropout` of the same rate; weights and names stay."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if type(child) is nn.Dropout:
                setattr(module, name, ByteDropout(child.p))
