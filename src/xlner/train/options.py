"""Settings of one training, validated when made."""

from __future__ import annotations

from dataclasses import dataclass

from xlner.errors import UsageError
from xlner.tagger.device import PRECISIONS


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """How to train a tagger. The defaults were chosen with the embedded encoder, on English dev, Danish and Swedish.

    Args:
        learning_rate: peak, after warm-up.
        epochs: passes over the data; None takes 1 for a student that starts from its teacher, else 3, and more for
            very little data, see `xlner.train.loop.pace`.
        batch_subwords: padded subwords per batch and process; sentences of like length share a batch. None takes 768,
            and fewer for little data, see there.
        warmup: share of training over which the learning rate rises from 0; after it, it falls linearly to 0.
        weight_decay: decoupled (AdamW), on weight matrices only.
        clip: largest gradient norm.
        dropout: replaces the encoder's dropout rates; None leaves them.
        freeze_embeddings: keep the embedding layer as pretrained.
        freeze_layers: number of bottom transformer layers to keep as pretrained; None keeps a quarter of them.
        precision: "auto" takes bf16 autocast where the hardware multiplies it, else fp32.
        patience: stop after this many epochs without a better dev F1; 0 never stops. Needs dev data.
        seed: rules head, dropout and order.
        checkpoint_seconds: how much work a kill may cost at most; 0 saves after every step.
        report_to: trackers known to accelerate ("tensorboard", "wandb", ...).
        device: torch device name; None takes an accelerator if there is one.
    """

    learning_rate: float = 1e-4
    epochs: int | None = None
    batch_subwords: int | None = None
    warmup: float = 0.1
    weight_decay: float = 0.01
    clip: float = 1.0
    dropout: float | None = None
    freeze_embeddings: bool = True
    freeze_layers: int | None = None
    precision: str = "auto"
    patience: int = 0
    seed: int = 1
    checkpoint_seconds: float = 120.0
    report_to: tuple[str, ...] = ()
    device: str | None = None

    def __post_init__(self) -> None:
        def need(ok: bool, message: str) -> None:
            if not ok:
                raise UsageError(message)

        need(self.learning_rate > 0, f"--learning-rate must be positive, got {self.learning_rate}")
        need(self.epochs is None or self.epochs >= 1, f"--epochs must be at least 1, got {self.epochs}")
        size = self.batch_subwords
        need(size is None or size >= 8, f"--batch-subwords must be at least 8, got {size}")
        need(0 <= self.warmup < 1, f"--warmup is a share in [0, 1), got {self.warmup}")
        need(self.weight_decay >= 0, f"--weight-decay must not be negative, got {self.weight_decay}")
        need(self.clip > 0, f"--clip must be positive, got {self.clip}")
        need(self.dropout is None or 0 <= self.dropout < 1, f"--dropout is in [0, 1), got {self.dropout}")
        need((self.freeze_layers or 0) >= 0, f"--freeze-layers must not be negative, got {self.freeze_layers}")
        need(self.patience >= 0, f"--patience must not be negative, got {self.patience}")
        need(
            self.checkpoint_seconds >= 0,
            f"--checkpoint-seconds must not be negative, got {self.checkpoint_seconds}",
        )
        need(
            self.precision in PRECISIONS,
            f"--precision is one of {', '.join(PRECISIONS)}, got '{self.precision}'",
        )
