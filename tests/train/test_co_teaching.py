"""Co-teaching: which words are left out, what two students gain on wrong labels, and going on after a kill."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from tests.toy import sentences
from tests.train.stopping import all_numbers, stopping

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.tagger import Tagger
from xlner.train import TrainOptions, co_teaching, train
from xlner.train.co_teaching import CoTeaching, easy_words
from xlner.train.examples import LabelledChunks
from xlner.train.objective import StepInput, StreamInput

LABELS = LabelSet(("LOC", "PER"))
OPTIONS = TrainOptions(
    learning_rate=1e-2, batch_subwords=96, freeze_embeddings=False, checkpoint_seconds=0.0, epochs=2, dropout=0.1
)
HARD_AND_EASY = torch.tensor([[0.0, 5, 0, 0, 0], [5.0, 0, 0, 0, 0]])  # answers for two words that are O


def fit(encoder, folder, *, stop_after=-1, share=0.2):
    seed_everything(1)
    tagger, peer = (Tagger.fresh(str(encoder), LABELS, dropout=0.1) for _ in range(2))
    objective = stopping(CoTeaching)(peer, OPTIONS, share)
    objective.left = stop_after
    train(tagger, LabelledChunks(tagger, sentences(100)), objective, options=OPTIONS, folder=folder)
    return all_numbers(tagger, objective)


def test_the_hardest_words_are_left_out_entities_apart():
    #            O easy     O hard     masked     B easy     B hard
    likely = [[0.9, 0.1], [0.2, 0.8], [0.0, 1.0], [0.1, 0.9], [0.8, 0.2]]
    targets = torch.eye(2)[[0, 0, 0, 1, 1]]
    weights = torch.tensor([1.0, 1.0, 0.0, 0.5, 1.0])
    logits = torch.tensor(likely).clamp_min(1e-6).log()
    assert easy_words(logits, targets, weights, 0.5).tolist() == [1, 0, 1, 1, 0]
    assert easy_words(logits, targets, weights, 0.0).tolist() == [1] * 5


def two_students(encoder, *, student=HARD_AND_EASY, peer=HARD_AND_EASY):
    """The loss of two students with these answers for two words that are O; one is left out in the end."""

    class Fixed(torch.nn.Module):
        def forward(self, input_ids, attention_mask):
            return SimpleNamespace(logits=peer[None])

    objective = CoTeaching(Tagger.fresh(str(encoder), LABELS), OPTIONS, 0.5)
    objective.modules["peer"] = Fixed()
    ids = torch.ones(1, 2, dtype=torch.int64)
    rows, columns = torch.zeros(2, dtype=torch.int64), torch.arange(2)
    targets = torch.eye(5)[[0, 0]]
    stream = StreamInput(student, None, ids, ids, rows, columns, targets, torch.ones(2), torch.tensor([-1]))
    return lambda done: objective(StepInput({"": stream}, done))


@pytest.mark.parametrize("learner", ["student", "peer"])
def test_each_learns_from_what_the_other_finds_easy(tiny_encoder, learner):
    """A word that one of them alone finds hard teaches the other nothing."""
    logits = HARD_AND_EASY.flip(0).requires_grad_()
    loss, parts = two_students(tiny_encoder, **{learner: logits})(done=1.0)
    loss.backward()
    assert set(parts) == {"student", "peer"}
    assert logits.grad[0].abs().sum() == 0
    assert logits.grad[1].abs().sum() > 0


def test_the_share_that_is_left_out_rises(tiny_encoder, monkeypatch):
    shares = []

    def noted(logits, targets, weights, left_out):
        shares.append(left_out)
        return easy_words(logits, targets, weights, left_out)

    monkeypatch.setattr(co_teaching, "easy_words", noted)
    learn = two_students(tiny_encoder)
    for done in (0.25, 0.5, 1.0):
        learn(done)
    assert shares == [0.25, 0.25, 0.5, 0.5, 0.5, 0.5]  # of both students


def test_the_second_student_is_frozen_like_the_first(tiny_encoder):
    peer = Tagger.fresh(str(tiny_encoder), LABELS)
    CoTeaching(peer, replace(OPTIONS, freeze_embeddings=True), 0.1)
    assert not peer.model.get_input_embeddings().weight.requires_grad


@pytest.mark.parametrize("at", [1, 9])
def test_a_killed_training_goes_on_to_the_same_two_students(tiny_encoder, tmp_path, at):
    whole = fit(tiny_encoder, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_encoder, tmp_path / "cut", stop_after=at)
    assert torch.equal(fit(tiny_encoder, tmp_path / "cut"), whole)
