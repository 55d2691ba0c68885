"""The distance between hidden states of a student and of the model it was cut from."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from xlner.train.objective import StepInput
from xlner.train.state_matching import StateMatching

STATES = torch.tensor([[[1.0, 2, 4, 8], [3.0, -1, 0, 5]]])


class Whole(torch.nn.Module):
    """A model of one layer with these states."""

    def __init__(self, states):
        super().__init__()
        self.states = states

    def forward(self, **_):
        return SimpleNamespace(hidden_states=(STATES, self.states))


def matched(states):
    """The loss of a student with `STATES`, and its distance from a model with these states; its other loss is 5."""
    objective = StateMatching(lambda step: torch.tensor(5.0), Whole(states), (0,), weight=2.0, dtype=None)
    ids = torch.ones(1, 2, dtype=torch.int64)
    stream = SimpleNamespace(ids=ids, mask=ids, states=(STATES, STATES))
    value, parts = objective(StepInput({"": stream}, 1.0))
    return float(value), float(parts["states"])


def test_states_are_matched_at_mean_0_and_variance_1():
    value, distance = matched(5 * STATES + 3)
    assert distance == pytest.approx(0, abs=1e-5)
    assert value == pytest.approx(5, abs=1e-5)


def test_the_distance_is_added_by_its_weight():
    value, distance = matched(-STATES)
    assert distance == pytest.approx(4, rel=1e-3)  # (x + x)^2, where x^2 is 1 on average
    assert value == pytest.approx(5 + 2 * distance)
