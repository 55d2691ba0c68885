"""What methods give to a training."""

from __future__ import annotations

import pytest


@pytest.fixture
def given_to(monkeypatch):
    """`given_to("xlner.methods.student.train")`: its data and objective, by name, instead of the training."""

    def watch(place):
        seen = {}
        monkeypatch.setattr(place, lambda _, data, objective, **__: seen.update(data=data, objective=objective))
        return seen

    return watch
