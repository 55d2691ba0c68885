"""Studies on a real Ray cluster of this machine."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

from xlner.errors import XlnerError
from xlner.study.on_ray import _connect
from xlner.study.record import Record
from xlner.study.runs import Run
from xlner.study.schedule import make_all

pytest.importorskip("ray")


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


@pytest.mark.parametrize(("said", "told"), [(None, "0"), ("1", "1")])
def test_ray_reports_its_use_only_to_those_who_want_it(monkeypatch, said, told):
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", said or "")  # so that it is put back afterwards
    if said is None:
        monkeypatch.delenv("RAY_USAGE_STATS_ENABLED")
    seen = []
    _connect(SimpleNamespace(init=lambda **_: seen.append(os.environ["RAY_USAGE_STATS_ENABLED"])), 1)
    assert seen == [told]


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


class Ray:
    """Stands for Ray on a machine with a cluster that was started by hand, or one that does not answer."""

    def __init__(self, answers=True):
        self.answers, self.calls = answers, []

    def init(self, num_cpus=None, **how):
        self.calls.append(num_cpus)
        if num_cpus is not None:
            raise ValueError("When connecting to an existing cluster, num_cpus and num_gpus must not be provided.")
        if not self.answers:
            raise ConnectionError("Ray is trying to start at 10.0.0.9:6379, but is not there.\nMore of that")


def test_a_cluster_of_this_machine_is_used_with_the_processors_that_it_has():
    from xlner.study.on_ray import _connect

    ray = Ray()
    _connect(ray, 4)
    assert ray.calls == [4, None]


def test_a_cluster_that_does_not_answer_is_an_error_that_names_it(monkeypatch):
    from xlner.study.on_ray import _connect

    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.9:6379")
    with pytest.raises(
        XlnerError, match=r"^the Ray cluster of 10\.0\.0\.9:6379 cannot be used: Ray is trying .* there$"
    ):
        _connect(Ray(answers=False), 4)


def test_what_ended_a_run_on_ray_is_told_in_plain_words():
    import ray

    from xlner.study.on_ray import _why

    errors = ray.exceptions
    assert _why(ray, errors.WorkerCrashedError()) == "its worker died 4 times, killed or for want of memory"
    assert "ran out of memory" in _why(ray, errors.OutOfMemoryError("Task was killed"))
    told = _why(ray, errors.RuntimeEnvSetupError("no such package\n  at line 3"))
    assert told.startswith("Ray says RuntimeEnvSetupError: ")
    assert "\n" not in told
