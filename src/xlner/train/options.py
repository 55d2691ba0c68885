"""Settings of one training."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Literal

from xlner.component import option, options
from xlner.errors import MissingExtraError


@options
class TrainOptions:
    """How to train a tagger.

    The defaults were chosen with the embedded encoder, on English dev, Danish and Swedish. Each field says what it is;
    `xlner.train.loop.pace` says how little data gets smaller batches and more passes.

    Raises:
        OptionError: a value is out of range.
        MissingExtraError: an option needs a package that is not installed.
    """

    learning_rate: float = option(1e-4, "Peak learning rate, after warm-up.", gt=0)
    epochs: int | None = option(
        None, "Passes over the data; by default 1 for a student that starts from its teacher, else 3 or more.", ge=1
    )
    batch_subwords: int | None = option(
        None, "Padded subwords per batch and process; by default by the amount of data and the device.", ge=8
    )
    warmup: float = option(0.1, "Share of training over which the learning rate rises; then it falls to 0.", ge=0, lt=1)
    weight_decay: float = option(0.01, "Decoupled weight decay (AdamW), on weight matrices only.", ge=0)
    average_from: float | None = option(
        None,
        "Share of the training from which on weights are averaged, step by step; the model has their mean. By default "
        "the last ones.",
        ge=0,
        lt=1,
    )
    clip: float = option(1.0, "Largest norm of the gradient.", gt=0)
    dropout: float | None = option(None, "Replaces the encoder's dropout rates; by default they stay.", ge=0, lt=1)
    freeze_embeddings: bool = option(True, "Keep the embedding layer as pretrained.")
    freeze_layers: int | None = option(None, "Bottom layers kept as pretrained; by default a quarter of them.", ge=0)
    layer: int | None = option(
        None,
        "Layer of the encoder that the head reads, from 1; those above it are left out. By default the last.",
        ge=1,
    )
    random_weights: bool = option(
        False, "Draw the encoder's weights at random instead of the pretrained ones: a control experiment."
    )
    lora: int | None = option(
        None,
        "Rank of updates of the encoder's matrices that are learnt in their place (LoRA); needs xlner[lora].",
        ge=1,
    )
    augment: str | dict[str, Any] | None = option(
        None,
        "Changes of labelled source sentences in each pass: names between commas, such as entity-replacement,typos, or "
        "a mapping of names and options. Raw and projected text is learnt from as it is.",
    )
    augment_share: float = option(0.5, "Share of the sentences that are changed, drawn anew in each pass.", gt=0, le=1)
    precision: Literal["auto", "fp32", "bf16"] = option("auto", "auto takes bf16 where the hardware multiplies it.")
    patience: int = option(0, "Stop after so many epochs without a better dev F1; 0 never stops.", ge=0)
    seed: int = option(1, "Seed of the new head, dropout and the order of batches.", ge=0, lt=2**32)
    checkpoint_seconds: float = option(
        120.0, "How much work a kill may cost; 0 saves after every step.", ge=0, unit="seconds", decides=False
    )
    report_to: tuple[str, ...] = option((), "Trackers known to accelerate: tensorboard, wandb, ...", decides=False)
    device: str | None = option(None, "cpu, cuda, mps, ...; by default an accelerator if there is one.")

    def __post_init__(self) -> None:
        if self.lora is not None and find_spec("peft") is None:
            raise MissingExtraError("`lora`", extra="lora")
