"""Models between models: the weighted mean of their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file

from xlner.errors import ModelError
from xlner.tagger.load import model_folder

Weights = Mapping[str, torch.Tensor]


def interpolate(models: Sequence[str | Path | Weights], weights: Sequence[float]) -> dict[str, torch.Tensor]:
    """The weighted mean of the weights of models that came of one another by training.

    Between a model and what further training made of it, the loss has no hill: the mean is as good as either or
    better, and farther from what only the last text says.

    Args:
        models: run or model folders, or state dicts; with the same tensors. The first, the mean and one
            more are in memory.
        weights: one per model, in their order; they are made to sum to 1.

    Returns:
        A state dict. What is no floating-point number is the first model's.

    Raises:
        ModelError: the models have different tensors.

    Reference:
        Wortsman et al., "Robust fine-tuning of zero-shot models" (WiSE-FT), CVPR 2022.
    """
    total = sum(weights)
    first: Weights = {}
    mean: dict[str, torch.Tensor] = {}
    for number, (model, weight) in enumerate(zip(models, weights, strict=True)):
        state = model if isinstance(model, Mapping) else load_file(Path(model_folder(model)) / "model.safetensors")
        if not number:
            first, mean = state, {name: tensor.clone() for name, tensor in state.items()}
            continue
        if {n: t.shape for n, t in state.items()} != {n: t.shape for n, t in mean.items()}:
            raise ModelError("weights can be averaged over models with the same tensors only: one encoder, one head")
        for name, tensor in state.items():
            if tensor.is_floating_point():  # as a step from the first: what all have alike stays as it is
                mean[name].add_(tensor - first[name], alpha=weight / total)
    return mean
