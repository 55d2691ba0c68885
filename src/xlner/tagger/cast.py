"""A model to predict with, whose linear layers already hold the numbers that they multiply."""

from __future__ import annotations

import copy
import threading
from typing import Any

import torch


class CastOnce:
    """Keeps a copy of a model in which linear layers are of another type, and makes it anew when weights change.

    Autocast turns the weights of a model into bf16 anew in every call, which costs much beside a small batch on a CPU
    with units for bf16. Under autocast the copy gives the same numbers. It shares all other weights with the model,
    above all the embeddings.

    Args:
        dtype: of the weights of linear layers.
    """

    def __init__(self, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._lock = threading.Lock()
        self._seen: tuple[list[int], torch.Tensor] | None = None
        self._copy: Any = None

    def __call__(self, model: Any) -> Any:
        """The copy, in evaluation mode; the model itself, as it is, where hooks want to see what it computes.

        Args:
            model: a `torch.nn.Module`; always the same one, whose weights may change between calls.
        """
        if any(m._forward_hooks or m._forward_pre_hooks for m in model.modules()):
            return model
        layers = [m for m in model.modules() if type(m) is torch.nn.Linear]
        if not layers:
            return model
        # The counters of torch miss the steps of a fused optimizer, so values are compared: of each layer a row.
        values = torch.cat([t.detach()[0] if t.dim() > 1 else t.detach() for m in layers for t in m.parameters()])
        ids = [id(p) for p in model.parameters()]
        with self._lock:
            if self._seen is None or ids != self._seen[0] or not torch.equal(values, self._seen[1]):
                self._copy, self._seen = _with_linear(model, layers, self._dtype), (ids, values)
            return self._copy


def _with_linear(model: Any, layers: list[torch.nn.Linear], dtype: torch.dtype) -> Any:
    ours = {id(p): p for m in layers for p in m.parameters()}
    others = {id(p) for m in model.modules() if m not in layers for p in m.parameters(recurse=False)}
    memo: dict[int, Any] = {id(t): t for t in (*model.parameters(), *model.buffers())}
    for key, p in ours.items():
        if key not in others:  # a table of embeddings may be the weight of a layer, too
            memo[key] = torch.nn.Parameter(p.detach().to(dtype), requires_grad=False)
    return copy.deepcopy(model, memo).eval()
