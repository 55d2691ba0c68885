"""Studies on a real Ray cluster of this machine."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from xlner.study.record import Record
from xlner.study.runs import Run
from xlner.study.schedule import make_all

pytest.importorskip("ray")


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


def dies_once(folder):
    def make(run):
        mark = Path(folder) / run.id
        first = not mark.exists()
        mark.write_text("begun")
        if first and run.id == "r1":
            os.kill(os.getpid(), signal.SIGKILL)
        if run.id == "r2":
            raise KeyError("lost")
        return Record(run.id, {}, 1.0, 1)

    return make


def test_a_worker_that_is_killed_loses_nothing(tmp_path):
    from xlner.study.on_ray import RayWorkers

    runs = []
    for n in range(4):
        run = Run("step", "m", {}, (), "", None, {}, 0.0, {}, needs=("r1",) if n == 3 else ())
        object.__setattr__(run, "id", f"r{n}")
        runs.append(run)
    ends = list(make_all(runs, {}, RayWorkers(dies_once(tmp_path), 2)))
    assert {e.run.id for e in ends if e.record} == {"r0", "r1", "r3"}
    assert [e.error for e in ends if not e.record] == ["this run could not be made: KeyError('lost')"]


@pytest.mark.timeout(240)
def test_a_study_comes_to_the_same_on_ray(toy):
    local = {id: r.scores.f1 for id, r in toy.run().records.items() if r.counts}
    toy.folder = toy.folder.with_name("on-ray")
    result = toy.run(on="ray", workers=2)
    assert not result.failed
    assert {id: r.scores.f1 for id, r in result.records.items() if r.counts} == local
