"""The generator that a checkpoint keeps is that of the device which trains."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from xlner.train.checkpoint import rng_state, set_rng_state

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.mark.parametrize("name", DEVICES)
def test_the_numbers_after_a_checkpoint_are_drawn_again(name):
    device = torch.device(name)
    state = rng_state(device)
    drawn = torch.rand(5, device=device)
    assert not torch.rand(5, device=device).equal(drawn)
    set_rng_state(state, device)
    assert torch.rand(5, device=device).equal(drawn)


@pytest.mark.parametrize(("name", "asked"), [("cuda:1", (torch.device("cuda:1"),)), ("mps", ())])
def test_an_accelerator_is_asked_for_its_own(name, asked, monkeypatch):
    """One of several that need not be the current one; of mps there is one alone, which takes no number."""
    seen = []
    module = SimpleNamespace(
        get_rng_state=lambda *device: seen.append(("get", *device)) or torch.tensor([7], dtype=torch.uint8),
        set_rng_state=lambda state, *device: seen.append(("set", *device)),
    )
    monkeypatch.setattr(torch, "get_device_module", lambda device: module)
    monkeypatch.setattr(torch.mps, "set_rng_state", module.set_rng_state)
    set_rng_state(rng_state(torch.device(name)), torch.device(name))
    assert seen == [("get", *asked), ("set", *asked)]
