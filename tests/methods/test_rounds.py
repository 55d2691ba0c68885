"""Rounds of self-training: each student is the teacher of the next."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.toy import make_encoder, sentences

from xlner.core.labels import LabelSet
from xlner.core.run_folder import RunFolder
from xlner.evaluate import score
from xlner.methods.distill import Distill
from xlner.methods.rounds import _of_round
from xlner.methods.steps import steps_of
from xlner.methods.task import Source, Task
from xlner.methods.teachers import teacher_of
from xlner.methods.uncertainty import certainty
from xlner.train import TrainOptions, make_loss
from xlner.train.training import Training

FAST = TrainOptions(learning_rate=5e-3, batch_subwords=256, freeze_embeddings=False, checkpoint_seconds=0)
SOURCE = Source(language="eng", sentences=tuple(sentences(100)), name="1-en")
RAW = [s.without_labels() for s in sentences(100, "spa", seed=5)]
TASK = Task(sources=(SOURCE,), target="spa", labels=LabelSet(("LOC", "PER")), raw=lambda: iter(RAW))
GOLD = sentences(60, "spa", seed=9)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    """A trained teacher of three layers."""
    folder = tmp_path_factory.mktemp("teacher")
    encoder = make_encoder(folder / "encoder", layers=3)
    training = replace(FAST, learning_rate=1e-2, epochs=5)
    teacher_of(SOURCE, TASK, folder / "run", encoder=str(encoder), options=training)
    return Source(language="eng", model=str(folder / "run"), name="1-en")


@pytest.fixture
def fit(teacher):
    def run(folder, **changes):
        task = replace(TASK, sources=(teacher,))
        options = Distill.Options(teacher=FAST, student=FAST, chunk_sentences=64, **changes)
        return Distill.fit(task, options, RunFolder(folder)).model

    return run


def weights(folder):
    return load_file(folder / "model" / "model.safetensors")


def starts(folder):
    return json.loads((folder / "weights_detail.json").read_text())


def test_each_student_labels_the_raw_text_for_the_next(fit, tmp_path):
    student = fit(tmp_path, rounds=3)
    assert score(GOLD, list(student.predict(GOLD))).f1 > 0.8
    assert sorted(p.name for p in (tmp_path / "soft_labels").iterdir()) == ["1-en", "round-1", "round-2"]
    folders = tmp_path / "rounds" / "1", tmp_path / "rounds" / "2", tmp_path
    assert [starts(f)["weights"] for f in folders] == [{"1-en": 1.0}, {"round-1": 1.0}, {"round-2": 1.0}]
    assert [starts(f)["student_starts_from"] for f in folders] == ["1-en", "round-1", "round-2"]
    assert next(s.sentences for s in steps_of(tmp_path) if s.name == "train") == 300


def test_the_first_teachers_can_go_on_labelling(fit, tmp_path):
    fit(tmp_path, rounds=2, round_share=0.75)
    assert json.loads((tmp_path / "weights.json").read_text()) == {"round-1": 0.75, "1-en": 0.25}


def test_one_round_is_what_the_first_of_several_is(fit, tmp_path):
    fit(tmp_path / "one").save(tmp_path / "one" / "model")
    fit(tmp_path / "two", rounds=2)
    first, second = weights(tmp_path / "one"), weights(tmp_path / "two" / "rounds" / "1")
    assert all(torch.equal(first[n], second[n]) for n in first)


def test_each_round_has_a_seed_of_its_own():
    options = Distill.Options(student=replace(FAST, seed=7), rounds=3)
    assert [_of_round(options, number).student.seed for number in (1, 2, 3)] == [7, 8, 9]


def test_only_the_last_student_is_small(fit, tmp_path):
    assert fit(tmp_path, rounds=2, student_layers=1).model.config.num_hidden_layers == 1
    assert json.loads((tmp_path / "rounds" / "1" / "model" / "config.json").read_text())["num_hidden_layers"] == 3


@pytest.mark.parametrize("at", [2, 9])
def test_a_run_that_is_killed_in_any_round_ends_with_the_same_weights(fit, tmp_path, monkeypatch, at):
    whole = fit(tmp_path / "whole", rounds=2, weigh_by_certainty=1.0)
    taken, step = [], Training.step

    def killed(self, batches):
        if len(taken) == at:
            raise KeyboardInterrupt
        taken.append(self.folder.name)
        step(self, batches)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "step", killed)
        with pytest.raises(KeyboardInterrupt):
            fit(tmp_path / "killed", rounds=2, weigh_by_certainty=1.0)
    assert set(taken) == ({"1"} if at == 2 else {"1", "killed"})
    again = fit(tmp_path / "killed", rounds=2, weigh_by_certainty=1.0)
    assert all(torch.equal(p, q) for p, q in zip(whole.model.parameters(), again.model.parameters(), strict=True))


def test_certainty_is_one_minus_the_share_of_the_largest_entropy():
    rows = np.array([[1, 0, 0, 0], [0.25] * 4, [0.5, 0.5, 0, 0]], np.float32)
    assert certainty(rows) == pytest.approx([1, 0, 0.5], abs=1e-6)


def test_unsure_words_count_less(fit, tmp_path, monkeypatch):
    seen = {}
    for power in (0.0, 2.0):
        step = Training.step

        def watched(self, batches, power=power, step=step):
            seen.setdefault(power, []).append(next(iter(batches.values())))
            step(self, batches)

        with monkeypatch.context() as patch:
            patch.setattr(Training, "step", watched)
            fit(tmp_path / str(power), weigh_by_certainty=power)
    for plain, weighed in zip(seen[0.0], seen[2.0], strict=True):
        assert torch.equal(plain.targets, weighed.targets)
        assert (plain.weights == 1).all()
        assert weighed.weights.numpy() == pytest.approx(certainty(weighed.targets.numpy()) ** 2, abs=1e-6)


def test_what_is_learnt_from_has_the_seed_of_its_round(fit, tmp_path, monkeypatch):
    """So that the copies of method consistency, say, are others in each round."""
    seeds = []

    def learning(student, chunks, seed):
        seeds.append(seed)
        return chunks, make_loss("ce")

    monkeypatch.setattr(Distill, "learning", classmethod(lambda *_: learning))
    fit(tmp_path, rounds=2)
    assert seeds == [FAST.seed, FAST.seed + 1]
