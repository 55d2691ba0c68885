from __future__ import annotations

import pytest
import torch
from tests.toy import make_encoder
from transformers import AlbertConfig, AlbertModel, DistilBertConfig, DistilBertForTokenClassification, ModernBertConfig
from transformers import ModernBertForTokenClassification as ModernBert

from xlner.encoder.depth import evenly, layers_of, retain_layers
from xlner.encoder.load import load_encoder
from xlner.errors import ModelError


@pytest.mark.parametrize(("count", "layers", "expected"), [
    (6, 12, [0, 2, 4, 7, 9, 11]), (4, 12, [0, 4, 7, 11]), (1, 12, [0]), (2, 3, [0, 2]), (3, 3, [0, 1, 2]),
])  # fmt: skip
def test_layers_are_chosen_at_even_distances(count, layers, expected):
    assert evenly(count, layers) == expected


def test_what_stays_is_as_it_was_and_the_model_is_saved_smaller(tmp_path):
    encoder = load_encoder(make_encoder(tmp_path / "whole", layers=4))
    before = [{n: p.clone() for n, p in layer.named_parameters()} for layer in layers_of(encoder)]
    retain_layers(encoder, [0, 3])
    encoder.save_pretrained(tmp_path / "cut")
    again = load_encoder(tmp_path / "cut")
    after = layers_of(again)
    assert (len(after), again.config.num_hidden_layers) == (2, 2)
    for layer, old in zip(after, (before[0], before[3]), strict=True):
        assert all(torch.equal(p, old[n]) for n, p in layer.named_parameters())


SMALL = {"vocab_size": 40, "hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2, "pad_token_id": 1}


@pytest.mark.parametrize("model", [
    lambda: DistilBertForTokenClassification(DistilBertConfig(vocab_size=40, dim=16, hidden_dim=32, n_heads=2)),
    lambda: ModernBert(ModernBertConfig(**SMALL, num_hidden_layers=6, cls_token_id=0, sep_token_id=2)),
])  # fmt: skip
def test_other_kinds_of_encoders_can_be_cut(model, tmp_path):
    model = model().eval()
    retain_layers(model, [0, 2])
    model.save_pretrained(tmp_path)
    ids = torch.arange(4, 10)[None]
    again = type(model).from_pretrained(tmp_path).eval()
    with torch.no_grad():
        assert torch.allclose(model(input_ids=ids).logits, again(input_ids=ids).logits, atol=1e-6)


def test_layers_that_share_weights_cannot_be_cut():
    model = AlbertModel(AlbertConfig(**SMALL, embedding_size=8, num_hidden_layers=4))
    with pytest.raises(ModelError, match="type albert has no list of layers"):
        retain_layers(model, [0, 1])
