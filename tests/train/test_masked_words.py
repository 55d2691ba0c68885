"""The loss of masked words, and how many of them are predicted."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tests.toy import sentences
from tests.train.test_masked_data import as_they_are, words_of
from torch.nn.functional import cross_entropy, one_hot

from xlner.core.labels import LabelSet
from xlner.core.types import Sentence
from xlner.tagger import Tagger
from xlner.train.masked import MaskedWords
from xlner.train.masked_data import Masks
from xlner.train.masked_text import encode_text


@pytest.fixture
def tagger(tiny_encoder):
    return Tagger.fresh(str(tiny_encoder), LabelSet(("LOC", "PER")), precision="fp32", device="cpu")


@pytest.fixture
def objective(tagger):
    """Masks every word."""
    return MaskedWords(tagger, Masks(1.0, tagger.pad_id, np.array([5])), np.ones((1, len(tagger.tokenizer))))


def test_each_masked_word_counts_alike(objective, monkeypatch):
    scores = torch.randn(3, 4)
    monkeypatch.setattr(objective, "_scores", lambda states, texts: scores)
    targets, weights = torch.tensor([[0, 0], [1, 0], [2, 0]]), torch.tensor([0.5, 0.5, 1.0])  # two subwords of a word
    loss, _ = objective(SimpleNamespace(first=SimpleNamespace(targets=targets, word_states=None, weights=weights)))
    each = cross_entropy(scores, targets[:, 0], reduction="none")
    torch.testing.assert_close(loss, ((each[0] + each[1]) / 2 + each[2]) / 2)


def test_a_word_is_predicted_with_all_of_its_subwords(tagger, objective, monkeypatch, tmp_path):
    """By a model that knows how words begin, and nothing more."""
    items = [Sentence((*s.words, "xyz")) for s in sentences(20)]
    text = encode_text(tagger.words, lambda: iter(items), tmp_path / "text", held_out=0, title="")

    def answers(batch):
        pieces = batch.targets[:, 0]
        begins = [t.startswith("▁") for t in tagger.tokenizer.convert_ids_to_tokens(pieces.tolist())]
        right = one_hot(pieces, len(tagger.tokenizer)).float()
        return torch.where(torch.tensor(begins)[:, None], right, 1 - right)

    monkeypatch.setattr(objective, "_answers", answers)
    found = objective.test(text.train, as_they_are(text), 0, seed=1)
    sizes = [len(word) for word in words_of(text)]
    assert found["words"] == len(sizes)
    assert found["word_accuracy"] == pytest.approx(sizes.count(1) / len(sizes))
    assert found["subword_accuracy"] == pytest.approx(len(sizes) / sum(sizes))
    assert 0 < sizes.count(1) < len(sizes)
