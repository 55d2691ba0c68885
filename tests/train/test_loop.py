from __future__ import annotations

import json
from dataclasses import asdict
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tests.toy import sentences

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.core.types import Sentence, Span
from xlner.errors import DataError, ModelError
from xlner.evaluate import score
from xlner.methods.supervised import dev_f1, supervise
from xlner.tagger import Tagger
from xlner.train import TrainOptions, make_loss, train
from xlner.train.batches import epoch_batches
from xlner.train.examples import Example, LabelledChunks
from xlner.train.loop import pace
from xlner.train.state import State

LABELS = LabelSet(("LOC", "PER"))
FAST = {"learning_rate": 1e-2, "batch_subwords": 256, "freeze_embeddings": False, "checkpoint_seconds": 0.0}


def fit(encoder, folder, *, epochs=3, dev=(), **changes):
    options = TrainOptions(**{**FAST, "epochs": epochs, **changes})
    return supervise(
        sentences(200),
        LABELS,
        encoder=str(encoder),
        languages=["eng"],
        options=options,
        folder=folder,
        dev=dev,
    )


def weights(tagger):
    return torch.cat([p.detach().flatten() for p in tagger.model.parameters()])


def test_it_learns(tiny_encoder, tmp_path):
    tagger = fit(tiny_encoder, tmp_path, epochs=6)
    gold = sentences(50, seed=1)
    assert score(gold, list(tagger.predict(gold))).f1 > 0.95


def test_one_seed_gives_one_result(tiny_encoder, tmp_path):
    first, second = (weights(fit(tiny_encoder, tmp_path / n)) for n in "ab")
    assert torch.equal(first, second)
    assert not torch.equal(first, weights(fit(tiny_encoder, tmp_path / "c", seed=2)))


@pytest.mark.parametrize(("sizes", "length", "processes", "batch", "passes"), [
    ([1400], 32, 1, 134, 3), ([800], 32, 1, 128, 5), ([100], 32, 1, 128, 20), ([7000, 7000], 20, 1, 768, 3),
    ([0, 7000, 0], 20, 1, 420, 3), ([7000], 20, 2, 210, 3),
])  # fmt: skip
def test_little_data_comes_in_small_batches_and_often(sizes, length, processes, batch, passes):
    class Made:
        def load(self, index):
            return [Example(np.zeros(length, np.int32), *[np.zeros(0)] * 3)] * sizes[index]

    made = Made()
    made.sizes = sizes
    assert pace(made, TrainOptions(), processes) == (batch, passes)
    assert pace(made, TrainOptions(epochs=2, batch_subwords=64), processes) == (64, 2)


@pytest.mark.parametrize("items", [[], [Sentence(("Boris",), missing=((0, 1),))]])
def test_nothing_to_learn_from_is_said(tiny_encoder, tmp_path, items):
    tagger = Tagger.fresh(str(tiny_encoder), LABELS)
    with pytest.raises(DataError, match="no word is left to learn from"):
        train(tagger, LabelledChunks(tagger, items), make_loss("ce"), options=TrainOptions(), folder=tmp_path)


def test_a_hundred_sentences_are_learnt_without_settings(tiny_encoder, tmp_path):
    tagger = fit(tiny_encoder, tmp_path, batch_subwords=None, epochs=None, checkpoint_seconds=60.0)
    gold = sentences(50, seed=1)
    assert score(gold, list(tagger.predict(gold))).f1 > 0.95


@pytest.mark.parametrize("at", [1, 7, 20])
def test_an_interrupted_training_ends_with_the_same_weights(tiny_encoder, tmp_path, monkeypatch, at):
    dev = sentences(30, seed=2)
    whole = fit(tiny_encoder, tmp_path / "whole", dev=dev)

    def broken(steps):
        loss = make_loss("ce")

        def inner(*args):
            nonlocal steps
            steps -= 1
            if steps < 0:
                raise KeyboardInterrupt
            return loss(*args)

        return inner

    with monkeypatch.context() as patch:
        patch.setattr("xlner.methods.supervised.make_loss", lambda name: broken(at))
        with pytest.raises(KeyboardInterrupt):
            fit(tiny_encoder, tmp_path / "cut", dev=dev)
    assert torch.equal(weights(fit(tiny_encoder, tmp_path / "cut", dev=dev)), weights(whole))


def test_the_epoch_with_the_best_dev_f1_is_kept(tiny_encoder, tmp_path):
    seed_everything(1)
    tagger = Tagger.fresh(str(tiny_encoder), LABELS)
    seen, answers = [], iter([0.3, 0.9, 0.5, 0.4, 0.2])

    def dev(tagger):
        seen.append(weights(tagger).clone())
        return next(answers)

    options = TrainOptions(**{**FAST, "epochs": 5, "patience": 2})
    result = train(
        tagger,
        LabelledChunks(tagger, sentences(60)),
        make_loss("ce"),
        options=options,
        folder=tmp_path,
        dev=dev,
    )
    assert (result.chosen_epoch, result.epochs, result.dev) == (2, 4, (0.3, 0.9, 0.5, 0.4))
    assert torch.equal(weights(tagger), seen[1])


def test_frozen_parts_stay_as_pretrained(tiny_encoder, tmp_path):
    before = Tagger.fresh(str(tiny_encoder), LABELS).model.state_dict()
    after = fit(tiny_encoder, tmp_path, epochs=1, freeze_embeddings=True, freeze_layers=1).model.state_dict()
    changed = {k for k in before if not torch.equal(before[k], after[k])}
    assert not any("embeddings" in k or "layer.0." in k for k in changed)
    assert any("layer.1." in k for k in changed)


def test_metrics_are_json_lines_in_order(tiny_encoder, tmp_path):
    fit(tiny_encoder, tmp_path, epochs=4, dev=sentences(20, seed=3))
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines if "dev_f1" in line] == [1, 2, 3, 4]
    assert [line["step"] for line in lines] == sorted(line["step"] for line in lines)
    assert lines[0] == {"step": 0, "batch_subwords": 256, "epochs": 4}


def test_missing_labels_do_not_teach(tiny_encoder):
    tagger = Tagger.fresh(str(tiny_encoder), LABELS)
    known = Sentence(("Ana", "visits", "Arcol"), (Span(0, 1, "PER"),), missing=((2, 3),))
    unknown = Sentence(("Boris",), missing=((0, 1),))
    (example,) = LabelledChunks(tagger, [known, unknown]).load(0)
    assert example.weights.tolist() == [1, 1, 0]
    assert example.targets.argmax(1).tolist()[:2] == [3, 0]


def test_two_processes_share_an_epoch_without_overlap(tiny_encoder):
    tagger = Tagger.fresh(str(tiny_encoder), LABELS)
    chunks = LabelledChunks(tagger, sentences(101))
    share = [list(epoch_batches(chunks, epoch=0, seed=1, budget=128, pad_id=1, rank=r, world=2)) for r in (0, 1)]
    alone = list(epoch_batches(chunks, epoch=0, seed=1, budget=128, pad_id=1))
    assert len(share[0]) == len(share[1]) == -(-len(alone) // 2)
    assert all(torch.equal(a.ids, b.ids) for a, b in zip(alone[::2], share[0], strict=False))
    assert alone[-1].share == pytest.approx(1.0)


def test_a_dev_set_is_optional():
    assert dev_f1([]) is None


@pytest.mark.parametrize("world", [2, 3, 4, 7])
def test_every_process_has_the_same_number_of_batches_and_none_is_lost(tiny_encoder, world):
    tagger = Tagger.fresh(str(tiny_encoder), LABELS)
    for n in (1, 2, 3, 5, 9, 20, 45, 70):
        chunks = LabelledChunks(tagger, sentences(n))
        common = {"epoch": 0, "seed": 1, "budget": 64, "pad_id": 1}
        alone = [b.ids.tolist() for b in epoch_batches(chunks, **common)]
        shares = [list(epoch_batches(chunks, **common, rank=r, world=world)) for r in range(world)]
        assert {len(s) for s in shares} == {-(-len(alone) // world)}
        seen = [b.ids.tolist() for share in shares for b in share]
        assert all(b in seen for b in alone)
        assert all(s[-1].share == 1 for s in shares)


def test_sentences_that_nobody_labelled_do_not_teach(tiny_encoder):
    tagger = Tagger.fresh(str(tiny_encoder), LABELS)
    raw = Sentence(("Ana", "visits"), labelled=False)
    half = Sentence(("Ana", "visits", "Arcol"), (Span(0, 1, "PER"),), labelled=False)
    (example,) = LabelledChunks(tagger, [raw, half, raw.without_labels()]).load(0)
    assert example.weights.tolist() == [1, 0, 0]


def test_a_dev_f1_is_written_once_however_often_a_run_is_killed(tiny_encoder, tmp_path):
    def run(dev):
        seed_everything(1)
        tagger = Tagger.fresh(str(tiny_encoder), LABELS)
        options = TrainOptions(**{**FAST, "epochs": 3})
        chunks = LabelledChunks(tagger, sentences(20))
        return train(tagger, chunks, make_loss("ce"), options=options, folder=tmp_path, dev=dev)

    def killed(tagger):
        raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            run(killed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("xlner.train.training.save_checkpoint", _broken_in_second_epoch())
        with pytest.raises(OSError):
            run(lambda tagger: 0.5)
    assert run(lambda tagger: 0.5).dev == (0.5, 0.5, 0.5)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines if "dev_f1" in line] == [1, 2, 3]


def _broken_in_second_epoch():
    from xlner.train.checkpoint import save_checkpoint

    def save(folder, tensors, state):
        if state["epoch"] == 2:
            raise OSError("no space")
        save_checkpoint(folder, tensors, state)

    return save


def test_a_checkpoint_of_an_older_version_is_read():
    old = {"epoch": 3, "batch": 2, "step": 40, "dev": [0.1, 0.5, 0.2], "kept": 2, "best": 0.5, "something": 1}
    state = State.of(old)
    assert (state.best_epoch, state.step, state.sums) == (2, 40, {})
    assert State.of(asdict(state)) == state


def test_the_time_of_an_interrupted_training_counts(tiny_encoder, tmp_path, monkeypatch):
    clock = iter(range(0, 10**6, 100))  # each look at the clock is 100 seconds later
    loss, steps = make_loss("ce"), iter(range(4))
    with monkeypatch.context() as patch:
        # of this module alone: the event loop of a thread that runs on would sleep for ever
        patch.setattr("xlner.train.training.time", SimpleNamespace(monotonic=lambda: next(clock)))
        patch.setattr("xlner.methods.supervised.make_loss", lambda name: lambda *args: (next(steps), loss(*args))[1])
        with pytest.raises((RuntimeError, StopIteration)):
            fit(tiny_encoder, tmp_path)
    fit(tiny_encoder, tmp_path)
    told = json.loads((tmp_path / "training_time.json").read_text())
    assert told["sentences"] == 600
    assert 100 < told["seconds"] < 2000


def test_a_training_goes_on_with_the_processes_and_the_device_that_began_it(tmp_path):
    State(processes=2, device="cpu").check_begun(tmp_path, 2, "cpu")
    State().check_begun(tmp_path, 2, "cpu")  # of an older version, which did not say it
    for processes, device in ((1, "cpu"), (2, "cuda")):
        with pytest.raises(ModelError, match=r"of a training in 2 process\(es\) on cpu"):
            State(processes=2, device="cpu").check_begun(tmp_path, processes, device)
