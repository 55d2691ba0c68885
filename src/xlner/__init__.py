"""xlner: cross-lingual named entity recognition.

    from xlner import Tagger, read_text
    tagger = Tagger.load("run")
    for sentence in tagger.predict(read_text("Ana vive en Lima.")):
        print([(sentence.surface(s), s.label) for s in sentence.spans])

Every command of the command line is a function here: `xlner.train`, `xlner.transfer`, `xlner.predict`, ...
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xlner.api.align import align
    from xlner.api.apply import evaluate
    from xlner.api.choose import choose
    from xlner.api.compare import compare
    from xlner.api.estimate import estimate
    from xlner.api.export import export
    from xlner.api.predict import predict
    from xlner.api.pretrain import pretrain
    from xlner.api.project import project
    from xlner.api.serve import serve
    from xlner.api.similarity import recommend, similarity
    from xlner.api.transfer import TransferResult, train, transfer
    from xlner.api.translate import translate
    from xlner.core.labels import LabelSet
    from xlner.core.types import Sentence, Span
    from xlner.data import load, read_text, stream_text, write
    from xlner.errors import DataError, MissingExtraError, ModelError, OptionError, UsageError, XlnerError
    from xlner.evaluate import score
    from xlner.integrations.hub import push
    from xlner.tagger import Tagger
    from xlner.train.options import TrainOptions

# On a CPU, torch and oneDNN keep kernels and buffers of the last 1024 shapes. Batches of sentences have many shapes, so
# memory would grow over a long text; a shape is met again in the next layer or hardly ever. Read when torch is loaded.
for _cache, _size in (("LRU_CACHE_CAPACITY", "16"), ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")):
    os.environ.setdefault(_cache, _size)

# Public name -> where it lives. Looked up when used, so that `import xlner` brings no torch. Some functions share their
# name with a package (`xlner.train`): both are one object, which can be called; see `xlner.core.rooms`.
_HOME = {
    "DataError": "errors:DataError",
    "LabelSet": "core.labels:LabelSet",
    "MissingExtraError": "errors:MissingExtraError",
    "ModelError": "errors:ModelError",
    "OptionError": "errors:OptionError",
    "Sentence": "core.types:Sentence",
    "Span": "core.types:Span",
    "Tagger": "tagger:Tagger",
    "TrainOptions": "train.options:TrainOptions",
    "TransferResult": "api.transfer:TransferResult",
    "UsageError": "errors:UsageError",
    "XlnerError": "errors:XlnerError",
    "align": "align",
    "choose": "api.choose:choose",
    "compare": "api.compare:compare",
    "estimate": "api.estimate:estimate",
    "evaluate": "evaluate",
    "export": "export",
    "load": "data:load",
    "predict": "api.predict:predict",
    "pretrain": "api.pretrain:pretrain",
    "project": "project",
    "push": "integrations.hub:push",
    "read_file": "data:load",
    "read_text": "data:read_text",
    "recommend": "api.similarity:recommend",
    "score": "evaluate:score",
    "serve": "serve",
    "similarity": "similarity",
    "stream_text": "data:stream_text",
    "train": "train",
    "transfer": "api.transfer:transfer",
    "translate": "translate",
    "write": "data:write",
}
__all__ = [
    "DataError", "LabelSet", "MissingExtraError", "ModelError", "OptionError", "Sentence", "Span", "Tagger",
    "TrainOptions", "TransferResult", "UsageError", "XlnerError", "align", "choose", "compare", "estimate",
    "evaluate", "export", "load", "predict", "pretrain", "project", "push", "read_file", "read_text", "recommend",
    "score", "serve", "similarity", "stream_text", "train", "transfer", "translate", "write",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'xlner' has no attribute '{name}'")
    module, _, attribute = _HOME[name].partition(":")
    value: Any = importlib.import_module(f"xlner.{module}")
    if attribute:
        value = getattr(value, attribute)
    globals()[name] = value
    return value
