"""Exported models on the hub. Others are fetched by transformers, which asks for weights in safetensors alone."""

from __future__ import annotations

import json
from pathlib import Path

from xlner.encoder.history import SIDE_FILE
from xlner.errors import ModelError, first_line

_FILES = (SIDE_FILE, "config.json", "*.onnx", "*.onnx.data", "*.onnx_data", "tokenizer*.json", "vocab.txt", "*.model")


def fetched(name: str) -> str:
    """The folder of an exported model that was fetched from the hub; any other name as it is.

    Args:
        name: of a folder, or a hub id.

    Raises:
        ModelError: it is an exported model, and cannot be fetched.
    """
    if Path(name).exists():
        return name
    from huggingface_hub import HfApi, hf_hub_download, snapshot_download, try_to_load_from_cache

    try:
        here = try_to_load_from_cache(name, SIDE_FILE)
        if not isinstance(here, str):
            # One question, where downloads repeat theirs for half a minute.
            if not HfApi().file_exists(name, SIDE_FILE):
                return name
            here = hf_hub_download(name, SIDE_FILE)
        exported = "export" in json.loads(Path(here).read_text("utf-8"))
    except Exception:  # no such name, no network, of many classes: whoever loads it next says what is wrong
        return name
    if not exported:
        return name
    try:
        return snapshot_download(name, allow_patterns=list(_FILES))
    except Exception as error:
        raise ModelError(
            f"'{name}' is an exported model on the hub, and cannot be fetched: {first_line(error)}"
        ) from error
