"""Read and write model folders: weights, config and tokenizer as transformers has them, and never code."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlner.core.hub_names import may_be_hub_id
from xlner.core.labels import LabelSet, model_tags
from xlner.encoder.history import SIDE_FILE as SIDE_FILE
from xlner.encoder.load import without_report
from xlner.errors import ModelError, first_line
from xlner.tagger.from_hub import side_file

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

# Names in a saved model: ours, and what transformers may put beside them.
MODEL_FILES = (
    "README.md", "config.json", "xlner.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json", "vocab.json", "model.safetensors", "model-*.safetensors",
    "model.safetensors.index.json", "vocab.txt", "merges.txt", "*.model", "*.jinja",
)  # fmt: skip


def model_folder(model: str | Path) -> str:
    """Where the weights of a run folder, model folder or hub id are.

    Raises:
        ModelError: a file, a name that the hub cannot have, or a run that has no model yet.
    """
    folder = Path(model)
    inner = folder / "model"
    if folder.is_file():
        raise ModelError(f"{model} is a file; a model is a folder, such as that of a run, or a hub id")
    if not folder.exists() and not may_be_hub_id(str(model)):
        near = (
            f"; of the hub it is asked for where there is no folder {folder.parent}" if folder.parent.is_dir() else ""
        )
        raise ModelError(f"no model at '{model}': there is no such folder{near}")
    if (folder / "config.yaml").is_file() and not any((f / "config.json").is_file() for f in (folder, inner)):
        raise ModelError(f"{model} is a run that is not finished; give the command that made it again, and it goes on")
    return str(inner if (inner / "config.json").is_file() else model)


def model_config(name: str) -> PreTrainedConfig:
    """The config of a model folder or hub id.

    Raises:
        ModelError: there is no model, it needs code of its own, or torch and transformers are not installed.
    """
    try:
        import torch  # noqa: F401 - transformers alone could read a config, but no weights
        from transformers import AutoConfig
        from transformers.utils import logging as hf_logging
    except ImportError as error:
        raise ModelError(
            f"'{name}' is no exported model, and others need torch and transformers, which are not installed: pip "
            "install torch transformers accelerate. Or export the model where they are, with `xlner export`."
        ) from error
    hf_logging.disable_progress_bar()  # xlner shows its own
    try:
        return AutoConfig.from_pretrained(name, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"no model at '{name}': {_first_line(error)}") from None


_DROPOUTS = (
    "hidden_dropout_prob", "attention_probs_dropout_prob", "dropout", "attention_dropout", "dropout_rate",
    "mlp_dropout", "embedding_dropout",
)  # fmt: skip


def set_dropout(config: PreTrainedConfig, rate: float | None) -> None:
    """Replace every dropout rate of a config; None leaves them."""
    for key in _DROPOUTS:
        if rate is not None and hasattr(config, key):
            setattr(config, key, rate)


def trained_model(name: str, dropout: float | None = None) -> PreTrainedModel:
    """A token classifier with the head that its folder has, in evaluation mode.

    Args:
        name: model folder or hub id.
        dropout: replaces every dropout rate; None leaves them.

    Raises:
        ModelError: there is no model, it is no token classifier, or it does not name its labels.
    """
    config = model_config(name)
    if not any("TokenClassification" in a for a in (config.architectures or [])):
        raise ModelError(
            f"{name} is no NER model but {', '.join(config.architectures or ['an encoder'])}; "
            "train one first: xlner train --source LANG=FILE --output RUN"
        )
    model_tags(config.id2label)
    set_dropout(config, dropout)
    model, _ = _load(name, config)
    return model.eval()


def side_values(name: str) -> dict[str, Any]:
    """What the side file of a model says; nothing for a model without one.

    Args:
        name: model folder, or the hub id of a model that was loaded just now.

    Raises:
        ModelError: the file is damaged.
    """
    side = side_file(name)
    try:
        return json.loads(side.read_text("utf-8")) if side else {}
    except ValueError as error:
        raise ModelError(f"{side} is damaged ({first_line(error)}); get the model again") from None


def fresh_model(name: str, config: PreTrainedConfig) -> PreTrainedModel:
    """A token classifier with a new head, whatever head the folder has.

    Raises:
        ModelError: it cannot be loaded.
    """
    model, info = _load(name, config, ignore_mismatched_sizes=True)
    prefix = f"{model.base_model_prefix}."
    wrong = [key for key, *_ in info["mismatched_keys"] if key.startswith(prefix)]
    if wrong:
        raise ModelError(f"cannot load '{name}': the size of {wrong[0]} is not what its config says")
    head = [n for n, _ in model.named_parameters() if not n.startswith(prefix)]
    if not set(head) <= set(info["missing_keys"]):  # the folder had one of that name
        _draw_anew(model, [n for n, _ in model.named_modules() if n and not f"{n}.".startswith(prefix)])
    return model


def with_head(model: PreTrainedModel, rows: Sequence[int | None], labels: LabelSet) -> PreTrainedModel:
    """A copy of a model whose head has the tags of a label set.

    Args:
        model: stays as it is.
        rows: for each tag the output of `model` that says it; None for a tag that it does not know.
        labels: gives the tags.

    Raises:
        ModelError: a tag is not known to the model, or its head is no linear layer named "classifier".
    """
    import torch

    model = copy.deepcopy(model)
    old = getattr(model, "classifier", None)
    if not isinstance(old, torch.nn.Linear) or None in rows:
        raise ModelError(
            f"the model's head cannot be made one for {', '.join(labels.types)}; let the student start from the "
            "encoder (`student_from encoder`)"
        )
    head = torch.nn.Linear(old.in_features, len(rows), bias=old.bias is not None).to(old.weight)
    with torch.no_grad():
        for to, from_ in zip(head.parameters(), old.parameters(), strict=True):
            to.copy_(from_[rows])
    model.classifier = head
    model.num_labels = model.config.num_labels = len(rows)  # type: ignore[assignment]
    name_labels(model.config, labels)
    return model


def name_labels(config: PreTrainedConfig, labels: LabelSet) -> None:
    """Write the tags of a label set into a config."""
    config.id2label = labels.id2label
    config.label2id = {t: i for i, t in labels.id2label.items()}


def _load(name: str, config: PreTrainedConfig, **loading: Any) -> tuple[PreTrainedModel, dict[str, Any]]:
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForTokenClassification

    # Short sentences are the rule in NER; on CPU plain attention trains them faster than the fused kernel.
    attention = "sdpa" if torch.accelerator.is_available() else "eager"
    try:
        with without_report():  # a new head is no news to whoever asked for one
            return AutoModelForTokenClassification.from_pretrained(
                name, config=config, dtype=torch.float32, attn_implementation=attention, use_safetensors=True,
                trust_remote_code=False, output_loading_info=True, **loading,
            )  # fmt: skip
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        again = "; get it again, or remove it and give the command that made it again" if Path(name).is_dir() else ""
        raise ModelError(f"cannot load '{name}': {_first_line(error)}{again}") from None


def _draw_anew(model: PreTrainedModel, names: Sequence[str]) -> None:
    import torch

    modules = dict(model.named_modules())
    for name in names:
        for parameter in modules[name].parameters(recurse=False):
            parameter._is_hf_initialized = False
        with torch.no_grad():
            model._init_weights(modules[name])


def _first_line(error: Exception) -> str:
    if "trust_remote_code" in str(error):
        return "it needs Python code that comes with it, which xlner never runs"
    return first_line(error)
