"""Pretrained encoders: the embedded one, any other that transformers can load, and smaller vocabularies."""

from xlner.encoder.embedded import embedded_encoder
from xlner.encoder.load import load_encoder, load_tokenizer, resolve

__all__ = ["embedded_encoder", "load_encoder", "load_tokenizer", "resolve"]
