"""How long an input an encoder takes, by its configuration: tokenizers of some checkpoints do not say it."""

from __future__ import annotations

import sys
from typing import Any


def longest_input(config: Any) -> int:
    """Most subwords of an input, special tokens included; without bound where the configuration names none.

    Args:
        config: of a transformers model; None if there is none.
    """
    positions = getattr(config, "max_position_embeddings", None)
    if not isinstance(positions, int) or positions <= 0:
        return sys.maxsize
    # RoBERTa and its kin number positions from behind that of padding.
    kin = any(name in str(getattr(config, "model_type", "")) for name in ("roberta", "camembert", "mpnet", "xmod"))
    return positions - ((getattr(config, "pad_token_id", None) or 0) + 1 if kin else 0)
