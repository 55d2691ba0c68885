"""Floor 3: pretrained encoders: the embedded one, any other that transformers can load, and smaller vocabularies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlner.core.rooms import lazy_names

if TYPE_CHECKING:
    from xlner.encoder.embedded import embedded_encoder
    from xlner.encoder.load import load_encoder, load_tokenizer, resolve
    from xlner.encoder.shared import shared_tokenizer
    from xlner.encoder.trim import TrimResult, trim_vocabulary

__all__ = [
    "TrimResult",
    "embedded_encoder",
    "load_encoder",
    "load_tokenizer",
    "resolve",
    "shared_tokenizer",
    "trim_vocabulary",
]

__getattr__ = lazy_names(
    __name__,
    {
        "embedded": ("embedded_encoder",),
        "load": ("load_encoder", "load_tokenizer", "resolve"),
        "shared": ("shared_tokenizer",),
        "trim": ("TrimResult", "trim_vocabulary"),
    },
)
