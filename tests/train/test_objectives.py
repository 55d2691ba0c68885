"""Objectives with modules of their own, pairs, and several streams: trained, resumed, and not saved with the model."""

from __future__ import annotations

import json

import pytest
import torch
from accelerate import Accelerator
from tests.toy import sentences
from torch import nn

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.errors import DataError, ModelError
from xlner.tagger import Tagger
from xlner.train import TrainOptions, make_loss, train
from xlner.train.batches import Streams, epoch_batches
from xlner.train.checkpoint import rng_state, set_rng_state
from xlner.train.examples import LabelledChunks, RawChunks
from xlner.train.training import Training

LABELS = LabelSet(("LOC", "PER"))
OPTIONS = TrainOptions(
    learning_rate=1e-2, batch_subwords=96, freeze_embeddings=False, checkpoint_seconds=0.0, epochs=2, dropout=0.1
)


class Contrast:
    """Cross-entropy on labelled words, and each raw sentence near its pair in the space of a projection head."""

    wants_hidden = True

    def __init__(self, size: int = 32, *, stop_after: int = -1) -> None:
        self.head = nn.Sequential(nn.Linear(size, 16), nn.ReLU(), nn.BatchNorm1d(16), nn.Linear(16, 8))
        self.modules = {"head": self.head}
        self.words = make_loss("ce").loss
        self.left = stop_after
        self.seen: list[set[str]] = []

    def __call__(self, step):
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        labelled, raw = step["labelled"], step["raw"]
        vectors = nn.functional.normalize(self.head(raw.sentence_states), dim=-1)
        alike = vectors @ vectors.T / 0.2 - 1e9 * torch.eye(len(vectors))
        contrast = nn.functional.cross_entropy(alike, self.partner(raw.pairs))
        tags = self.words(labelled.logits, labelled.targets, labelled.weights)
        self.seen.append(set(step.streams))
        return tags + 0.1 * contrast, {"tags": tags, "contrast": contrast}

    @staticmethod
    def partner(pairs: torch.Tensor) -> torch.Tensor:
        """The other window of each window's pair."""
        same = (pairs[:, None] == pairs[None]) & ~torch.eye(len(pairs), dtype=torch.bool)
        assert (same.sum(1) == 1).all(), "pairs are not together"
        return same.int().argmax(1)


def fit(encoder, folder, **changes):
    seed_everything(1)
    tagger = Tagger.fresh(str(encoder), LABELS, dropout=0.1)
    objective = Contrast(**changes)
    two = [s for a, b in zip(sentences(50), sentences(50, "spa"), strict=True) for s in (a, b)]
    streams = {
        "labelled": LabelledChunks(tagger, sentences(300)),
        "raw": RawChunks(tagger, two, pairs=[i // 2 for i in range(100)]),
    }
    train(tagger, streams, objective, options=OPTIONS, folder=folder)
    return tagger, objective


def numbers(tagger, objective):
    return torch.cat([t.flatten().float() for m in (tagger.model, objective.head) for t in m.state_dict().values()])


def lines(folder):
    read = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "subwords_per_second"} for line in read]


def test_a_projection_head_learns_with_the_tagger_and_is_not_saved(tiny_encoder, tmp_path):
    torch.manual_seed(1)
    tagger, objective = fit(tiny_encoder, tmp_path / "run")
    made = lines(tmp_path / "run")
    assert made[-1]["contrast"] < made[1]["contrast"]
    assert all(names == {"labelled", "raw"} for names in objective.seen)
    tagger.save(tmp_path / "model")
    assert not any("head" in n for n in Tagger.load(tmp_path / "model").model.state_dict())


@pytest.mark.parametrize("at", [1, 25, 37])
def test_streams_and_modules_are_resumed_to_the_last_bit(tiny_encoder, tmp_path, at):
    whole = numbers(*fit(tiny_encoder, tmp_path / "whole"))
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_encoder, tmp_path / "cut", stop_after=at)
    assert torch.equal(numbers(*fit(tiny_encoder, tmp_path / "cut")), whole)
    assert lines(tmp_path / "cut") == lines(tmp_path / "whole")


def test_pairs_stay_together_and_nothing_is_lost(tiny_encoder):
    tagger = Tagger.fresh(str(tiny_encoder), LABELS)
    items = sentences(61, seed=4)
    chunks = RawChunks(tagger, items, pairs=[-1 if i == 60 else i % 30 for i in range(61)])
    batches = list(epoch_batches(chunks, epoch=3, seed=1, budget=64, pad_id=1))
    found = [p for b in batches for p in b.pairs.tolist()]
    assert sorted(found) == sorted([*range(30), *range(30), -1])
    assert all(b.pairs.tolist().count(p) == 2 for b in batches for p in b.pairs.tolist() if p >= 0)
    assert all(b.ids.numel() <= 64 or len(set(b.pairs.tolist())) == 1 for b in batches)
    assert len(batches) > 5


def test_the_first_stream_decides_the_epoch_and_the_others_go_round(tiny_encoder):
    tagger = Tagger.fresh(str(tiny_encoder), LABELS)
    data = {"long": LabelledChunks(tagger, sentences(40)), "short": RawChunks(tagger, sentences(7, "spa"))}

    def shown(streams, epoch, skip=0):
        return [[b.ids.tolist() for b in step.values()] for step in streams.epoch(epoch, skip=skip)]

    common = {"seed": 1, "budget": 48, "pad_id": 1}
    streams = Streams(data, **common)
    first, second = shown(streams, 0), shown(streams, 1)
    alone = list(epoch_batches(data["long"], epoch=0, **common))
    assert [step[0] for step in first] == [b.ids.tolist() for b in alone]
    assert len({str(step[1]) for step in first}) > 1
    again = Streams(data, **common)
    steps = again.epoch(0)
    for _ in range(5):
        next(steps)
    resumed = Streams(data, **common, positions=again.positions)
    assert shown(resumed, 0, skip=5) + shown(resumed, 1) == first[5:] + second


def test_a_stream_of_nothing_is_said(tiny_encoder):
    tagger = Tagger.fresh(str(tiny_encoder), LABELS)
    data = {"a": LabelledChunks(tagger, sentences(4)), "b": LabelledChunks(tagger, [])}
    with pytest.raises(DataError, match="the stream 'b' has nothing"):
        list(Streams(data, seed=1, budget=64, pad_id=1).epoch(0))


def test_an_objective_may_be_a_function_and_what_it_does_not_ask_for_is_not_there(tiny_encoder, tmp_path):
    tagger = Tagger.fresh(str(tiny_encoder), LABELS)
    asked = []

    def objective(step):
        asked.append(step.first.hidden)
        with pytest.raises(ValueError, match="wants_hidden"):
            step.first.word_states  # noqa: B018
        return step.first.logits.square().mean()

    train(tagger, LabelledChunks(tagger, sentences(30)), objective, options=OPTIONS, folder=tmp_path)
    assert set(asked) == {None}


def test_word_states_are_those_of_first_subwords(tiny_encoder, tmp_path):
    tagger = Tagger.fresh(str(tiny_encoder), LABELS, dropout=0.0, precision="fp32")

    def objective(step):
        stream = step.first
        assert stream.word_states.shape == (len(stream.rows), 32)
        torch.testing.assert_close(tagger.model.classifier(stream.word_states), stream.logits)
        return stream.logits.mean()

    objective.wants_hidden = True
    train(tagger, LabelledChunks(tagger, sentences(30)), objective, options=OPTIONS, folder=tmp_path)


@pytest.mark.parametrize("when", ["loss", "weights"])
def test_nan_is_found_before_anything_is_saved(tiny_encoder, tmp_path, when):
    tagger = Tagger.fresh(str(tiny_encoder), LABELS)
    steps = []

    def objective(step):
        steps.append(step.done)
        loss = step.first.logits.square().mean()
        if len(steps) < 4:
            return loss
        return loss * float("nan") if when == "loss" else loss + (step.first.logits.sum() * 0).sqrt()

    asked = []
    with pytest.raises(ModelError, match="the loss became nan in epoch 1 at step 4; lower `learning_rate`"):
        train(tagger, LabelledChunks(tagger, sentences(60)), objective, options=OPTIONS, folder=tmp_path,
              dev=lambda t: asked.append(1) or 0.5)  # fmt: skip
    assert not asked
    state = json.loads((tmp_path / "checkpoint" / "state.json").read_text())
    assert state["step"] == 3


@pytest.mark.parametrize("epochs", [1, 2])
def test_a_training_of_one_batch_a_pass_learns(tiny_encoder, tmp_path, epochs):
    tagger = Tagger.fresh(str(tiny_encoder), LABELS)
    before = {k: v.clone() for k, v in tagger.model.state_dict().items()}
    options = TrainOptions(epochs=epochs)
    made = train(tagger, LabelledChunks(tagger, sentences(3)), make_loss("ce"), options=options, folder=tmp_path)
    assert made.steps == epochs
    assert any(not torch.equal(before[k], v) for k, v in tagger.model.state_dict().items())


@pytest.mark.parametrize(("n", "epochs"), [(2, 1), (5, 2), (30, 1)])
def test_every_step_has_a_learning_rate_the_last_one_too(tiny_encoder, tmp_path, n, epochs):
    tagger = Tagger.fresh(str(tiny_encoder), LABELS)
    options = TrainOptions(epochs=epochs, batch_subwords=8, learning_rate=1e-3)
    training = Training(
        tagger, {"": LabelledChunks(tagger, sentences(n))}, make_loss("ce"), options=options, folder=tmp_path
    )
    rates = []
    for _ in range(epochs):
        for batches in training.batches():
            training.step(batches)
            rates.append(training.rate)
        training.end_epoch(None)
    assert len(rates) == n * epochs
    assert min(rates) > 0
    assert rates[-1] == pytest.approx(rates[-2] / 2)


def test_a_tagger_stays_on_its_own_device_wherever_accelerate_would_put_it(tiny_encoder, tmp_path, monkeypatch):
    """As when a tagger is on cuda:1, and accelerate takes cuda:0."""

    class Elsewhere(Accelerator):
        device = property(lambda self: torch.device("meta"))

    monkeypatch.setattr("accelerate.Accelerator", Elsewhere)
    tagger, objective = fit(tiny_encoder, tmp_path)
    places = {p.device.type for m in (tagger.model, objective.head) for p in m.parameters()}
    assert places == {"cpu"}


def test_the_generator_of_the_taggers_own_gpu_is_saved_and_restored(monkeypatch):
    second, states = torch.device("cuda:1"), {torch.device("cuda:0"): 3, torch.device("cuda:1"): 5}
    monkeypatch.setattr("torch.cuda.get_rng_state", lambda device="cuda:0": states[torch.device(device)])
    monkeypatch.setattr(
        "torch.cuda.set_rng_state", lambda state, device="cuda:0": states.update({torch.device(device): state})
    )
    saved = rng_state(second)
    states[second] = 7
    set_rng_state(saved, second)
    assert list(states.values()) == [3, 5]
