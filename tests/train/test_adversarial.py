"""A discriminator of languages, and an encoder that is trained against it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.toy import sentences

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.core.types import Sentence
from xlner.tagger import Tagger
from xlner.train import TrainOptions, train
from xlner.train.adversarial import SOURCE, TARGET, Adversarial, Discriminator, target_probabilities
from xlner.train.examples import LabelledChunks, RawChunks
from xlner.train.reversal import reversed_gradient

OPTIONS = TrainOptions(learning_rate=3e-3, batch_subwords=64, freeze_embeddings=False, freeze_layers=0, epochs=6)


def long(items):
    """Those in which both languages have words of their own."""
    return [s for s in items if len(s) > 6]


def fit(encoder, folder, objective, dev=None, **changes):
    seed_everything(1)
    tagger = Tagger.fresh(str(encoder), LabelSet(("LOC", "PER")), dropout=0.0)
    streams = {
        SOURCE: LabelledChunks(tagger, long(sentences(300))),
        TARGET: RawChunks(tagger, long(sentences(200, "spa"))),
    }
    train(tagger, streams, objective, options=replace(OPTIONS, **changes), folder=folder, dev=dev)
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return tagger, lines[-1]


def test_the_gradient_comes_back_turned_round():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = reversed_gradient(x, 0.5)
    assert torch.equal(x, y)
    (y * torch.tensor([3.0, 4.0])).sum().backward()
    torch.testing.assert_close(x.grad, torch.tensor([-1.5, -2.0]))


def test_without_an_adversary_languages_are_told_apart_and_with_one_less(tiny_encoder, tmp_path):
    alone, against = (Adversarial(32, size=16, strength=strength) for strength in (0.0, 3.0))
    tagger, told = fit(tiny_encoder, tmp_path / "alone", alone)
    spanish, english = (
        target_probabilities(tagger, alone.discriminator, long(sentences(60, code, seed=9))) for code in ("spa", "eng")
    )
    assert spanish.min() > english.max()
    assert told["told_apart"] > 0.7
    assert told["tags"] < 0.5
    tagger, told_less = fit(tiny_encoder, tmp_path / "against", against)
    spanish, english = (
        target_probabilities(tagger, against.discriminator, long(sentences(60, code, seed=9)))
        for code in ("spa", "eng")
    )
    assert told_less["language"] > told["language"]
    assert spanish.mean() - english.mean() < 0.3


@pytest.mark.parametrize(("f1", "kept"), [((0.1, 0.9, 0.2), 1), ((0.1, 0.2, 0.9), 2)])
@pytest.mark.parametrize("average_from", [None, 0.5])
def test_the_discriminator_is_that_of_the_weights_that_are_kept(tiny_encoder, tmp_path, f1, kept, average_from):
    objective, left, seen = Adversarial(32, size=16), iter(f1), []

    def weights():
        return torch.cat([p.detach().flatten().clone() for p in objective.discriminator.parameters()])

    def dev(_):
        seen.append(weights())
        return next(left)

    fit(tiny_encoder, tmp_path, objective, dev=dev, epochs=3, average_from=average_from)
    assert torch.equal(weights(), seen[kept])
    assert not torch.equal(seen[1], seen[2])


def test_a_sentence_is_the_mean_of_its_words_in_whatever_batch(tiny_encoder):
    seed_everything(1)
    tagger = Tagger.fresh(str(tiny_encoder), LabelSet(("LOC", "PER")))
    tagger.model.train()
    objective = Adversarial(32, size=16)
    items = sentences(30)
    together = target_probabilities(tagger, objective.discriminator, items)
    alone = [target_probabilities(tagger, objective.discriminator, [s])[0] for s in items]
    np.testing.assert_allclose(together, alone, rtol=1e-5)
    assert tagger.model.training


def test_a_sentence_of_several_windows_is_the_mean_of_all_its_words(tiny_encoder):
    tagger, same = Tagger.fresh(str(tiny_encoder), LabelSet(("LOC", "PER"))), Discriminator(32, 4)
    with torch.no_grad():
        same.layers[2].weight.zero_()
        same.layers[2].bias.fill_(1.0)  # it says the same of every word
    short, other = sentences(2)
    items = [Sentence(short.words * 60), other]
    assert len(list(tagger.words.windows([s.words for s in items]))) > 3
    assert target_probabilities(tagger, same, items) == pytest.approx([0.731059] * 2, rel=1e-5)


@pytest.mark.parametrize("done", [0.1, 1.0])
def test_the_parts_of_the_loss(tiny_encoder, tmp_path, done):
    """The encoder's gradient is the turned one, and rises; the discriminator's is its own."""
    from xlner.train.objective import StepInput, StreamInput

    objective = Adversarial(4, size=8, strength=2.0)
    hidden = [torch.randn(1, 3, 4, requires_grad=True) for _ in range(2)]
    some = torch.zeros(2, dtype=torch.int64), torch.arange(2)

    def stream(h):
        return StreamInput(
            torch.zeros(2, 5), h, torch.zeros(1, 3), torch.ones(1, 3), *some, torch.full((2, 5), 0.2), torch.ones(2),
            torch.tensor([-1]),
        )  # fmt: skip

    _, parts = objective(StepInput({SOURCE: stream(hidden[0]), TARGET: stream(hidden[1])}, done))
    gradients = torch.autograd.grad(parts["language"], hidden)
    plain = [h.detach().requires_grad_() for h in hidden]
    sides = [objective.discriminator(h[0, :2]) for h in plain]
    right = [torch.nn.functional.softplus(sides[0]).mean(), torch.nn.functional.softplus(-sides[1]).mean()]
    torch.testing.assert_close(parts["language"], (right[0] + right[1]) / 2)
    expected = torch.autograd.grad((right[0] + right[1]) / 2, plain)
    strength = 2.0 * (2 / (1 + np.exp(-10 * done)) - 1)
    for turned, own in zip(gradients, expected, strict=True):
        torch.testing.assert_close(turned, -strength * own)
