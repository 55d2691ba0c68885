"""Load an encoder or its tokenizer: the embedded one, a folder, or a model of the hub that the user names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from xlner.encoder.embedded import embedded_encoder
from xlner.errors import ModelError

EMBEDDED = "embedded"


def resolve(name: str | Path) -> str:
    """What transformers calls `pretrained_model_name_or_path`.

    Args:
        name: "embedded", a checkpoint folder, the folder of a run, or a hub id such as "FacebookAI/xlm-roberta-base".

    Returns:
        A folder, or the hub id as it came; nothing is asked of the hub here.

    Raises:
        ModelError: a path was named that is no folder with a model, or the embedded weights cannot be used.
        XlnerError: the embedded encoder cannot be written to the cache.
    """
    if str(name) == EMBEDDED:
        return str(embedded_encoder())
    path = Path(name).expanduser()
    if path.is_dir():
        if not (path / "config.json").is_file() and (path / "model" / "config.json").is_file():
            return str(path / "model")  # of a run
        if not (path / "config.json").is_file():
            raise ModelError(f"{path} holds no config.json, so it is no model folder")
        return str(path)
    if path.exists():
        raise ModelError(f"{path} is a file; name the folder of the model instead")
    if _looks_like_path(name):
        raise ModelError(
            f"there is no model folder {path}. Name an existing folder, a hub id such as "
            f"FacebookAI/xlm-roberta-base, or '{EMBEDDED}'."
        )
    return str(name)


def load_tokenizer(name: str | Path) -> Any:
    """A fast tokenizer that takes pre-split words.

    Byte-level tokenizers (RoBERTa, GPT-2 and their kin) see a space as the first character of a word. Given words one
    by one they would take each for the middle of a word, so they are told to put a space before each.

    Args:
        name: as for `resolve`.

    Returns:
        A `transformers.PreTrainedTokenizerFast`.

    Raises:
        ModelError: it cannot be loaded, or the model has no fast tokenizer.
    """
    from transformers import AutoTokenizer

    where = resolve(name)
    try:
        tokenizer = AutoTokenizer.from_pretrained(where, trust_remote_code=False)
    except Exception as error:  # the package tokenizers raises nothing narrower for a broken vocabulary
        raise _explained("tokenizer", where, error) from error
    if not getattr(tokenizer, "is_fast", False):
        raise ModelError(
            f"{where} has no fast tokenizer (it loads as {type(tokenizer).__name__}), and only these say which "
            "subword belongs to which word. Take a model whose folder has a tokenizer.json."
        )
    if tokenizer.vocab_size <= len(tokenizer.all_special_ids):
        # transformers makes up a vocabulary of special tokens when it finds no tokenizer.
        raise ModelError(f"{where} has no tokenizer: save one beside the model (tokenizer.json)")
    _space_before_words(tokenizer)
    return tokenizer


def load_encoder(name: str | Path, **options: Any) -> Any:
    """The bare encoder, in evaluation mode, from safetensors only and without remote code.

    Args:
        name: as for `resolve`.
        options: passed on to `AutoModel.from_pretrained`, for example `dtype` or `output_hidden_states`.

    Returns:
        A `transformers.PreTrainedModel`; without a pooler where its class allows.

    Raises:
        ModelError: it cannot be loaded.
    """
    from transformers import AutoConfig, AutoModel, AutoModelForTextEncoding

    where = resolve(name)
    fixed = {"use_safetensors": True, "trust_remote_code": False}
    kind: Any = AutoModel
    try:
        config = AutoConfig.from_pretrained(where, trust_remote_code=False)
        if config.model_type in _WITH_POOLER:
            options = {"add_pooling_layer": False, **options}
        if config.is_encoder_decoder and type(config) in AutoModelForTextEncoding._model_mapping:
            kind = AutoModelForTextEncoding  # of T5 and its like, the encoder alone
        with without_report():  # a head that is not read is no news
            return kind.from_pretrained(where, **{"config": config, **options, **fixed}).eval()
    except (OSError, ValueError, ImportError, KeyError, TypeError) as error:
        raise _explained("encoder", where, error) from error


@contextmanager
def without_report() -> Iterator[None]:
    """Let transformers keep to itself which weights of a checkpoint it did not read, or drew anew."""
    from transformers.utils import logging as hf_logging

    level = hf_logging.get_verbosity()
    hf_logging.set_verbosity_error()
    try:
        yield
    finally:
        hf_logging.set_verbosity(level)


def load_checkpoint(name: str | Path) -> Any:
    """What a folder holds: a token classifier with its head, or else the bare encoder.

    Args:
        name: as for `resolve`.

    Raises:
        ModelError: it cannot be loaded.
    """
    from transformers import AutoConfig, AutoModelForTokenClassification

    where = resolve(name)
    try:
        config = AutoConfig.from_pretrained(where, trust_remote_code=False)
        if not any(a.endswith("ForTokenClassification") for a in config.architectures or []):
            return load_encoder(where)
        return AutoModelForTokenClassification.from_pretrained(
            where, config=config, use_safetensors=True, trust_remote_code=False
        ).eval()
    except (OSError, ValueError, ImportError, KeyError, TypeError) as error:
        raise _explained("model", where, error) from error


# Encoders whose class builds a pooler unless told otherwise. Token classification never uses one.
_WITH_POOLER = {"bert", "camembert", "data2vec-text", "ernie", "roberta", "xlm-roberta", "xlm-roberta-xl", "xmod"}


def _looks_like_path(name: str | Path) -> bool:
    """A hub id is `name` or `owner/name`, without anything that only paths have."""
    text = str(name)
    return isinstance(name, Path) or text.startswith((".", "/", "~")) or text.count("/") > 1 or "\\" in text


def _explained(what: str, where: str, error: Exception) -> ModelError:
    first = next(iter(str(error).strip().splitlines()), "")
    if "trust_remote_code" in str(error):
        return ModelError(
            f"cannot load the {what} '{where}': it needs Python code that comes with it, which xlner never runs. "
            "Take a model that transformers knows by itself."
        )
    if Path(where).is_dir():
        advice = "The folder needs config.json, model.safetensors and tokenizer.json."
        if "safetensors" in str(error):
            advice += " Pickled weights (pytorch_model.bin) are not read: convert them to safetensors first."
    else:
        advice = (
            "It is no folder here, so it was looked up on the Hugging Face hub. Check the spelling and the network, "
            f"or name a local folder, or '{EMBEDDED}', which needs no network."
        )
    return ModelError(f"cannot load the {what} '{where}': {first} {advice}")


def _space_before_words(tokenizer: Any) -> None:
    """Make a byte-level tokenizer treat each pre-split word as one that follows a space."""
    from tokenizers import normalizers, pre_tokenizers

    backend = tokenizer.backend_tokenizer
    if backend.pre_tokenizer is None:
        return
    state = json.loads(backend.pre_tokenizer.__getstate__())
    if state["type"] == "ByteLevel":
        if not state["add_prefix_space"]:
            backend.pre_tokenizer = pre_tokenizers.ByteLevel(
                add_prefix_space=True,
                trim_offsets=state.get("trim_offsets", True),
                use_regex=state.get("use_regex", True),
            )
            tokenizer.add_prefix_space = True
            tokenizer.init_kwargs["add_prefix_space"] = True
        return
    steps = state.get("pretokenizers", [])
    if any(s["type"] == "ByteLevel" for s in steps) and not any(s.get("add_prefix_space") for s in steps):
        # A ByteLevel step after a split would put a space before every part, so the word gets it up front.
        space = [normalizers.Strip(left=True, right=False), normalizers.Prepend(" ")]
        old = backend.normalizer
        if old is None:
            backend.normalizer = normalizers.Sequence(space)
        elif b'"Prepend"' not in old.__getstate__():  # one that we saved has the steps already
            backend.normalizer = normalizers.Sequence([old, *space])
