"""LoRA: low-rank updates are trained, and are plain weights in what is saved."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch
from tests.toy import make_encoder, sentences
from transformers import AutoModelForTokenClassification

from xlner.core.labels import LabelSet
from xlner.errors import MissingExtraError, OptionError
from xlner.evaluate import score
from xlner.methods import supervised
from xlner.tagger import Tagger
from xlner.train import TrainOptions
from xlner.train.training import Training

SMALL = {"learning_rate": 1e-2, "batch_subwords": 128, "checkpoint_seconds": 0.0, "epochs": 3}


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return str(make_encoder(tmp_path_factory.mktemp("encoder") / "deep", layers=4))


def fit(encoder, folder, **changes):
    options = TrainOptions(**{**SMALL, **changes})
    labels = LabelSet(("LOC", "PER"))
    return supervised.supervise(
        sentences(100), labels, encoder=encoder, languages=["eng"], options=options, folder=folder
    )


def weights(tagger):
    return torch.cat([p.detach().flatten() for p in tagger.model.parameters()])


def test_updates_are_merged_into_an_ordinary_model(encoder, tmp_path):
    pytest.importorskip("peft")
    tagger = fit(encoder, tmp_path / "run", lora=4)
    before = AutoModelForTokenClassification.from_pretrained(encoder).state_dict()
    after = tagger.model.state_dict()
    assert after.keys() == before.keys()
    frozen = ("embeddings", "layer.0.", "LayerNorm", "bias")
    changed = {n for n in after if not torch.equal(after[n], before[n]) and "classifier" not in n}
    assert changed == {n for n in after if "layer." in n and not any(f in n for f in frozen)}
    update = (
        after["bert.encoder.layer.2.intermediate.dense.weight"]
        - before["bert.encoder.layer.2.intermediate.dense.weight"]
    )
    assert torch.linalg.matrix_rank(update, tol=1e-5) <= 4
    text = sentences(10, seed=3)
    again = Tagger.load(tagger.save(tmp_path / "model"))
    assert np.allclose(*(np.concatenate(t.probabilities(text)) for t in (tagger, again)), atol=1e-6)


def test_it_learns(encoder, tmp_path):
    pytest.importorskip("peft")
    gold = sentences(50, seed=1)
    tagger = fit(encoder, tmp_path, lora=8, epochs=8, freeze_layers=0)
    assert score(gold, list(tagger.predict(gold))).f1 > 0.9


@pytest.mark.parametrize("at", [1, 9])
def test_a_killed_training_ends_with_the_same_weights(encoder, tmp_path, monkeypatch, at):
    pytest.importorskip("peft")
    how = {"lora": 2, "average_from": 0.5}
    whole = fit(encoder, tmp_path / "whole", **how)
    steps, step = iter(range(at)), Training.step

    def killed(self, batches):
        if next(steps, None) is None:
            raise KeyboardInterrupt
        step(self, batches)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "step", killed)
        with pytest.raises(KeyboardInterrupt):
            fit(encoder, tmp_path / "killed", **how)
    assert torch.equal(weights(fit(encoder, tmp_path / "killed", **how)), weights(whole))


def test_without_peft_the_pip_line_is_said(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr("xlner.train.options.find_spec", lambda name: None if name == "peft" else find(name))
    with pytest.raises(MissingExtraError, match=r"`lora` needs an optional dependency.*pip install 'xlner\[lora\]'"):
        TrainOptions(lora=8)


def test_the_head_can_read_a_layer_further_down(encoder, tmp_path):
    tagger = fit(encoder, tmp_path, layer=3, epochs=1, freeze_layers=3)
    assert tagger.model.config.num_hidden_layers == 3
    before = AutoModelForTokenClassification.from_pretrained(encoder).state_dict()
    after = tagger.model.state_dict()
    assert {n for n in before if n not in after} == {n for n in before if "layer.3." in n}
    assert all(torch.equal(after[n], before[n]) for n in after if "classifier" not in n)  # frozen as a whole
    with pytest.raises(OptionError, match="`layer` is 9, but the encoder has 4"):
        fit(encoder, tmp_path / "deeper", layer=9)
