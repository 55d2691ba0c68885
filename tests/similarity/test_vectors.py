"""Vectors of sentences."""

from __future__ import annotations

import numpy as np

from xlner.similarity import SentenceEncoder


def test_an_excerpt_is_the_beginning_of_a_sentence(tiny_encoder):
    words = ("Ana", "visits", "Arcol", "with", "Boris")
    short, whole = (SentenceEncoder(str(tiny_encoder), layer=1, precision="fp32", excerpt=n) for n in (3, 0))
    np.testing.assert_allclose(short.vectors([words]), whole.vectors([words[:3]]), atol=1e-5)
    np.testing.assert_allclose(short.vectors([words], whole=True), whole.vectors([words]), atol=1e-5)
