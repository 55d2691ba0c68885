"""From a plan to runs."""

from __future__ import annotations

import time

import pytest
import yaml
from tests.study.conftest import PLAN

from xlner.errors import DataError, UsageError
from xlner.study.plan import Plan, read_plan
from xlner.study.runs import runs_of


def plan_of(text=PLAN, **changes):
    return Plan.model_validate({**yaml.safe_load(text), **changes})


def test_a_run_for_each_combination_behind_what_it_needs():
    runs = runs_of(plan_of())
    assert [r.step for r in runs].count("teacher") == 2
    assert [r.step for r in runs].count("direct") == 4
    assert [r.step for r in runs].count("student") == 8
    place = {r.id: n for n, r in enumerate(runs)}
    assert all(place[need] < place[r.id] for r in runs for need in r.needs)


def test_placeholders_are_filled():
    student = next(r for r in runs_of(plan_of()) if r.step == "student" and r.axes["words"] == 200)
    teacher = next(r for r in runs_of(plan_of()) if r.step == "teacher" and r.axes["seed"] == student.axes["seed"])
    assert student.needs == (teacher.id,)
    (text,) = student.texts
    assert (text.source, text.count) == ("{demo}/es.raw.txt", 200)
    assert student.words[:6] == (
        "transfer", "--source", f"en={{run:{teacher.id}}}", "--target", f"es={text.place}", "--note",
    )  # fmt: skip
    assert student.words[6] == "seed 1"  # quotes hold words together, and the placeholder in them is filled
    assert student.gold == "{demo}/es.gold.conll"


def test_constants_fill_commands_and_a_profile_replaces_them(tmp_path):
    path = tmp_path / "toy.yaml"
    text = PLAN.replace("{en.train}", "{first(en.train, labels)}")
    path.write_text(text + "constants: {labels: 500}\nprofiles:\n  small: {constants: {labels: 100}}\n")
    for profile, labels in ((None, 500), ("small", 100)):
        teacher = next(r for r in runs_of(read_plan(path, profile=profile)) if r.step == "teacher")
        assert [(t.source, t.count) for t in teacher.texts] == [("{demo}/en.train.conll", labels)]


def test_ids_depend_on_what_is_run_and_on_nothing_else():
    before = {r.id for r in runs_of(plan_of())}
    assert {r.id for r in runs_of(plan_of(question="Another one?", name="other"))} == before
    more_seeds = {r.id for r in runs_of(plan_of(axes={"seed": [1, 2, 3], "target": ["es", "de"], "words": [100, 200]}))}
    assert before < more_seeds
    other_teacher = PLAN.replace("--seed {seed}", "--seed {seed} --epochs 2")
    assert not before & {r.id for r in runs_of(plan_of(other_teacher)) if r.step != "x"}  # all of them need a teacher


def test_equal_commands_of_two_steps_are_one_run():
    steps = yaml.safe_load(PLAN)["steps"]
    runs = runs_of(plan_of(steps={**steps, "again": {**steps["student"], "method": "the same"}}))
    assert len(runs) == 22
    assert len({r.id for r in runs}) == 14


def test_some_combinations_can_be_left_out():
    steps = yaml.safe_load(PLAN)["steps"]
    steps["student"] |= {"when": {"words": [100]}, "unless": {"target": ["de"]}}
    students = [r for r in runs_of(plan_of(steps=steps)) if r.step == "student"]
    assert {(r.axes["words"], r.axes["target"]) for r in students} == {(100, "es")}


def test_two_axes_can_be_made_to_differ():
    steps = yaml.safe_load(PLAN)["steps"]
    steps["student"] |= {"over": ["source", "target", "seed"], "differ": ["source", "target"],
                         "run": "transfer --source {source}=x --target {target}={target.raw}"}  # fmt: skip
    axes = {**yaml.safe_load(PLAN)["axes"], "source": ["es", "de"]}
    students = [r for r in runs_of(plan_of(steps=steps, axes=axes)) if r.step == "student"]
    assert {(r.axes["source"], r.axes["target"]) for r in students} == {("es", "de"), ("de", "es")}


def test_words_are_repeated_for_each_of_several_sources():
    text = """
name: many
question: Are many sources better?
axes: {source: [en, es, de], target: [es], sources: [[en, de], [en, de, es]]}
languages: {en: {train: "{data}/en"}, es: {train: "{data}/es", raw: "{data}/es.raw"}, de: {train: "{data}/de"}}
steps:
  teacher: {over: [source], run: "train --source {source}={source.train}"}
  student:
    over: [target, sources]
    run:
      - transfer --target {target}={target.raw}
      - {each: {source: sources}, words: "--source {source}={teacher}", without: target}
"""
    runs = runs_of(plan_of(text))
    teachers = {r.axes["source"]: r.id for r in runs if r.step == "teacher"}
    (student,) = {r.id: r for r in runs if r.step == "student"}.values()  # without the target both lists are one
    assert [w for w in student.words if "run:" in w] == [f"{s}={{run:{teachers[s]}}}" for s in ("en", "de")]
    assert set(student.needs) == {teachers["en"], teachers["de"]}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("{en.train}", "{en.tain}", "language en has no 'tain'; it has: train"),
        ("{en.train}", "{fr.train}", "there is no language 'fr'"),
        ("en={teacher}", "en={pupil}", "there is no axis or earlier step 'pupil'"),
        ("over: [target, words, seed]", "over: [target, words]", "step 'teacher' goes over seed"),
    ],
)
def test_what_is_not_there_is_named(old, new, says):
    with pytest.raises(UsageError, match=says):
        runs_of(plan_of(PLAN.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("question: Does the toy work?", "questions: none", "question: Field required"),
        ("over: [seed]", "over: [sed]", "there is no axis 'sed'; there are: seed, target, words"),
        ("minutes: 2", "minutes: 0", "greater than 0"),
        ("name: toy", "name: [", "toy.yaml:"),
        ('gold: "{target.gold}"\n  student', "method: x\n  student", "without `run` it needs `model` and `gold`"),
        ("limits: [It is a toy.]", "report: [{kind: curve, title: t, x: size}]", "there is no axis 'size'"),
        ("limits: [It is a toy.]", "report: [{kind: differences, title: t}]", "needs `base`"),
        (
            "limits: [It is a toy.]",
            "report: [{kind: table, title: t, methods: [a]}]",
            "there is no method 'a'; there are: ",
        ),
    ],
)
def test_a_broken_plan_is_an_error_with_its_place(tmp_path, old, new, says):
    path = tmp_path / "toy.yaml"
    assert old in PLAN
    path.write_text(PLAN.replace(old, new))
    with pytest.raises(DataError, match=says):
        read_plan(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"name: toy\nquestion: \xff\n", "no YAML: 'utf-8' codec"),
        (b"name: toy\nquestion: \x01\n", "no YAML: unacceptable character"),
        (b"- a list\n", "a plan is a mapping"),
        (PLAN.encode() + b"profiles: [smoke]\n", "profiles is a mapping"),
        (PLAN.encode() + b"profiles: {smoke: 3}\n", "profiles is a mapping"),
        (PLAN.encode() + b"constants: {words: 3}\n", "constants: 'words' is an axis, too"),
        (PLAN.encode() + b"constants: {teacher: 3}\n", "steps: 'teacher' is an axis or a constant, too"),
        (PLAN.replace("seed: [1, 2]", "seed: []").encode(), "axes.seed: List should have at least 1 item"),
    ],
)
def test_a_file_that_is_no_plan_is_an_error_and_no_traceback(tmp_path, text, says):
    path = tmp_path / "toy.yaml"
    path.write_bytes(text)
    with pytest.raises(DataError, match=says):
        read_plan(path)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("'seed {seed}'", "'seed {seed}", "No closing quotation"),
        ("words: [100, 200]", "words: [many]", r"first\(\) takes a number, got 'many'"),
    ],
)
def test_a_command_that_cannot_be_read_is_named(old, new, says):
    with pytest.raises(UsageError, match=says):
        runs_of(plan_of(PLAN.replace(old, new)))


def test_a_profile_replaces_values(tmp_path):
    path = tmp_path / "toy.yaml"
    path.write_text(PLAN + "profiles:\n  smoke: {axes: {seed: [1]}, steps: {student: null}}\n")
    plan = read_plan(path, profile="smoke")
    assert plan.axes == {"seed": [1], "target": ["es", "de"], "words": [100, 200]}
    assert list(plan.steps) == ["teacher", "direct"]
    with pytest.raises(UsageError, match="no profile 'somke'; there are: smoke"):
        read_plan(path, profile="somke")


def test_ten_thousand_runs_are_listed_in_seconds():
    axes = {"seed": list(range(25)), "target": ["es", "de"], "words": list(range(100, 20_100, 100))}
    began = time.process_time()
    runs = runs_of(plan_of(axes=axes))
    assert len(runs) == 25 + 50 + 10_000
    assert time.process_time() - began < 20
