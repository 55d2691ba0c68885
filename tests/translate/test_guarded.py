"""A translator in a process of its own: engines that run inside xlner may hang and crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.translate.test_bad_days import through
from xlner.errors import OptionError, UsageError, XlnerError
from xlner.translate import TRANSLATORS

# An engine of a third party. It hangs as a library does that is stuck: no signal handler of Python runs meanwhile.
ENGINE = """
import ctypes, os, signal
from xlner.component import option, options
from xlner.errors import XlnerError
from xlner.translate import BaseTranslator

class Stuck(BaseTranslator):
    '''Turns letters into capitals, and hangs or crashes where a sentence says so.'''

    called = "stuck"
    at_once = 8

    @options
    class Options:
        loads: bool = option(True, "Whether it can be loaded.")

    def pairs(self):
        return {("eng", "spa")}

    def languages(self, source, target):
        super().languages(source, target)
        if not self.options.loads:
            os._exit(9)

    def version(self):
        return "7"

    def notes(self):
        return ["it is tired"]

    def translate_filled(self, sentences):
        if any("HANG" in s for s in sentences):
            ctypes.PyDLL(None).sleep(600)  # with the lock of the interpreter
        if any("CRASH" in s for s in sentences):
            os.kill(os.getpid(), signal.SIGSEGV)
        if any("EXIT" in s for s in sentences):
            os._exit(3)
        if any("NEVER" in s for s in sentences):
            raise XlnerError("out of order")
        print("noise of the engine")
        return [s.upper() for s in sentences if "LOSE" not in s]
"""


@pytest.fixture(autouse=True)
def third_party(tmp_path, monkeypatch):
    (tmp_path / "stuck.py").write_text(ENGINE)
    place = tmp_path / "stuck-1.dist-info"
    place.mkdir()
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: stuck\nVersion: 1\n")
    (place / "entry_points.txt").write_text("[xlner.translators]\nstuck = stuck:Stuck\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    yield
    sys.modules.pop("stuck", None)


def guarded(engine="stuck", **values):
    return TRANSLATORS.build("guarded", {"engine": engine, "time_limit": 1.0, **values})


def running():
    """Processes behind `guarded` that this one started."""
    said = subprocess.run(["ps", "-o", "args=", "--ppid", str(os.getpid())], capture_output=True, text=True).stdout
    return said.count("xlner.translate.child")


def alive(process):
    said = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True).stdout
    return said.strip() != "" and "Z" not in said


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("HANG", "no answer within 1 seconds"),
        ("CRASH", f"its process ended by signal {signal.SIGSEGV.value}"),
        ("EXIT", "its process ended with code 3"),
        ("LOSE", "0 sentences came back for 1"),
    ],
)
def test_only_the_line_to_blame_is_lost(word, why):
    long = " ".join(f"w{n}" for n in range(2000))
    engine = guarded()
    out, tally = through(["one", "two", f"a {word} b", "", "four", long, "más ñ \U0001f600"], engine)
    assert out == ["ONE", "TWO", "", "", "FOUR", long.upper(), "MÁS Ñ \U0001f600"]
    assert [(f.line, f.reason, f.why) for f in tally.faults] == [(3, "failed", why)]
    assert engine.notes() == ["it is tired"]


def test_after_an_interrupt_answers_belong_to_their_own_call(monkeypatch):
    engine = guarded()
    engine.languages("en", "es")
    process = engine._process

    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(process.stdout, "readline", interrupted)
    with pytest.raises(KeyboardInterrupt):
        engine.translate(["one", "two"])
    assert engine.translate(["three", "four"]) == ["THREE", "FOUR"]


def test_an_engine_that_never_works_is_an_error():
    with pytest.raises(XlnerError, match="guarded does not work: its process ended with code 3"):
        through(["EXIT 1", "EXIT 2", "EXIT 3"], guarded())
    with pytest.raises(XlnerError, match="out of order"):
        through(["NEVER 1"], guarded())


def test_an_engine_that_cannot_be_loaded_is_an_error_before_work():
    engine = guarded({"name": "stuck", "loads": False})
    with pytest.raises(XlnerError, match="its process ended with code 9"):
        engine.languages("en", "es")


def test_errors_of_the_engine_are_those_of_the_whole():
    with pytest.raises(UsageError, match="stuck cannot translate en-pt; it has: en-es"):
        guarded().languages("en", "pt")
    for engine, message in (
        ("stick", "`engine` must be a translator"), ({"name": "stuck", "x": 1}, "no option 'x'"),
        ({"name": "files", "path": "x"}, "needs no guard"), ({"loads": True}, "with a name"), ("{name: [", "names or"),
    ):  # fmt: skip
        with pytest.raises(OptionError, match=message):
            guarded(engine)


def test_no_process_is_left_behind():
    engine = guarded()
    engine.languages("en", "es")
    assert engine.version() == "7"
    assert running() == 1
    del engine
    assert running() == 0


def test_the_process_ends_with_one_that_was_killed(tmp_path):
    code = (
        f"import sys; sys.path.append({str(tmp_path)!r})\n"
        "from xlner.translate import TRANSLATORS\n"
        "e = TRANSLATORS.build('guarded', {'engine': 'stuck', 'time_limit': 2.0}); e.languages('en', 'es')\n"
        "print(e._process.pid, flush=True); e.translate(['HANG'])"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    child = int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()
    for _ in range(100):
        if not alive(child):
            return
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    pytest.fail("it was still there after ten seconds")
