"""Floor 5: one training loop, its data, losses and options. Names are looked up when used: options need no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlner.core.rooms import callable_room, lazy_names

if TYPE_CHECKING:
    from xlner.train.loop import TrainResult, train
    from xlner.train.losses import make_loss
    from xlner.train.options import TrainOptions

__all__ = ["TrainOptions", "TrainResult", "make_loss", "train"]

__getattr__ = lazy_names(
    __name__, {"loop": ("TrainResult", "train"), "losses": ("make_loss",), "options": ("TrainOptions",)}
)
callable_room(__name__, "xlner.api.transfer:train")
