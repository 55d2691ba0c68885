"""The run behind train and transfer."""

from __future__ import annotations

import pytest

from xlner.api.transfer import _device
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
