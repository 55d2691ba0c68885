"""Pretrained encoders: the embedded one, any other that transformers can load, and smaller vocabularies.

Names are looked up when they are used: which layer is meant can be told without loading an encoder.
"""

from typing import TYPE_CHECKING

from xlner.core.rooms import lazy_names

if TYPE_CHECKING:
    from xlner.encoder.embedded import embedded_encoder
    from xlner.encoder.load import load_encoder, load_tokenizer, resolve
    from xlner.encoder.trim import TrimResult, trim_vocabulary

__all__ = ["TrimResult", "embedded_encoder", "load_encoder", "load_tokenizer", "resolve", "trim_vocabulary"]

__getattr__ = lazy_names(
    __name__,
    {
        "TrimResult": "trim",
        "embedded_encoder": "embedded",
        "load_encoder": "load",
        "load_tokenizer": "load",
        "resolve": "load",
        "trim_vocabulary": "trim",
    },
)
