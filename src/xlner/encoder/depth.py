"""Which layer of an encoder to read, relative to its depth."""

from __future__ import annotations

HALFWAY, TWO_THIRDS = 1 / 2, 2 / 3


def layer_at(share: float, encoder: str) -> int:
    """The hidden layer that lies a share of the way up, at least 1.

    Args:
        share: from 0 to 1.
        encoder: "embedded", a folder or a hub id; only its configuration is read.

    Raises:
        ModelError: there is no such encoder.
    """
    from transformers import AutoConfig

    from xlner.encoder.load import resolve
    from xlner.errors import ModelError

    where = resolve(encoder)
    try:
        config = AutoConfig.from_pretrained(where, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{where} cannot be used as encoder: {str(error).splitlines()[0]}") from error
    return max(1, round(int(getattr(config, "num_hidden_layers", 0)) * share))
