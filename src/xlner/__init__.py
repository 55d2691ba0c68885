"""xlner: cross-lingual named entity recognition.

    from xlner import Tagger, read_text
    tagger = Tagger.load("run")
    for sentence in tagger.predict(read_text("Ana vive en Lima.")):
        print([(sentence.surface(s), s.label) for s in sentence.spans])

The commands of the command line are functions in `xlner.api`.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xlner.api.apply import compare, predict
    from xlner.api.transfer import TransferResult, transfer
    from xlner.core.labels import LabelSet
    from xlner.core.types import Sentence, Span
    from xlner.data import load, read_text, stream_text, write
    from xlner.errors import DataError, MissingExtraError, ModelError, UsageError, XlnerError
    from xlner.evaluate import score
    from xlner.methods.task import MethodOptions
    from xlner.tagger import Tagger
    from xlner.train import TrainOptions

# On a CPU, torch and oneDNN keep kernels and buffers of the last 1024 shapes. Batches of sentences have many shapes, so
# memory would grow over a long text; a shape is met again in the next layer or hardly ever. Read when torch is loaded.
for _cache, _size in (("LRU_CACHE_CAPACITY", "16"), ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")):
    os.environ.setdefault(_cache, _size)

# Public name -> where it lives. Looked up when used, so that `import xlner` brings no torch.
_HOME = {
    "DataError": "errors",
    "LabelSet": "core.labels",
    "MethodOptions": "methods.task",
    "MissingExtraError": "errors",
    "ModelError": "errors",
    "Sentence": "core.types",
    "Span": "core.types",
    "Tagger": "tagger",
    "TrainOptions": "train",
    "TransferResult": "api.transfer",
    "UsageError": "errors",
    "XlnerError": "errors",
    "compare": "api.apply",
    "load": "data",
    "predict": "api.apply",
    "read_text": "data",
    "score": "evaluate",
    "stream_text": "data",
    "transfer": "api.transfer",
    "write": "data",
}
__all__ = [
    "DataError",
    "LabelSet",
    "MethodOptions",
    "MissingExtraError",
    "ModelError",
    "Sentence",
    "Span",
    "Tagger",
    "TrainOptions",
    "TransferResult",
    "UsageError",
    "XlnerError",
    "compare",
    "load",
    "predict",
    "read_text",
    "score",
    "stream_text",
    "transfer",
    "write",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'xlner' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"xlner.{_HOME[name]}"), name)
    globals()[name] = value
    return value
