"""Which weights are trained, how, and at which learning rate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from xlner.encoder.depth import layers_of
from xlner.errors import OptionError
from xlner.tagger.tagger import Tagger
from xlner.train.lora import add_lora
from xlner.train.objective import Objective, pace_of_modules
from xlner.train.options import TrainOptions


def trainable(tagger: Tagger, options: TrainOptions) -> tuple[list[str], torch.optim.Optimizer]:
    """Freeze what the options say; names of the rest in the order of their optimizer, which decays matrices only.

    With LoRA the rest are its updates, and the head.

    Raises:
        OptionError: more layers shall be frozen than there are.
        MissingExtraError: LoRA is asked for, and peft is not installed.
    """
    base: Any = tagger.model.base_model
    if options.freeze_embeddings:
        base.get_input_embeddings().requires_grad_(False)
        if hasattr(base, "embeddings"):
            base.embeddings.requires_grad_(False)
    layers = layers_of(tagger.model)
    frozen = len(layers) // 4 if options.freeze_layers is None else options.freeze_layers
    if frozen > len(layers):
        raise OptionError("freeze_layers", f"is {frozen}, but the encoder has {len(layers)} layers")
    for layer in layers[:frozen]:
        layer.requires_grad_(False)
    if options.lora is not None:
        add_lora(tagger.model, options.lora, frozen=frozen)
    names, groups = _groups(tagger.model.named_parameters(), options.weight_decay)
    return names, torch.optim.AdamW(groups, lr=options.learning_rate, eps=1e-8, fused=True)


def add_modules(
    optimizer: torch.optim.Optimizer, modules: Mapping[str, torch.nn.Module], options: TrainOptions
) -> list[str]:
    """Let the optimizer train the modules of an objective too; the names of their weights, in its order."""
    named = ((f"{name}.{n}", p) for name, module in modules.items() for n, p in module.named_parameters())
    names, groups = _groups(named, options.weight_decay)
    for group in groups:
        if group["params"]:
            optimizer.add_param_group({**group, "of_modules": True})
    return names


def set_rates(optimizer: torch.optim.Optimizer, rate: float, done: float, objective: Objective) -> None:
    """Give the weights their learning rates for one step.

    Args:
        optimizer: with the groups of the tagger, and of modules.
        rate: of the tagger.
        done: share of the training that is done with this step.
        objective: may say how many times that rate its modules have, and how long they learn alone.
    """
    times, alone = pace_of_modules(objective)
    for group in optimizer.param_groups:
        group["lr"] = rate * times if "of_modules" in group else rate if done >= alone else 0.0


def schedule(done: float, warmup: float) -> float:
    """Share of the peak learning rate when the share `done` of training is done: a linear rise, then a linear fall."""
    if done < warmup:
        return done / warmup
    return max(0.0, (1 - done) / (1 - warmup))


def _groups(
    named: Iterable[tuple[str, torch.nn.Parameter]], weight_decay: float
) -> tuple[list[str], list[dict[str, Any]]]:
    trained = [(n, p) for n, p in named if p.requires_grad]
    matrices = [(n, p) for n, p in trained if p.ndim > 1]
    vectors = [(n, p) for n, p in trained if p.ndim <= 1]
    groups = [
        {"params": [p for _, p in matrices], "weight_decay": weight_decay},
        {"params": [p for _, p in vectors], "weight_decay": 0.0},
    ]
    return [n for n, _ in matrices + vectors], groups
