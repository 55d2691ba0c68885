"""Engines that misbehave: what any translator may do, and what becomes of the lines."""

from __future__ import annotations

import pytest

from xlner.errors import XlnerError
from xlner.translate import BaseTranslator
from xlner.translate.cache import Cache
from xlner.translate.lines import Tally, translate_lines
from xlner.translate.translator import CallError


class Engine(BaseTranslator):
    """Turns letters into capitals; words of a sentence make it do other things."""

    called = "the engine"
    at_once = 8

    def version(self) -> str:
        return "1"

    def translate_filled(self, sentences):
        if any("DIE" in s for s in sentences):
            raise CallError("it died")
        out = []
        for s in sentences:
            if "LOOP" in s:
                out.append("so " * 500)
            elif "BREAK" in s:
                out.append("one\ntwo &amp; three")
            elif "DOUBLE" in s:
                out += [s, s]
            elif "LOSE" not in s:
                out.append(s.upper())
        return out


def through(lines, engine=None):
    engine = engine or Engine()
    engine.languages("en", "es")
    tally = Tally()
    with Cache(None, {}) as cache:
        return list(translate_lines(lines, engine, cache, tally, language="en")), tally


@pytest.mark.parametrize(
    ("word", "reason"), [("DIE", "failed"), ("LOSE", "failed"), ("DOUBLE", "failed"), ("LOOP", "looping")]
)
@pytest.mark.parametrize("at", [0, 13, 29])
def test_only_the_line_to_blame_is_lost(word, reason, at):
    lines = [f"line {n}" for n in range(30)]
    lines[at] = f"a {word} b"
    out, tally = through(lines)
    assert out == ["" if n == at else f"LINE {n}" for n in range(30)]
    assert tally.reasons() == {reason: 1}
    assert tally.faults[0].line == at + 1


def test_a_sentence_that_failed_once_and_comes_again_is_translated():
    class Once(Engine):
        failing = True

        def translate_filled(self, sentences):
            if self.failing and "hello" in sentences:
                self.failing = len(sentences) > 1
                raise CallError("busy")
            return super().translate_filled(sentences)

    lines = ["hello", *(f"line {n}" for n in range(3000)), "hello"]
    out, tally = through(lines, Once())
    assert (out[0], out[-1]) == ("", "HELLO")
    assert tally.reasons() == {"failed": 1}


def test_line_breaks_and_entities_shift_nothing():
    out, tally = through(["first", "BREAK", "last"])
    assert out == ["FIRST", "one two & three", "LAST"]
    assert tally.mended == {"HTML entities": 1, "line breaks": 1}


def test_a_sentence_of_two_thousand_words_and_empty_ones():
    long = " ".join(f"w{n}" for n in range(2000))
    out, tally = through(["", long, " ", "end"])
    assert out == ["", long.upper(), "", "END"]
    assert (tally.empty, tally.divided) == (2, 1)


def test_an_engine_that_never_works_is_an_error():
    with pytest.raises(XlnerError, match="the engine does not work: 0 sentences came back for 1"):
        through([f"LOSE {n}" for n in range(30)])


def test_lines_that_come_back_as_they_are_are_counted():
    out, tally = through(["NATO", "house"])
    assert out == ["NATO", "HOUSE"]
    assert (tally.unchanged, tally.faults) == (1, [])


def test_another_number_of_lines_is_an_error_for_engines_that_check_nothing():
    class Loose(Engine):
        def translate(self, sentences):
            return [s.upper() for s in sentences][1:]

    with pytest.raises(XlnerError, match="gave 2 translations for 3 sentences"):
        through(["a", "b", "c"], Loose())
