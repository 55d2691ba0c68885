"""Small ways to write sentences, and synthetic scores with known accuracy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from xlner.core.tags import read_tags
from xlner.core.types import Sentence
from xlner.evaluate import Scores, TypeScore


@pytest.fixture
def sentence() -> Callable[..., Sentence]:
    """`sentence("B-PER I-PER O")`: words w0, w1, ... with these spans."""

    def make(tags: str, **fields: object) -> Sentence:
        split = tags.split()
        return Sentence(tuple(f"w{i}" for i in range(len(split))), read_tags(split)[0], **fields)  # type: ignore[arg-type]

    return make


@pytest.fixture
def synthetic() -> Callable[..., Scores]:
    """Scores of a made-up system on a made-up test set that depends on `text` alone."""

    def make(
        *, accuracy: float, n: int = 500, text: int = 0, system: int = 1, types: tuple[str, ...] = ("PER",)
    ) -> Scores:
        counts = np.zeros((n, len(types), 3), dtype=np.int32)
        counts[..., 0] = np.random.default_rng(text).integers(0, 4, size=(n, len(types)))
        counts[..., 1] = counts[..., 0]
        counts[..., 2] = np.random.default_rng(system + 1000).binomial(counts[..., 0], accuracy)
        zero = TypeScore.of((0, 0, 0))
        return Scores(types, counts, zero, zero)

    return make
