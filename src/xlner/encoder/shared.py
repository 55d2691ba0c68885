"""One tokenizer for all models of a process that have the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from xlner.core.run_folder import file_hash
from xlner.encoder.load import load_tokenizer, resolve

# What transformers makes a tokenizer from, besides the class that the configuration names.
_FILES = (
    "added_tokens.json", "chat_template.jinja", "merges.txt", "special_tokens_map.json", "tokenizer.json",
    "vocab.json", "vocab.txt",
)  # fmt: skip
_CLASS = ("model_type", "tokenizer_class")  # of config.json
_ORIGIN = ("is_local", "local_files_only")  # of tokenizer_config.json: how it was loaded before it was saved

_in_use: WeakValueDictionary[tuple[str, ...], Any] = WeakValueDictionary()
_latest: list[Any] = []  # lives on without a user, as the next command often wants the same


def shared_tokenizer(name: str | Path) -> Any:
    """As `load_tokenizer`; models whose files of the tokenizer are equal get the same object. Do not change it.

    Reading a large vocabulary takes long and much memory, and models that were trained from one encoder all have a copy
    of it.

    Args:
        name: as for `load_tokenizer`. What is no folder is loaded anew.

    Raises:
        ModelError: it cannot be loaded, or the model has no fast tokenizer.
    """
    where = Path(resolve(name))
    if not (where / "tokenizer.json").is_file():
        return load_tokenizer(name)
    key = _contents(where)
    tokenizer = _in_use.get(key)
    if tokenizer is None:
        tokenizer = _in_use[key] = load_tokenizer(name)
    _latest[:] = [tokenizer]
    return tokenizer


def _contents(folder: Path) -> tuple[str, ...]:
    """What tells tokenizers apart."""
    files = [folder / name for name in _FILES]
    hashes = [file_hash(file) if file.is_file() else "" for file in files]
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        settings = json.loads((folder / "tokenizer_config.json").read_text("utf-8")).items()
        said = json.dumps({k: v for k, v in settings if k not in _ORIGIN}, sort_keys=True)
        return (*hashes, said, *(str(config.get(name)) for name in _CLASS))
    except (OSError, ValueError, AttributeError):  # said by what loads it
        return (*hashes, str(folder))
