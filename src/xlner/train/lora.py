"""LoRA: an encoder is tuned by low-rank updates of its matrices, which are added to them once it is trained."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from xlner.encoder.depth import layers_of
from xlner.errors import MissingExtraError

_SCALE = 2  # of an update; alpha is this times the rank, as in the authors' experiments with rank 8


def add_lora(model: Any, rank: int, *, frozen: int) -> None:
    """Let a model learn low-rank updates in place of its encoder's weights; its head is trained as it is.

    Each linear map of the layers above the frozen ones gets two thin matrices, of which one starts at random and one at
    0, so that the model answers as before.

    Args:
        model: of transformers; changed in place.
        rank: of the updates.
        frozen: bottom layers that get none.

    Raises:
        MissingExtraError: peft is not installed.

    Reference: Hu et al., ICLR 2022. The updates are those of the library peft.
    """
    import torch

    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError:
        raise MissingExtraError("`lora`", extra="lora") from None
    prefix = f"{model.base_model_prefix}."
    head = [p for n, p in model.named_parameters() if not n.startswith(prefix) and p.requires_grad]
    tuned = {id(m) for layer in layers_of(model)[frozen:] for m in layer.modules() if isinstance(m, torch.nn.Linear)}
    names = [n for n, m in model.named_modules() if id(m) in tuned]
    inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=_SCALE * rank, target_modules=names), model)
    for parameter in head:  # adapters are all that peft would train
        parameter.requires_grad_(True)


def merge_lora(model: Any) -> None:
    """Add the updates to the weights that they are of; the model is then of plain transformers again."""
    for owner, name, adapter in list(_adapters(model)):
        adapter.merge()
        setattr(owner, name, adapter.get_base_layer())
    if hasattr(model, "peft_config"):
        del model.peft_config


def _adapters(model: Any) -> Iterable[tuple[Any, str, Any]]:
    """The module that each adapted map is in, its name there, and the map with its adapter."""
    for owner in model.modules():
        for name, child in owner.named_children():
            if hasattr(child, "get_base_layer") and hasattr(child, "lora_A"):
                yield owner, name, child
