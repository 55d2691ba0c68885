"""Pretrained encoders: the embedded one, any other that transformers can load, and smaller vocabularies."""

from xlner.encoder.embedded import embedded_encoder
from xlner.encoder.load import load_encoder, load_tokenizer, resolve
from xlner.encoder.trim import TrimResult, trim_vocabulary

__all__ = ["TrimResult", "embedded_encoder", "load_encoder", "load_tokenizer", "resolve", "trim_vocabulary"]
