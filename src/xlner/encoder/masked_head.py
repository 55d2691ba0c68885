"""The output layer for masked words that a checkpoint brings with it, if it has one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xlner.encoder.load import resolve, without_report

# Dense layer, norm and bias over the pieces, as the families of BERT, RoBERTa and DistilBERT call them.
_NAMES = (
    ("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.bias"),
    ("lm_head.dense", "lm_head.layer_norm", "lm_head.bias"),
    ("vocab_transform", "vocab_layer_norm", "vocab_projector.bias"),
)


def masked_head_of(encoder: str | Path) -> dict[str, Any] | None:
    """The trained weights of an encoder's output layer for masked words.

    Args:
        encoder: as for `resolve`.

    Returns:
        Tensors `dense.weight`, `dense.bias`, `norm.weight`, `norm.bias` and `bias`, the last with a number per piece;
        None if its folder has no such layer, or one of another form.
    """
    from transformers import AutoConfig, AutoModelForMaskedLM

    where = resolve(encoder)
    try:
        config = AutoConfig.from_pretrained(where, trust_remote_code=False)
        if not any(a.endswith(("ForMaskedLM", "ForPreTraining")) for a in config.architectures or []):
            return None
        with without_report():
            model, info = AutoModelForMaskedLM.from_pretrained(
                where, config=config, use_safetensors=True, trust_remote_code=False, output_loading_info=True
            )
    except (OSError, ValueError, KeyError):
        return None
    weights = model.state_dict()
    for dense, norm, bias in _NAMES:
        names = {"dense": dense, "norm": norm}
        of = {f"{ours}.{part}": f"{theirs}.{part}" for ours, theirs in names.items() for part in ("weight", "bias")}
        of["bias"] = bias
        if set(of.values()) <= set(weights) - set(info["missing_keys"]):
            return {ours: weights[theirs].detach().float() for ours, theirs in of.items()}
    return None
