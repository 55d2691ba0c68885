"""The layers of an encoder: which of them to read, relative to its depth, and encoders with some of them alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

HALFWAY, TWO_THIRDS = 1 / 2, 2 / 3


def layer_at(share: float, encoder: str) -> int:
    """The hidden layer that lies a share of the way up, at least 1.

    Args:
        share: from 0 to 1.
        encoder: see `depth_of`.
    """
    return max(1, round(depth_of(encoder) * share))


def depth_of(encoder: str) -> int:
    """How many layers an encoder has; 0 where its configuration does not say it.

    Args:
        encoder: "embedded", a folder or a hub id; only its configuration is read.

    Raises:
        ModelError: there is no such encoder.
    """
    return int(getattr(config_of(encoder), "num_hidden_layers", 0))


def config_of(encoder: str) -> Any:
    """The configuration of an encoder, of transformers.

    Args:
        encoder: "embedded", a folder or a hub id.

    Raises:
        ModelError: there is no such encoder.
    """
    from transformers import AutoConfig

    from xlner.encoder.load import resolve
    from xlner.errors import ModelError, first_line

    where = resolve(encoder)
    try:
        return AutoConfig.from_pretrained(where, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{where} cannot be used as encoder: {first_line(error)}") from error


def evenly(count: int, layers: int) -> list[int]:
    """Numbers of `count` of `layers` layers, from 0: the first, the last, and others at even distances.

    Of twelve layers, six are 0, 2, 4, 7, 9, 11, the choice of the published DistilBERT; one is the first.
    """
    return [round(i * (layers - 1) / max(1, count - 1)) for i in range(count)]


def layers_of(model: Any) -> Any:
    """The layers of a model's encoder, bottom first, as its `torch.nn.ModuleList`; an empty one if it has none."""
    from torch import nn

    found = (m for m in model.base_model.modules() if isinstance(m, nn.ModuleList))
    return max(found, key=len, default=nn.ModuleList())


def retain_layers(model: Any, numbers: Sequence[int]) -> None:
    """Take all other layers out of a model, in place; its config then says how many there are.

    Args:
        model: of transformers; any class whose layers all have weights of their own and stand in one list.
        numbers: of the layers to stay, from 0, rising.

    Raises:
        ModelError: its class cannot be built with other layers than it has.
    """
    import torch
    from torch import nn

    from xlner.errors import ModelError

    config, layers = model.config, layers_of(model)
    kind = f"an encoder of type {config.model_type}"
    if len(layers) != getattr(config, "num_hidden_layers", None):
        raise ModelError(f"{kind} has no list of layers of which some could be taken; leave its depth as it is")
    owner = next(m for m in model.modules() for child in m.children() if child is layers)
    name = next(n for n, child in owner.named_children() if child is layers)
    setattr(owner, name, nn.ModuleList(layers[i] for i in numbers))
    config.num_hidden_layers = len(numbers)
    if isinstance(of_layers := getattr(config, "layer_types", None), list):
        config.layer_types = [of_layers[i] for i in numbers]
    with torch.device("meta"):
        rebuilt = type(model)(config)
    shapes = [{n: p.shape for n, p in layers_of(m).named_parameters()} for m in (model, rebuilt)]
    if shapes[0] != shapes[1]:
        raise ModelError(f"{kind} cannot be built with {len(numbers)} of its layers; leave its depth as it is")
