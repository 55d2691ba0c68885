"""Models on the hub: exported ones, the side files of others, and revisions that stay the same.

Weights of models that are not exported are fetched by transformers, which asks for those in safetensors alone.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

from xlner.encoder.history import SIDE_FILE
from xlner.errors import ModelError, first_line
from xlner.tagger.exported import FORMATS

EXPORTED = ("*.onnx", "*.onnx.data", "*.onnx_data", *FORMATS["openvino"].files)
_TOKENIZER = ("tokenizer*.json", "vocab.txt", "*.model")
_FILES = (SIDE_FILE, "config.json", *EXPORTED, *_TOKENIZER)
_ANY = (
    *_FILES, "*.safetensors", "*.safetensors.index.json", "added_tokens.json", "merges.txt", "special_tokens_map.json",
    "vocab.json",
)  # fmt: skip


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


def side_file(name: str) -> Path | None:
    """The side file of a model; None if it has none.

    Args:
        name: of a folder, or the hub id of a model that was loaded just now: the file is that of the same revision.
    """
    if Path(name).is_dir():
        side = Path(name) / SIDE_FILE
        return side if side.is_file() else None
    from huggingface_hub import hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import EntryNotFoundError

    config = try_to_load_from_cache(name, "config.json")
    if not isinstance(config, str):
        return None
    revision = Path(config).parent.name
    here = try_to_load_from_cache(name, SIDE_FILE, revision=revision)
    if here is None:  # not known; that there is none would be another answer
        try:
            here = hf_hub_download(name, SIDE_FILE, revision=revision)
        except EntryNotFoundError:  # there is none; or, of its kind too, none here and no network
            return None
        except Exception as error:  # of many classes
            warnings.warn(f"{SIDE_FILE} of '{name}' cannot be read: {first_line(error)}", stacklevel=2)
            return None
    return Path(here) if isinstance(here, str) else None


def revision_of(name: str) -> str | None:
    """The commit that a hub id stands for now, or stood for when it was last fetched; None for a folder.

    Raises:
        ModelError: the hub has no such model, or cannot be reached.
    """
    if Path(name).exists():
        return None
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(name, "config.json")).parent.name
    except Exception as error:
        raise ModelError(f"no model at '{name}': {first_line(error)}") from error


def at_revision(name: str, revision: str | None) -> str:
    """A folder with one revision of a model of the hub, whatever was pushed since; without a revision the name itself.

    Args:
        name: hub id.
        revision: a commit, from `revision_of`.

    Raises:
        ModelError: it cannot be fetched.
    """
    if revision is None:
        return name
    from huggingface_hub import snapshot_download

    try:
        return snapshot_download(name, revision=revision, allow_patterns=list(_ANY), ignore_patterns=["*/*"])
    except Exception as error:
        raise ModelError(f"'{name}' at {revision} cannot be fetched from the hub: {first_line(error)}") from error
