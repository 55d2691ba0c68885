"""The lower layers of an encoder."""

from __future__ import annotations

import threading
from typing import Any

import torch


class Truncated(torch.nn.Module):
    """An encoder whose layers above `top` are gone, when they can be found. Gives the hidden states of all layers.

    The top layer's output is taken as it leaves the layer: some encoders normalise once more behind their last
    layer, which is right for all layers together and wrong for fewer.
    """

    def __init__(self, model: Any, top: int) -> None:
        super().__init__()
        self.model = model
        self._caught = threading.local()  # batches run side by side
        depth = model.config.num_hidden_layers
        stacks = [
            (parent, name, child)
            for parent in model.modules()
            for name, child in parent.named_children()
            if isinstance(child, torch.nn.ModuleList) and len(child) == depth
        ]
        if 0 < top < depth and len(stacks) == 1:
            parent, name, layers = stacks[0]
            setattr(parent, name, layers[:top])
            model.config.num_hidden_layers = top
            layers[top - 1].register_forward_hook(self._catch)

    def _catch(self, module: torch.nn.Module, inputs: object, output: Any) -> None:
        self._caught.top = output if isinstance(output, torch.Tensor) else output[0]

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        states = list(self.model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states)
        if hasattr(self._caught, "top"):
            states[-1] = self._caught.top
            del self._caught.top
        return states
