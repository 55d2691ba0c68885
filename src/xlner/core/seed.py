"""One seed rules python, numpy and torch."""

from __future__ import annotations

import random

import numpy as np

from xlner.errors import OptionError


def seed_everything(seed: int) -> None:
    """Seed every source of chance that xlner uses in this process.

    Raises:
        OptionError: `seed` is negative.
    """
    if seed < 0:
        raise OptionError("seed", f"must be at least 0, got {seed}")
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
