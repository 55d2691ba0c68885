"""Commands in processes that are forked from a helper."""

from __future__ import annotations

import os
import signal
import sys
from types import SimpleNamespace

import pytest

from xlner.errors import XlnerError
from xlner.study import processes
from xlner.study.processes import CAN_FORK, Helper, Spawned

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="this system does not fork")


@pytest.fixture(scope="module")
def helper():
    made = Helper(os.environ)
    yield made
    made.close()


@pytest.fixture
def call(tmp_path):
    """Start a command, and give what it printed, its status, its memory and its standard error."""

    def run(start, words, **environment):
        with (tmp_path / "log").open("w+") as log, (tmp_path / "lock").open("w") as lock:
            process = start(words, {**os.environ, **environment}, log, lock)
            with process.printed as out:
                printed = out.read()
            status, kilobytes = process.wait()
            log.seek(0)
            return printed, status, kilobytes, log.read()

    return run


def spawned(words, *where):
    return Spawned([sys.executable, "-m", "xlner", *words], *where)


@pytest.mark.parametrize("words", [["--version"], ["predict", "./nowhere"], ["formats", "--json"], ["nonsense"]])
def test_it_does_what_a_process_of_its_own_does(helper, call, words):
    forked, alone = call(helper.start, words), call(spawned, words)
    assert (forked[0], forked[1], forked[3]) == (alone[0], alone[1], alone[3])
    assert forked[2] > 10_000


def test_each_command_has_its_own_environment_and_folder(helper, call, tmp_path, monkeypatch):
    (tmp_path / "a.conll").write_text("Ana B-PER\n\n")
    monkeypatch.chdir(tmp_path)
    assert call(helper.start, ["data", "check", "a.conll"])[1] == 0
    monkeypatch.chdir("/")
    assert call(helper.start, ["data", "check", "a.conll"])[1] == 1
    wide, narrow = (call(helper.start, ["train", "--help"], COLUMNS=width)[0] for width in ("150", "60"))
    assert len(narrow.splitlines()) > len(wide.splitlines())


def test_a_killed_helper_is_an_error_and_no_hang(call):
    one = Helper(os.environ)
    os.kill(one._process.pid, signal.SIGKILL)
    one._process.wait()
    assert not one.alive
    with pytest.raises(XlnerError, match="helper process that starts commands was killed"):
        call(one.start, ["--version"])


@pytest.mark.parametrize(("system", "kilobytes"), [("linux", 2048), ("darwin", 2)])
def test_memory_is_in_kilobytes_on_systems_that_count_bytes_too(call, monkeypatch, system, kilobytes):
    monkeypatch.setattr(processes.sys, "platform", system)
    monkeypatch.setattr(processes.os, "wait4", lambda pid, _: (pid, 0, SimpleNamespace(ru_maxrss=2048)))
    assert call(lambda words, *where: Spawned(words, *where), ["true"])[1:3] == (0, kilobytes)
