"""One update of the weights: its learning rate, what decays, and gradients that are clipped and shared."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from tests.toy import sentences

from xlner.core.labels import LabelSet
from xlner.tagger import Tagger
from xlner.train import TrainOptions
from xlner.train.examples import LabelledChunks
from xlner.train.optimizer import schedule, trainable
from xlner.train.training import Training


@pytest.fixture
def tagger(tiny_encoder):
    return Tagger.fresh(str(tiny_encoder), LabelSet(("LOC", "PER")), dropout=0.0, precision="fp32", device="cpu")


@pytest.fixture
def training_of(tagger, tmp_path):
    """A training of one batch, with an objective."""

    def make(objective, **options):
        data = {"": LabelledChunks(tagger, sentences(4))}
        return Training(tagger, data, objective, options=TrainOptions(epochs=1, **options), folder=tmp_path)

    return make


def test_the_rate_rises_and_falls():
    assert [schedule(done, 0.1) for done in (0.05, 0.1, 0.55, 1.0)] == pytest.approx([0.5, 1, 0.5, 0])


def test_matrices_alone_decay(tagger):
    _, optimizer = trainable(tagger, TrainOptions(weight_decay=0.03))
    found = {(p.ndim > 1, group["weight_decay"]) for group in optimizer.param_groups for p in group["params"]}
    assert found == {(True, 0.03), (False, 0.0)}


def test_the_gradient_is_clipped(training_of):
    training, seen = training_of(lambda step: 1e4 * step.first.logits.square().mean(), clip=0.5), []

    def noted():
        seen.append(torch.stack([p.grad.norm() for p in training.trained]).norm().item())

    training.optimizer.step = noted
    training.step(next(training.batches()))
    assert seen == pytest.approx([0.5], rel=1e-3)


def test_modules_get_the_mean_of_the_gradients_of_all_processes(training_of):
    """As on one of two processes, the other of which has no gradient."""

    def objective(step):
        raise AssertionError("nothing is trained here")

    objective.modules = {"head": torch.nn.Linear(2, 1)}
    training, asked = training_of(objective), []

    def reduce(gradient, reduction="sum"):
        asked.append(reduction)
        return {"sum": gradient, "mean": gradient / 2}[reduction]

    training.world, training.accelerator = 2, SimpleNamespace(reduce=reduce)
    weight, bias = training.module_parameters
    weight.grad = torch.ones(1, 2)
    training._share_gradients()
    assert asked == ["mean", "mean"]
    assert weight.grad.tolist() == [[0.5, 0.5]]
    assert bias.grad.tolist() == [0]  # it was not read, and takes part all the same
