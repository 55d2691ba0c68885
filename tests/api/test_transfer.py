"""The run behind train and transfer."""

from __future__ import annotations

import pytest
from tests.toy import sentences, write_conll

from xlner.api.transfer import _device, train
from xlner.component import option, options
from xlner.errors import OptionError
from xlner.tagger.device import pick_device


@options
class Lap:
    """A training under a name of its own."""

    device: str | None = option(None, "Where it runs.")


@options
class Laps:
    """Options of a method with trainings that nobody else knows."""

    warm_up: Lap = option(Lap, "First.")
    final: Lap = option(Lap, "Then.")


def test_the_device_of_a_method_is_that_of_any_of_its_trainings():
    assert _device(Laps()) is None
    assert _device(Laps(warm_up=Lap(device="cuda:0"))) == "cuda:0"
    assert _device(Laps(warm_up=Lap(device="cuda:0"), final=Lap(device="cpu"))) == "cpu"
    assert _device(Lap(device="cpu")) == "cpu"


def test_an_empty_device_is_no_device():
    with pytest.raises(OptionError, match=r"`device` is cpu, cuda, .*; got ''"):
        pick_device("")


def test_gold_data_that_cannot_be_scored_as_it_is_are_noted(tmp_path, tiny_encoder):
    source = write_conll(tmp_path / "en.conll", sentences(60))
    lines = (tmp_path / "en.conll").read_text("utf-8").splitlines()
    gold = tmp_path / "gold.conll"
    renamed = [line.replace("-PER", "-PERSON").replace("-LOC", "-GPE") for line in lines]
    gold.write_text("\n".join([f"{renamed[0].split()[0]}\t_", *renamed[1:]]) + "\n", "utf-8")
    options = {"teacher": {"learning_rate": 1e-2, "epochs": 4, "batch_subwords": 256}, "encoder": str(tiny_encoder)}
    made = train([("eng", str(source))], tmp_path / "run", options=options, gold=str(gold))
    notes = " ".join(made.metrics["notes"])
    assert "types only in gold: GPE, PERSON; only in the model: " in notes
    assert "gold data: 1 words with unknown labels, which are not scored" in notes
