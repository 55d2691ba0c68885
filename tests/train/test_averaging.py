"""Means of weights over the last steps: what they are, and that a kill does not change them."""

from __future__ import annotations

import pytest
import torch
from tests.toy import sentences

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.tagger import Tagger
from xlner.train import TrainOptions, make_loss, train
from xlner.train.checkpoint import load_checkpoint
from xlner.train.examples import LabelledChunks
from xlner.train.training import CHECKPOINT, Training

OPTIONS = {"learning_rate": 1e-2, "batch_subwords": 128, "freeze_embeddings": False, "checkpoint_seconds": 0.0}


def weights(tagger):
    return torch.cat([p.detach().flatten() for p in tagger.model.parameters()])


@pytest.fixture
def fit(tiny_encoder, monkeypatch):
    """Trains, and gives the tagger and its weights after every step."""

    def run(folder, *, stop_after=None, dev=None, **changes):
        seed_everything(1)
        tagger = Tagger.fresh(str(tiny_encoder), LabelSet(("LOC", "PER")))
        chunks = LabelledChunks(tagger, sentences(60))
        seen, step = [], Training.step

        def watched(self, batches):
            if stop_after is not None and len(seen) == stop_after:
                raise KeyboardInterrupt
            step(self, batches)
            seen.append((self.done, weights(tagger).clone()))

        options = TrainOptions(**{**OPTIONS, "epochs": 3, **changes})
        with monkeypatch.context() as patch:
            patch.setattr(Training, "step", watched)
            train(tagger, chunks, make_loss("ce"), options=options, folder=folder, dev=dev)
        return tagger, seen

    return run


@pytest.mark.parametrize("start", [0.0, 0.5, 0.9])
def test_the_model_is_the_mean_over_the_last_steps(fit, tmp_path, start):
    tagger, seen = fit(tmp_path, average_from=start)
    late = [w for done, w in seen if done > start]
    assert 1 <= len(late) <= len(seen)
    assert torch.allclose(weights(tagger), torch.stack(late).mean(0), atol=1e-6)
    assert not torch.allclose(weights(tagger), seen[-1][1], atol=1e-6)


def test_averaging_does_not_change_the_way_of_the_training(fit, tmp_path):
    plain, steps = fit(tmp_path / "plain")
    _, averaged = fit(tmp_path / "averaged", average_from=0.5, dev=lambda tagger: 0.5)
    assert all(torch.equal(a, b) for (_, a), (_, b) in zip(steps, averaged, strict=True))
    assert torch.equal(weights(plain), steps[-1][1])


@pytest.mark.parametrize("at", [2, 7, 11])
@pytest.mark.parametrize("dev", [None, lambda tagger: float(weights(tagger).abs().sum())])
def test_a_killed_training_ends_with_the_same_mean(fit, tmp_path, at, dev):
    whole, steps = fit(tmp_path / "whole", average_from=0.4, dev=dev)
    assert at < len(steps)
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path / "killed", average_from=0.4, dev=dev, stop_after=at)
    assert torch.equal(weights(fit(tmp_path / "killed", average_from=0.4, dev=dev)[0]), weights(whole))
    tensors = [load_checkpoint(tmp_path / name / CHECKPOINT)[0] for name in ("whole", "killed")]
    assert all(torch.equal(tensors[0][n], tensors[1][n]) for n in tensors[0])
    assert any(n.startswith("average.") for n in tensors[0])


def test_dev_data_judges_the_mean(fit, tmp_path):
    asked = []

    def dev(tagger):
        asked.append(weights(tagger).clone())
        return float(len(asked))

    tagger, seen = fit(tmp_path, average_from=0.5, dev=dev)
    late = [w for done, w in seen if done > 0.5]
    assert torch.equal(asked[0], seen[len(seen) // 3 - 1][1])  # no mean yet: the weights of the epoch's end
    assert torch.allclose(asked[-1], torch.stack(late).mean(0), atol=1e-6)
    assert torch.equal(asked[-1], weights(tagger))
