"""A mixture of experts: who learns from what, the reversed gradient, and going on after a kill."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from tests.toy import sentences
from tests.train.stopping import all_numbers, stopping
from tests.train.test_contrastive import LABELS, OPTIONS

from xlner.core.seed import seed_everything
from xlner.tagger import Tagger
from xlner.train import train
from xlner.train.batches import epoch_batches
from xlner.train.examples import RawChunks
from xlner.train.mixture import Experts, LanguageChunks, MixtureOfExperts
from xlner.train.objective import StepInput, StreamInput
from xlner.train.reversal import reversed_gradient

LONGER = replace(OPTIONS, learning_rate=1e-2, batch_subwords=48, epochs=6, checkpoint_seconds=60.0)
ENGLISH, SPANISH = sentences(60), sentences(60, "spa", seed=3)


def stream(*, states, targets, weights, pairs):
    n = len(targets)
    ids = torch.arange(n)[None].repeat(len(pairs), 1)
    rows = torch.arange(n) % len(pairs)
    hidden = states[None].repeat(len(pairs), 1, 1)
    logits = torch.zeros(n, 5, requires_grad=True)
    return StreamInput(logits, hidden, ids, torch.ones_like(ids), rows, torch.arange(n), targets, weights, pairs)


def fit(encoder, folder, *, stop_after=-1, how=Experts(size=16), options=OPTIONS):
    seed_everything(1)
    tagger = Tagger.fresh(str(encoder), LABELS, dropout=0.1)
    objective = stopping(MixtureOfExperts)(32, 5, 2, how)
    objective.left = stop_after
    streams = {
        "labelled": LanguageChunks(tagger, [ENGLISH, SPANISH]),
        "raw": RawChunks(tagger, sentences(20, "spa", seed=8)),
    }
    train(tagger, streams, objective, options=options, folder=folder)
    return tagger, objective


def shown(tagger, items):
    """Scores of the plain head and states of the words of a sentence."""
    for example in LanguageChunks(tagger, [items]).load(0):
        with torch.inference_mode():
            ids = torch.from_numpy(example.ids).long()[None]
            out = tagger.model(input_ids=ids, output_hidden_states=True)
            at = torch.from_numpy(example.positions).long()
            yield out.logits[0, at], out.hidden_states[-1][0, at]


def test_batches_mix_languages_and_tell_them_apart(tiny_encoder):
    tagger = Tagger.fresh(str(tiny_encoder), LABELS)
    chunks = LanguageChunks(tagger, [ENGLISH, SPANISH[:20]])
    batches = list(epoch_batches(chunks, epoch=0, seed=1, budget=96, pad_id=1))
    seen = [n for b in batches for n in (b.pairs % 2).tolist()]
    assert (seen.count(0), seen.count(1)) == (60, 20)
    assert sum(len(set((b.pairs % 2).tolist())) == 2 for b in batches) > 3


def test_a_gradient_is_turned_round():
    x = torch.ones(2, requires_grad=True)
    y = reversed_gradient(x, 0.5)
    assert y.tolist() == [1, 1]
    (y * torch.tensor([2.0, -4.0])).sum().backward()
    assert x.grad.tolist() == [-1.0, 2.0]


def test_the_mixture_learns_labels_and_the_plain_head_learns_the_mixture():
    objective = MixtureOfExperts(4, 5, 2, Experts(size=3))
    targets = torch.eye(5)[[1, 0, 3, 0]]
    labelled = stream(
        states=torch.randn(4, 4), targets=targets, weights=torch.tensor([1.0, 1, 1, 0]), pairs=torch.tensor([0, 3])
    )
    raw = stream(states=torch.randn(3, 4), targets=torch.zeros(3, 5), weights=torch.zeros(3), pairs=torch.tensor([-1]))
    _, parts = objective(StepInput({"labelled": labelled, "raw": raw}, 1.0))
    assert set(parts) == {"tags", "gate", "languages", "student"}
    grads = torch.autograd.grad(parts["student"], [labelled.logits, raw.logits], retain_graph=True)
    assert grads[0][3].abs().sum() == 0  # nobody knows its label
    assert (grads[1].abs().sum(1) > 0).all()
    taught = torch.autograd.grad(parts["student"], list(objective.modules["tags"].parameters()), allow_unused=True)
    assert taught == (None, None)  # the mixture learns nothing from the plain head
    mixture, gate = objective.mixture(labelled.word_states)
    wanted = -(targets[:3] * mixture[:3].log_softmax(-1)).sum() / 3
    assert float(parts["tags"]) == pytest.approx(float(wanted), rel=1e-5)
    of_gate = torch.nn.functional.cross_entropy(gate, torch.tensor([0, 1, 0, 1]))
    assert float(parts["gate"]) == pytest.approx(float(of_gate), rel=1e-5)


def test_the_gate_chooses_the_expert():
    objective, states = MixtureOfExperts(4, 5, 2, Experts(size=3)), torch.randn(6, 4)
    parts, scores = objective.modules, torch.tensor([1.0, -1.0])
    with torch.no_grad():
        parts["gate"].weight.zero_()
        parts["gate"].bias.copy_(scores)
    private = sum(share * expert(states) for share, expert in zip(scores.softmax(-1), parts["experts"], strict=True))
    wanted = parts["tags"](torch.cat([parts["shared"](states), private], dim=-1))
    torch.testing.assert_close(objective.mixture(states)[0], wanted)


def test_the_plain_head_counts_little_at_first_and_parts_can_be_switched_off():
    objective = MixtureOfExperts(4, 5, 2, Experts(size=3, adversary=0, gate=0))
    assert "languages" not in objective.modules
    example = stream(
        states=torch.randn(2, 4), targets=torch.eye(5)[:2], weights=torch.ones(2), pairs=torch.tensor([0, 1])
    )
    early, parts = objective(StepInput({"labelled": example}, 0.1))
    late, _ = objective(StepInput({"labelled": example}, 0.9))
    assert float(early) == pytest.approx(float(parts["tags"] + 0.2 * parts["student"]), rel=1e-5)
    assert float(late) == pytest.approx(float(parts["tags"] + parts["student"]), rel=1e-5)


def test_after_training_the_gate_knows_languages_and_the_plain_head_says_what_the_mixture_says(tiny_encoder, tmp_path):
    how = Experts(size=16, gate=0.5)
    tagger, objective = fit(tiny_encoder, tmp_path, how=how, options=LONGER)
    same, right = [], []
    for number, items in enumerate((ENGLISH, SPANISH)):
        for logits, states in shown(tagger, items):
            mixture, gate = objective.mixture(states)
            same += (logits.argmax(-1) == mixture.argmax(-1)).tolist()
            right += (gate.argmax(-1) == number).tolist()
    assert sum(same) / len(same) > 0.95
    assert sum(right) / len(right) > 0.8


def test_the_discriminator_learns_and_the_adversary_makes_its_work_harder(tiny_encoder, tmp_path):
    def last(folder):
        lines = [json.loads(x) for x in (folder / "metrics.jsonl").read_text().splitlines()]
        return [x["languages"] for x in lines if "languages" in x][-1]

    fit(tiny_encoder, tmp_path / "weak", how=Experts(size=16, adversary=1e-6), options=LONGER)
    fit(tiny_encoder, tmp_path / "strong", how=Experts(size=16, adversary=1.0), options=LONGER)
    assert last(tmp_path / "weak") < last(tmp_path / "strong")


@pytest.mark.parametrize("at", [1, 14])
def test_a_killed_training_goes_on_to_the_last_bit(tiny_encoder, tmp_path, at):
    whole = all_numbers(*fit(tiny_encoder, tmp_path / "whole"))
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_encoder, tmp_path / "cut", stop_after=at)
    assert torch.equal(all_numbers(*fit(tiny_encoder, tmp_path / "cut")), whole)
