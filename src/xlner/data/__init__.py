"""Floor 2: reading, writing, checking and converting data; words and sentences of raw text.

Nothing here imports torch. `import xlner.data` is cheap: names are looked up when they are used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xlner.core.files import atomic
    from xlner.data.checking import CheckReport, FileCheck, Finding, check
    from xlner.data.converting import convert
    from xlner.data.corpus import Corpus, load, stream_text
    from xlner.data.raw import read_text
    from xlner.data.report import Dropped, ReadReport
    from xlner.data.segment import sentence_from_text, split_sentences, split_words
    from xlner.data.writing import check_output, write

_HOME = {
    "CheckReport": "checking",
    "Corpus": "corpus",
    "Dropped": "report",
    "FileCheck": "checking",
    "Finding": "checking",
    "ReadReport": "report",
    "atomic": "xlner.core.files",
    "check_output": "writing",
    "check": "checking",
    "convert": "converting",
    "load": "corpus",
    "read_text": "raw",
    "sentence_from_text": "segment",
    "split_sentences": "segment",
    "split_words": "segment",
    "stream_text": "corpus",
    "write": "writing",
}
__all__ = [
    "CheckReport",
    "Corpus",
    "Dropped",
    "FileCheck",
    "Finding",
    "ReadReport",
    "atomic",
    "check",
    "check_output",
    "convert",
    "load",
    "read_text",
    "sentence_from_text",
    "split_sentences",
    "split_words",
    "stream_text",
    "write",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'xlner.data' has no attribute '{name}'")
    home = _HOME[name]
    value = getattr(importlib.import_module(home if "." in home else f"xlner.data.{home}"), name)
    globals()[name] = value
    return value
