"""What an encoder was trained further on: its side file says so, and is never needed for loading."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xlner.encoder.load import EMBEDDED, resolve
from xlner.errors import ModelError

SIDE_FILE = "xlner.json"


def pretraining_of(encoder: str | Path) -> list[dict[str, Any]]:
    """The trainings on raw text that an encoder has had here, oldest first.

    Args:
        encoder: "embedded", a folder or a hub id, which is not asked for.

    Returns:
        One entry per training, with `encoder`, `texts`, `options` and `steps`; none for an encoder as it was made.
    """
    if str(encoder) == EMBEDDED:
        return []
    try:
        side = Path(resolve(encoder)) / SIDE_FILE
        values = json.loads(side.read_text("utf-8")).get("pretraining", []) if side.is_file() else []
    except (ModelError, ValueError, AttributeError):
        return []
    return [v for v in values if isinstance(v, dict)] if isinstance(values, list) else []


def in_words(trainings: Sequence[dict[str, Any]]) -> str:
    """One sentence about the trainings of an encoder; empty without one."""
    texts = [text for training in trainings for text in training.get("texts", ())]
    if not texts:
        return ""
    told = (f"{t['language']} ({t['sentences']} sentences)" for t in texts)
    return f"The encoder was trained further on raw text with masked words: {', '.join(told)}."
