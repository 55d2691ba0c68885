"""Pretrained encoders: the embedded one, any other that transformers can load, and smaller vocabularies."""

from xlner.encoder.embedded import embedded_encoder

__all__ = ["embedded_encoder"]
