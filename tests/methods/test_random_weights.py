"""A control: an encoder whose weights are drawn at random."""

from __future__ import annotations

import torch

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.methods.supervised import fresh_tagger
from xlner.train import TrainOptions


def weights(encoder, seed=1, **options):
    seed_everything(seed)
    tagger = fresh_tagger(str(encoder), LabelSet(("PER",)), ["eng"], TrainOptions(device="cpu", **options))
    return dict(tagger.model.named_parameters())


def test_no_matrix_of_the_encoder_stays_and_the_seed_decides(tiny_encoder):
    pretrained, drawn = weights(tiny_encoder), weights(tiny_encoder, random_weights=True)
    matrices = [name for name, w in pretrained.items() if w.dim() == 2 and "classifier" not in name]
    assert matrices
    assert not any(torch.equal(pretrained[name], drawn[name]) for name in matrices)
    again, other = (weights(tiny_encoder, seed=seed, random_weights=True) for seed in (1, 2))
    assert all(torch.equal(drawn[name], again[name]) for name in drawn)
    assert not torch.equal(drawn[matrices[0]], other[matrices[0]])
