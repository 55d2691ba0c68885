"""Floor 5: one training loop, its data, losses and options."""

from xlner.train.loop import TrainResult, train
from xlner.train.losses import make_loss
from xlner.train.options import TrainOptions

__all__ = ["TrainOptions", "TrainResult", "make_loss", "train"]
