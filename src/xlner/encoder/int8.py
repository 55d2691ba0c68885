"""Linear layers in eight bits, for reading with an encoder on a CPU."""

from __future__ import annotations

import torch


class Int8Linear(torch.nn.Module):
    """A linear layer whose products are of int8 numbers, for inference.

    Weights are rounded once, with a scale per output; inputs as they come, with a scale per row, so that what a row
    gives does not hang on its batch. Sums are exact (int32), and scales and bias are applied in fp32.

    Args:
        linear: the layer it stands for. Shape of its weight: (n_outputs, n_inputs).

    Reference: Dettmers et al., "LLM.int8(): 8-bit Matrix Multiplication for Transformers at Scale", NeurIPS 2022,
    section 2 (vector-wise quantization, without its treatment of outliers).
    """

    weight: torch.Tensor
    scale: torch.Tensor
    bias: torch.Tensor

    def __init__(self, linear: torch.nn.Linear) -> None:
        super().__init__()
        weight = linear.weight.detach().float()
        scale = (weight.abs().amax(1) / 127).clamp_min(1e-12)
        bias = weight.new_zeros(len(weight)) if linear.bias is None else linear.bias.detach().float()
        self.register_buffer("weight", (weight / scale[:, None]).round().to(torch.int8).t())
        self.register_buffer("scale", scale)
        self.register_buffer("bias", bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows = x.reshape(-1, x.shape[-1]).float()
        largest = torch.maximum(rows.amax(-1, keepdim=True), -rows.amin(-1, keepdim=True)).clamp_min(1e-12)
        whole = torch._int_mm(rows.mul(127 / largest).round_().to(torch.int8), self.weight)
        out = torch.addcmul(self.bias, whole.float().mul_(largest / 127), self.scale)
        return out.view(*x.shape[:-1], out.shape[-1])


def to_int8(model: torch.nn.Module) -> None:
    """Put an `Int8Linear` in the place of every plain linear layer inside `model`."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is torch.nn.Linear:  # others read weights in ways of their own
                setattr(parent, name, Int8Linear(child))


def cpu_has_int8() -> bool:
    """Whether the CPU has the units for it (AVX-512 VNNI); on others torch multiplies int8 in a slow loop."""
    return bool(getattr(torch.cpu, "_is_vnni_supported", lambda: False)())
