"""How sure soft labels are, word by word."""

from __future__ import annotations

import numpy as np


def certainty(probabilities: np.ndarray) -> np.ndarray:
    """One minus the entropy of each row, as a share of the largest entropy that it could have.

    Args:
        probabilities: rows sum to 1. Shape: (n_words, n_tags), with at least two tags.

    Returns:
        From 0, all tags alike, to 1, one tag is certain. Shape: (n_words,), float32.
    """
    logs = np.log(np.maximum(probabilities, 1e-12))
    entropy = -(probabilities * logs).sum(1) / np.log(probabilities.shape[1])
    return np.clip(1 - entropy, 0, 1).astype(np.float32)
