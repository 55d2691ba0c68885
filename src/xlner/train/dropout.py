"""Dropout that draws eight masks from one random number, for training on CPU."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface, eager_mask

BERT_LIKE = {"bert", "camembert", "electra", "roberta", "xlm-roberta"}
_NAME = "eager, dropout by bytes"


class ByteDropout(nn.Dropout):
    """`byte_dropout` as a layer."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return byte_dropout(x, self.p if self.training else 0.0)


def byte_dropout(x: torch.Tensor, rate: float) -> torch.Tensor:
    """Dropout with a rate of whole 256ths: 0.1 becomes 26/256.

    Drawing a float per cell is a notable share of a training step on a CPU. Kept values are scaled by the rounded rate,
    so that the mean stays. On a GPU it is torch's own.
    """
    cut = round(256 * rate)
    if not 0 < cut < 256 or x.device.type != "cpu" or not x.is_floating_point():
        return nn.functional.dropout(x, rate)
    return _Masked.apply(x, cut)  # type: ignore[no-untyped-call]


class _Masked(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, cut: int) -> torch.Tensor:
        n = x.numel()
        chance = torch.empty(-(-n // 8), dtype=torch.int64).random_(-(2**63), None)
        mask = (chance.view(torch.uint8)[:n].view(x.shape) >= cut).to(x.dtype).mul_(256 / (256 - cut))
        ctx.save_for_backward(mask)
        return x * mask

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, None]:
        (mask,) = ctx.saved_tensors
        return grads[0] * mask, None


def _attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **_: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attention as BERT has it, with its dropout by bytes. Shapes: (n_sentences, n_heads, n_subwords, head size)."""
    scores = query @ key.transpose(2, 3) * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    if attention_mask is not None:
        scores = scores + attention_mask
    shares = byte_dropout(nn.functional.softmax(scores, dim=-1), dropout if module.training else 0.0)
    return (shares @ value).transpose(1, 2).contiguous(), shares


def use_byte_dropout(model: nn.Module) -> None:
    """Let `model` draw its dropout by bytes, in layers and, if it is of BERT's family, in attention.

    Weights, names and rates stay.
    """
    config = getattr(model, "config", None)
    if getattr(config, "_attn_implementation", "") == "eager" and getattr(config, "model_type", "") in BERT_LIKE:
        AttentionInterface.register(_NAME, _attention)
        AttentionMaskInterface.register(_NAME, eager_mask)
        model.set_attn_implementation(_NAME)  # type: ignore[operator]
    for module in list(model.modules()):
        for name, child in module.named_children():
            if type(child) is nn.Dropout:
                setattr(module, name, ByteDropout(child.p).train(child.training))
