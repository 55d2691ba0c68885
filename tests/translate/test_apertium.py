"""Apertium at its work: a program that is a pipe of many, and may hang or die."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time

import pytest

from tests.translate import tiny
from tests.translate.test_parts import made
from xlner.errors import ModelError, UsageError, XlnerError


def running(program):
    """Whether processes of a program are there."""
    return f"{program} -u" in subprocess.run(["ps", "-ewwo", "args="], capture_output=True, text=True).stdout


def within(seconds, true):
    """Whether something becomes true in so many seconds."""
    end = time.monotonic() + seconds
    while not (so := true()) and time.monotonic() < end:
        time.sleep(0.1)
    return so


def test_lines_go_through_one_to_one(program):
    out = made("apertium", program=str(program)).translate(["one", "", "two  words", "three"])
    assert out == ["ONE", "", "TWO WORDS", "THREE"]


def test_the_plain_mode_wins_over_a_variant(program):
    assert made("apertium", program=str(program))._mode == "eng-spa"
    assert made("apertium", program=str(program), mode="eng-spa_MX")._mode == "eng-spa_MX"


def test_an_unknown_pair_lists_those_there_are(program):
    with pytest.raises(UsageError, match="cannot translate en-de; it has: en-es, es-en, es-pt"):
        made("apertium", ("en", "de"), program=str(program))
    with pytest.raises(UsageError, match="no mode 'eng-deu'; it has: eng-spa"):
        made("apertium", program=str(program), mode="eng-deu")


def test_an_absent_program_is_named_with_its_package():
    with pytest.raises(ModelError, match="apt-get install apertium"):
        made("apertium", program="no-such-program")


@pytest.mark.parametrize("word", ["DIE", "LOSE"])
def test_only_the_sentence_to_blame_is_without_translation(program, word):
    engine = made("apertium", program=str(program))
    sentences = [f"s{n}" for n in range(20)]
    sentences[13] = f"a {word} b"
    out = engine.translate(sentences)
    assert out == [f"S{n}" if n != 13 else "" for n in range(20)]
    told = {"a DIE b": "the program ended with code 1: broken pipe of rules"}
    assert engine.failed == (told if word == "DIE" else {})


def test_a_hanging_program_is_ended(program):
    engine = made("apertium", program=str(program), time_limit=1)
    began = time.monotonic()
    assert engine.translate(["one", "HANG"]) == ["ONE", ""]
    assert time.monotonic() - began < 15
    assert "no answer within 1 seconds" in engine.failed["HANG"]


@pytest.mark.parametrize("name", ["apertium", "guarded"])
def test_a_hanging_program_ends_with_whoever_started_it(program, name):
    values = {"name": "apertium", "program": str(program), "time_limit": 60.0}
    if name == "guarded":
        engine = made("guarded", engine=values, time_limit=1.0)
        assert engine.translate(["one", "HANG"]) == ["ONE", ""]
    else:
        code = f"from tests.translate.test_parts import made; made(**{values!r}).translate(['HANG'])"
        process = subprocess.Popen([sys.executable, "-c", code])
        assert within(20, lambda: running(program))
        process.kill()
        process.wait()
    assert within(10, lambda: not running(program))


def test_the_version_hangs_on_program_mode_and_language_data(program):
    """Translations of another version are no longer taken from the disk."""
    modes = program.parent / "share" / "modes"
    modes.mkdir(parents=True)
    data = program.parent / "eng-spa.bin"
    data.write_text("rules")
    (modes / "eng-spa.mode").write_text(f"lt-proc '{data}'")

    def version(**values):
        return made("apertium", program=str(program), data=str(program.parent / "share"), **values).version()

    first = version()
    assert version() == first != version(mode="eng-spa_MX")
    data.write_text("other rules")
    second = version()
    assert second != first
    program.write_text(program.read_text().replace("stand-in 1", "stand-in 2"))
    assert version() not in (first, second)


def test_a_program_that_always_dies_is_an_error(tmp_path):
    program = tiny.fake_apertium(tmp_path / "dead", dead=True)
    with pytest.raises(XlnerError, match="does not work: the program ended with code 1"):
        made("apertium", program=str(program)).translate([f"s{n}" for n in range(50)])
    assert len((program.parent / "calls").read_text().split()) < 10


@pytest.mark.skipif(
    shutil.which("apertium") is None
    or "eng-spa" not in subprocess.run(["apertium", "-l"], capture_output=True, text=True).stdout,
    reason="apertium with eng-spa is not installed",
)
def test_the_real_program():
    engine = made("apertium")
    sentences = ["The house is", "lead", "tab\tx", "[a] <b> ^c$ {d} @e f/g h\\i", "The red", "car", "", "Good day!"]
    together = engine.translate(sentences)
    assert together == [engine.translate([s])[0] for s in sentences]  # no word moves to another line
    assert together[0] == "La casa es"
    assert not engine.failed
