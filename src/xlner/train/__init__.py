"""Floor 5: one training loop, its data, losses and options. Names are looked up when used: options need no torch."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from xlner.core.rooms import callable_room

if TYPE_CHECKING:
    from xlner.train.loop import TrainResult, train
    from xlner.train.losses import make_loss
    from xlner.train.options import TrainOptions

_HOME = {"TrainOptions": "options", "TrainResult": "loop", "make_loss": "losses", "train": "loop"}
__all__ = ["TrainOptions", "TrainResult", "make_loss", "train"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'xlner.train' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"xlner.train.{_HOME[name]}"), name)
    globals()[name] = value
    return value


callable_room(__name__, "xlner.api.transfer:train")
