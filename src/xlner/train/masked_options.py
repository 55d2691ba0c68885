"""Settings of masked-language training."""

from __future__ import annotations

from typing import Literal

from xlner.component import option, option_fields, options
from xlner.errors import OptionError

_OF_ALL = {"seed", "precision", "device", "checkpoint_seconds"}  # flags say these to every part of a run
PRETRAIN = "Training of the encoder on raw target and source text before anything starts from it; off by default."


@options
class PretrainOptions:
    """How an encoder is trained further on raw text, by predicting masked words.

    Raises:
        OptionError: a value is out of range.
    """

    epochs: int = option(1, "Passes over the text.", ge=1)
    learning_rate: float = option(5e-5, "Peak learning rate, after warm-up.", gt=0)
    head_rate: float = option(20.0, "Learning rate of a fresh output layer, as a multiple of the encoder's.", gt=0)
    head_first: float = option(
        0.2, "Share of the training in which a fresh output layer learns alone; the encoder waits for it.", ge=0, lt=1
    )
    batch_subwords: int | None = option(
        None, "Padded subwords per batch and process; by default by the amount of text and the device.", ge=8
    )
    masked: float = option(0.15, "Share of words to be predicted.", gt=0, lt=1)
    mixing: float = option(
        1.0, "How languages share an epoch: 1 by their amounts of text, 0 alike; less text is then read again.",
        ge=0, le=1,
    )  # fmt: skip
    held_out: int = option(
        200, "Sentences per language that are not learnt from, to see how many of their words are predicted.",
        ge=0, unit="sentences",
    )  # fmt: skip
    warmup: float = option(0.1, "Share of training over which the learning rate rises; then it falls to 0.", ge=0, lt=1)
    weight_decay: float = option(0.01, "Decoupled weight decay (AdamW), on weight matrices only.", ge=0)
    clip: float = option(1.0, "Largest norm of the gradient.", gt=0)
    dropout: float | None = option(None, "Replaces the encoder's dropout rates; by default they stay.", ge=0, lt=1)
    freeze_embeddings: bool = option(True, "Keep the embedding layer as pretrained.")
    freeze_layers: int = option(0, "Bottom layers kept as pretrained.", ge=0)
    chunk_windows: int = option(10_000, "Windows in memory at a time, shuffled together.", ge=1, unit="windows")
    precision: Literal["auto", "fp32", "bf16"] = option("auto", "auto takes bf16 where the hardware multiplies it.")
    seed: int = option(1, "Seed of the output layer, the masks, dropout and the order of batches.", ge=0, lt=2**32)
    checkpoint_seconds: float = option(
        120.0, "How much work a kill may cost; 0 saves after every step.", ge=0, unit="seconds", decides=False
    )
    device: str | None = option(None, "cpu, cuda, mps, ...; by default an accelerator if there is one.")


@options
class ContinueOptions(PretrainOptions):
    """The same as a step of a method, which is off by default."""

    epochs: int = option(0, "Passes over the text; 0 leaves the encoder as it is.", ge=0)

    def __post_init__(self) -> None:
        if self.epochs:
            return
        default = {f.name: f.default for f in option_fields(ContinueOptions) if f.name not in _OF_ALL}
        for name, value in default.items():
            if getattr(self, name) != value:
                raise OptionError(name, "works with `pretrain.epochs` of at least 1")
