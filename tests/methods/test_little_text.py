"""A student that starts from its teacher and has little raw text learns slowly."""

from __future__ import annotations

import pytest

from xlner.methods.student import on_little_text
from xlner.train import TrainOptions


class Text:
    """Raw text of sentences of ten words, two chunks of it."""

    def __init__(self, words):
        self.sizes = [words // 20, words // 20]

    def sentences(self, index):
        return [["word"] * 10] * self.sizes[index], [], []


USUAL = TrainOptions()
STARTED = TrainOptions(epochs=1)  # one pass, since it starts from a teacher


@pytest.mark.parametrize(
    ("words", "share", "epochs"),
    [(200, 0.2, 3), (1000, 0.2, 3), (2480, 0.496, 3), (5000, 1, 3), (10_000, 1, 2), (15_000, 1, 1), (60_000, 1, 1)],
)
def test_rate_and_passes_go_by_the_words(words, share, epochs):
    made = on_little_text(STARTED, USUAL, Text(words))
    assert made.learning_rate == pytest.approx(share * USUAL.learning_rate)
    assert made.epochs == epochs


@pytest.mark.parametrize("given", [TrainOptions(epochs=2), TrainOptions(learning_rate=3e-5)])
def test_what_the_user_says_stays(given):
    assert on_little_text(given, given, Text(1000)) == given


def test_much_text_is_not_counted(monkeypatch):
    text = Text(200_000)
    monkeypatch.setattr(text, "sentences", None)
    assert on_little_text(STARTED, USUAL, text) == STARTED
