"""Checkpoints of a running training: safetensors and JSON, whole or absent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from xlner.core.files import atomic_folder, recover_folder, remove_folder, replace_file


def save_checkpoint(folder: Path, tensors: dict[str, torch.Tensor], state: dict[str, Any]) -> None:
    """Write `folder` anew, so that a kill at any moment leaves the old checkpoint or the new one."""
    with atomic_folder(folder, may_replace=("state.*",)) as place:
        save_file({k: v.detach().contiguous().cpu() for k, v in tensors.items()}, place / "state.safetensors")
        (place / "state.json").write_text(json.dumps(state), "utf-8")


def load_checkpoint(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
    """The checkpoint at `folder`, or None."""
    place = recover_folder(folder)
    if not (place / "state.json").is_file():
        return None
    return load_file(place / "state.safetensors"), json.loads((place / "state.json").read_text("utf-8"))


def drop_checkpoint(folder: Path) -> None:
    """Remove the checkpoint and its leftovers, once the model itself is saved."""
    remove_folder(folder)


def save_weights(path: Path, weights: Mapping[str, torch.Tensor]) -> None:
    """Write some weights by name, whole or not at all."""
    with replace_file(path) as place:
        save_file({n: p.detach().contiguous().cpu() for n, p in weights.items()}, place)


def optimizer_tensors(optimizer: torch.optim.Optimizer, names: list[str]) -> dict[str, torch.Tensor]:
    """The optimizer's state as named tensors; `names` are its parameters in order."""
    out = {}
    for index, values in optimizer.state_dict()["state"].items():
        for key, value in values.items():
            out[f"optimizer.{names[index]}.{key}"] = torch.as_tensor(value)
    return out


def restore_optimizer(optimizer: torch.optim.Optimizer, names: list[str], tensors: dict[str, torch.Tensor]) -> None:
    """Undo `optimizer_tensors`."""
    state: dict[int, dict[str, torch.Tensor]] = {}
    for index, name in enumerate(names):
        prefix = f"optimizer.{name}."
        values = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
        if values:
            state[index] = values
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def rng_state(device: torch.device) -> torch.Tensor:
    """The state of torch's generator that dropout draws from."""
    if device.type == "cpu":
        return torch.get_rng_state()
    own = torch.get_device_module(device)
    return own.get_rng_state() if device.type == "mps" else own.get_rng_state(device)  # there is one alone


def set_rng_state(state: torch.Tensor, device: torch.device) -> None:
    """Undo `rng_state`, on the device itself, which need not be the current one."""
    if device.type == "cpu":
        torch.set_rng_state(state)
    elif device.type == "mps":
        torch.mps.set_rng_state(state)
    else:
        torch.get_device_module(device).set_rng_state(state, device)
