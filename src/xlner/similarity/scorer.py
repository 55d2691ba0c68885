"""How the scorer of sentences against languages is trained; importable without torch."""

from __future__ import annotations

from typing import Literal

from xlner.component import option, options

Temperature = Literal["var", "std"]
"""Scores are divided by their variance or by their standard deviation."""


@options
class ScorerOptions:
    """Training of `BilinearScorers`. The defaults are those of Wu et al. (2020)."""

    rank: int = option(64, "Rows of the two maps.", ge=1)
    gamma: float = option(0.01, "Weight of the term that pushes language vectors apart.", ge=0)
    learning_rate: float = option(1e-4, "Learning rate at the start; it falls linearly to 0.", gt=0)
    epochs: int = option(10, "Passes over the sentences.", ge=1)
    min_steps: int = option(1000, "Least number of steps; small data gets more passes.", ge=0, unit="steps")
    batch: int = option(32, "Sentences per step.", ge=1, unit="sentences")
    weight_decay: float = option(1e-5, "Weight decay of AdamW.", ge=0)
    clip: float = option(1.0, "Largest norm of the gradient.", gt=0)
    seed: int = option(0, "Seed of the initial maps and of the order of sentences.", ge=0)
