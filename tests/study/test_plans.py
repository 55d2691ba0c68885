"""The plans that ship: all of them are read, and run at their smallest on the demo corpus."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from xlner.api.study import Study, report_study, run_study

ROOT = Path(__file__).parents[2]
PLANS = sorted((ROOT / "studies").glob("*.yaml"))
MEASURED = sorted((ROOT / "benchmarks").glob("*.yaml"))


def test_there_are_plans():
    assert {"alignment", "multi-source", "projection-vs-distillation", "scaling"} <= {p.stem for p in PLANS}


@pytest.mark.parametrize("plan", PLANS, ids=lambda p: p.stem)
def test_a_plan_has_the_name_of_its_file_and_an_answer(plan):
    study = Study.open(plan)
    assert study.plan.name == plan.stem
    assert any(block.answers for block in study.plan.report)
    assert study.plan.limits
    assert len(study.plan.axes["seed"]) >= 3


@pytest.mark.parametrize("plan", MEASURED, ids=lambda p: p.stem)
def test_a_plan_of_the_benchmarks_is_read(plan):
    profiles = yaml.safe_load(plan.read_text()).get("profiles", {})
    for profile in (None, *profiles):
        assert Study.open(plan, profile=profile).runs


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One for all plans, so that what they have in common is made once."""
    return tmp_path_factory.mktemp("studies")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("plan", PLANS, ids=lambda p: p.stem)
def test_a_plan_runs_on_the_demo_corpus(plan, folder):
    result = run_study(plan, profile="smoke", output=folder)
    assert result.failed == {}
    made = report_study(plan, profile="smoke", output=folder, to=folder / "reports")
    assert made.answer
    assert len(made.findings) == len(result.study.plan.report)
    assert all(file.is_file() for file in made.files)


def test_a_run_has_a_process_of_its_own(tmp_path):
    plan = next(plan for plan in PLANS if plan.stem == "alignment")
    run = next(run for run in Study.open(plan, profile="smoke").unique if run.step == "closeness")
    result = run_study(plan, profile="smoke", output=tmp_path, only=[run.id])
    assert result.failed == {}
    assert 0 < result.records[run.id].values["subwords"] <= 1
    assert result.records[run.id].peak_mb > 50
