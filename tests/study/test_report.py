"""What a study says: from records that a test makes up."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace

import numpy as np
import pytest
import yaml

from xlner.api.study import report_study
from xlner.cli import main
from xlner.errors import DataError, UsageError
from xlner.study.figures import _PAINTERS, drawn
from xlner.study.findings import findings_of
from xlner.study.fits import fitted_law, number
from xlner.study.plan import Plan
from xlner.study.record import Record, packed, unpacked, write_ledger
from xlner.study.runs import runs_of

PLAN = """
name: made-up
question: Does more text help?
limits: [The numbers are made up.]
axes: {seed: [1, 2, 3, 4, 5], target: [es, de, sw], words: [1000, 2000, 4000, 8000]}
languages:
  en: {train: "{demo}/en.train.conll"}
  es: {raw: "{demo}/es.raw.txt", gold: "{demo}/es.gold.conll"}
  de: {raw: "{demo}/de.raw.txt", gold: "{demo}/de.gold.conll"}
  sw: {raw: "{demo}/sw.raw.txt", gold: "{demo}/sw.gold.conll"}
steps:
  teacher: {over: [seed], run: "train --source en={en.train} --seed {seed}"}
  direct: {over: [target, seed], model: "{teacher}", gold: "{target.gold}"}
  close: {over: [target], run: "similarity --language {target}={target.raw}", values: {closeness: x}}
  distill:
    over: [target, words, seed]
    run: "transfer --source en={teacher} --target {target}={first(target.raw, words)} --seed {seed}"
    gold: "{target.gold}"
report:
  - {kind: curve, title: More text, x: words, methods: [distill], base: direct, answers: true}
  - {kind: differences, title: Against direct transfer, base: direct, methods: [distill], answers: true}
  - {kind: heatmap, title: All languages}
  - {kind: against, title: Closeness, x: closeness, methods: [direct]}
  - {kind: table, title: Everything}
"""
GAIN = {"es": 14.0, "de": 12.0, "sw": -8.0}


def counts(f1, chance, sentences=400):
    """Counts of a test set in which each sentence has two entities, for an F1 of about `f1` points."""
    made = np.zeros((sentences, 1, 3), int)
    made[:, 0, 0] = made[:, 0, 1] = 2
    made[:, 0, 2] = chance.binomial(2, f1 / 100, sentences)
    return made


def record(run, f1, chance):
    values = {"closeness": {"es": 0.9, "de": 0.7, "sw": 0.2}[run.axes["target"]]} if run.step == "close" else {}
    held = packed(counts(f1, chance)) if run.gold else ""
    return Record(run.id, run.settings(), 90.0, 800, ("PER",), held, values, {"xlner": "0.1"}, {"{demo}/x": "0" * 64})


@pytest.fixture
def world():
    plan = Plan.model_validate(yaml.safe_load(PLAN))
    runs, chance, records = runs_of(plan), np.random.default_rng(1), {}
    for run in runs:
        target, start = run.axes.get("target"), {"es": 70.0, "de": 60.0, "sw": 50.0}
        f1 = start.get(target, 0)
        if run.step == "distill":
            f1 += GAIN[target] * (1 - (run.axes["words"] / 500) ** -1.0)
        records[run.id] = record(run, f1, chance)
    return plan, runs, records


def test_counts_are_kept_to_the_last_one():
    made = counts(60, np.random.default_rng(0))
    assert (unpacked(packed(made), 1) == made).all()


def test_the_law_that_made_the_numbers_is_found():
    x = np.array([1000.0, 3000, 10_000, 30_000, 100_000])
    law = fitted_law(x, 80 - 900 * x**-0.6)
    assert law.a == pytest.approx(80, abs=0.1)
    assert law.c == pytest.approx(0.6, abs=0.01)
    assert law.error < 0.01
    gain = 900 * law.stops**-0.6 * (1 - 2**-0.6)
    assert gain == pytest.approx(0.5, abs=0.01)  # what doubling from there adds
    assert fitted_law(x[:3], x[:3]) is None
    assert fitted_law(x, np.resize([70.0, 71.0], len(x))) is None  # no law in that


@pytest.mark.parametrize(("slope", "stops"), [(3.0, np.inf), (0.5, 500.0)])
def test_a_curve_that_only_rises_is_a_line_over_the_logarithm(slope, stops):
    """Few points of it fit curves that end above 100, or not at all."""
    x = np.array([500.0, 1000, 2000, 4000, 8000])
    law = fitted_law(x, 40 + slope * np.log(x) + [0.05, -0.05, 0, 0.05, -0.05])
    assert (law.c, law.stops) == (None, stops)
    assert law.b == pytest.approx(slope, abs=0.1)
    assert law(x) == pytest.approx(40 + slope * np.log(x), abs=0.2)


def test_a_curve_may_start_at_nothing_and_have_fractions():
    assert fitted_law(np.array([0.0, 1, 2, 4]), np.array([50.0, 60, 65, 67])) is None
    assert [number(x) for x in (0.1, 0.25, 1, 2.5, 20_000)] == ["0.1", "0.25", "1", "2.5", "20,000"]


def test_lines_that_cannot_be_fitted_and_lines_without_a_law_are_told_apart(world):
    plan, runs, records = without(world, lambda r: r.axes.get("target") != "es" or r.axes.get("words") != 2000)
    level = {r.id: record(r, 50.0 + 8 * (r.axes["words"] in (1000, 4000)), np.random.default_rng(0))
             for r in runs if r.step == "distill" and r.axes["target"] == "de"}  # fmt: skip
    told = findings_of(plan, runs, records | level)[0].sentences
    assert "To 1 of 3 lines no law is fitted: that takes four points or more, all above 0." in told
    assert "1 of 3 lines follow no law: F1 changes less than it scatters." in told


def test_a_curve_of_no_run_is_said_and_has_no_picture(world):
    plan, runs, records = without(world, lambda r: r.step == "direct")
    curve = findings_of(plan, runs, records)[0]
    assert curve.sentences == ["No run over words is done, so there is no curve."]
    assert drawn(curve) is None


def painted(finding):
    """The axes of a picture, and the words of its legend."""
    figure = _PAINTERS[finding.block.kind](finding.figure)
    figure.canvas.draw()
    return figure.axes[0], [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_a_curve_with_a_point_at_0_has_it_in_its_picture(world):
    plan = yaml.safe_load(PLAN)
    plan["axes"]["words"] = [0, 0.5, 1000]
    plan["steps"]["distill"]["run"] = "transfer --source en={teacher} --option x={words} --seed {seed}"
    plan["report"][0]["label"] = "words of raw text"
    plan = Plan.model_validate(plan)
    runs, chance = runs_of(plan), np.random.default_rng(1)
    curve = findings_of(plan, runs, {r.id: record(r, 50.0, chance) for r in runs if r.step in ("direct", "distill")})[0]
    axes, legend = painted(curve)
    places = [axes.transData.transform((x, 50))[0] for x in (0, 0.5, 1000)]
    assert places == sorted(places)
    assert np.isfinite(places).all()
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0", "0.5", "1,000"]
    assert axes.get_xlabel() == "words of raw text"
    assert legend == ["95% interval over seeds", "direct"]


def test_only_what_is_significant_is_filled_in_a_picture_of_differences(world):
    differences = findings_of(*world)[1]
    axes, legend = painted(differences)
    marks = {line.get_ydata()[0]: line for line in axes.lines if line.get_marker() in ("o", "D")}
    rows = [m for name in dict.fromkeys(m["name"] for m in differences.figure["marks"])
            for m in differences.figure["marks"] if m["name"] == name]  # fmt: skip
    filled = [line.get_markerfacecolor() != "white" for _, line in sorted(marks.items())]
    assert filled == [m["low"] > 0 or m["high"] < 0 if m["sure"] is None else m["sure"] for m in rows]
    assert not all(filled[i] for i, m in enumerate(rows) if m["sure"] is None)
    assert legend == [
        "significant after Holm's correction", "not significant",
        "mean whose interval leaves out 0", "mean whose interval holds 0",
    ]  # fmt: skip
    low, high = sorted(axes.get_ylim())
    assert all(low < text.get_position()[1] < high for text in axes.texts)  # names of methods are inside


def test_a_line_without_all_points_is_in_the_table_of_a_curve(world):
    plan, runs, records = world
    wanted = {"target": "es", "words": 8000}
    lost = {r.id for r in runs if r.step == "distill" and wanted.items() <= r.axes.items()}
    left = {id: record for id, record in records.items() if id not in lost}
    curve = findings_of(plan, runs, left)[0]
    assert [row[0] for row in curve.rows] == ["es", "de", "sw"]
    row = curve.rows[0]
    assert len(row) == len(curve.head)
    assert row[curve.head.index("8,000")] == ""


def test_a_curve_has_a_line_for_each_value_of_a_further_axis_and_its_own_base():
    plan = yaml.safe_load(PLAN)
    plan["axes"]["size"] = ["small", "large"]
    for step in ("direct", "distill"):
        plan["steps"][step]["over"].append("size")
    plan["steps"]["distill"]["run"] += " --student-layers {size}"
    plan["steps"]["direct"]["model"] = "{size}"
    plan = Plan.model_validate(plan | {"report": plan["report"][:1]})
    runs, chance = runs_of(plan), np.random.default_rng(1)
    f1 = {("direct", "small"): 40.0, ("direct", "large"): 60.0, ("distill", "small"): 50.0, ("distill", "large"): 70.0}
    records = {run.id: record(run, f1.get((run.step, run.axes.get("size")), 0.0), chance) for run in runs}
    (curve,) = findings_of(plan, runs, records)
    found = {row[0]: (round(float(row[1]) / 10), round(float(row[-4]) / 10)) for row in curve.rows}
    assert found == {
        f"distill, size={size}, {target}": (4 + 2 * large, 5 + 2 * large)
        for large, size in enumerate(("small", "large"))
        for target in ("es", "de", "sw")
    }


def test_a_number_that_was_printed_with_several_seeds_or_by_several_steps(world):
    plan = yaml.safe_load(PLAN)
    plan["steps"]["close"] = plan["steps"]["close"] | {"over": ["target", "seed"]}
    plan["steps"]["again"] = plan["steps"]["close"] | {"over": ["target"]}
    plan["steps"]["close"]["run"] += " --option x.seed={seed}"
    plan = Plan.model_validate(plan | {"report": plan["report"][3:4]})
    runs, chance = runs_of(plan), np.random.default_rng(1)
    records = {
        run.id: record(run, {"es": 70, "de": 60, "sw": 50}.get(run.axes.get("target"), 0), chance) for run in runs
    }
    for run in runs:
        if run.step in ("close", "again"):
            printed = {"closeness": 0.1 * (run.axes["target"] == "es") + 0.01 * run.axes.get("seed", 8)}
            records[run.id] = replace(records[run.id], values=printed)
    (against,) = findings_of(plan, runs, records)
    assert {row[0]: row[1] for row in against.rows} == {
        "close es": "0.1300", "close de": "0.0300", "close sw": "0.0300",
        "again es": "0.1800", "again de": "0.0800", "again sw": "0.0800",
    }  # fmt: skip


def test_damaged_counts_are_said():
    with pytest.raises(DataError, match="damaged"):
        unpacked(packed(counts(60, np.random.default_rng(0)))[:-5], 1)


def test_findings_say_what_the_numbers_are(world):
    curve, differences, heatmap, against, table = findings_of(*world)
    assert curve.sentences[0].startswith("F1 changes by +")
    assert [row[0] for row in curve.rows] == ["es", "de", "sw"]
    by_words = {s.split(" differs")[0]: s for s in differences.sentences}
    assert "significantly better on 2" in by_words["distill, words=8000"]
    assert "95% interval over them" in by_words["distill, words=8000"]
    assert len(differences.rows) == 12
    gain = next(row for row in differences.rows if row[:2] == ["distill, words=8000", "es"])
    assert float(gain[3]) == pytest.approx(GAIN["es"] * (1 - 1 / 16), abs=5)
    assert heatmap.head == ["method", "es", "de", "sw", "mean of 3"]
    assert against.sentences[0].startswith("closeness and F1 have a rank correlation of +1.00 over 3 pairs")
    assert len(table.rows) == 3 + 12
    assert all(row[3] == "5" for row in table.rows)  # seeds


def test_numbers_are_the_same_from_a_ledger_alone(world, tmp_path):
    plan, runs, records = world
    (tmp_path / "made-up.yaml").write_text(PLAN)
    write_ledger(tmp_path / "study" / "ledger.jsonl", records.values())
    made = report_study(tmp_path / "made-up.yaml", output=tmp_path / "study")
    assert [f.rows for f in made.findings] == [f.rows for f in findings_of(plan, runs, records)]
    assert len(made.answer) == 2


def test_the_page_needs_nothing_else(world, tmp_path):
    plan, runs, records = world
    from xlner.study.page import write_report

    made = write_report(plan, runs, records, tmp_path, "xlner study run made-up.yaml")
    page, markdown = (path.read_text("utf-8") for path in made.files[:2])
    assert page.count("<svg") == 4
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)
    assert "<script" not in page
    for told in (plan.question, *made.answer, "The numbers are made up.", "xlner study run made-up.yaml"):
        assert told in markdown
    assert markdown.count("![") == 4
    assert all(path.is_file() for path in made.files)
    again = write_report(plan, runs, records, tmp_path / "again", "xlner study run made-up.yaml")
    assert [p.read_bytes() for p in again.files] == [p.read_bytes() for p in made.files]


BY_LABELS = """
name: labels
question: Does distillation pay?
axes: {seed: [1, 2, 3], target: [es, de], labels: [100, 900]}
languages:
  en: {train: "{demo}/en.train.conll"}
  es: {raw: "{demo}/es.raw.txt", gold: "{demo}/es.gold.conll"}
  de: {raw: "{demo}/de.raw.txt", gold: "{demo}/de.gold.conll"}
steps:
  teacher: {over: [labels, seed], run: "train --source en={first(en.train, labels)} --seed {seed}"}
  direct: {over: [target, labels, seed], model: "{teacher}", gold: "{target.gold}"}
  distill: {over: [target, labels, seed], run: "transfer --source en={teacher}", gold: "{target.gold}"}
report:
  - {kind: differences, title: Against direct transfer, base: direct}
  - {kind: heatmap, title: Methods}
"""


def test_a_method_is_held_against_the_base_of_the_same_axes():
    plan = Plan.model_validate(yaml.safe_load(BY_LABELS))
    runs, chance = runs_of(plan), np.random.default_rng(1)
    f1 = {("direct", 100): 30.0, ("direct", 900): 60.0, ("distill", 100): 40.0, ("distill", 900): 70.0}
    records = {run.id: record(run, f1.get((run.step, run.axes["labels"]), 0.0), chance) for run in runs}
    differences, _ = findings_of(plan, runs, records)
    gains = {(row[0], row[1]): float(row[3]) for row in differences.rows}
    assert set(gains) == {(f"distill, labels={n}", target) for n in (100, 900) for target in ("es", "de")}
    assert all(6 < gain < 14 for gain in gains.values())
    assert all("interval" not in told for told in differences.sentences)  # of two targets there is none worth telling


def by_labels(steps):
    plan = Plan.model_validate(yaml.safe_load(BY_LABELS) | {"steps": yaml.safe_load(steps)})
    runs, chance = runs_of(plan), np.random.default_rng(1)
    return findings_of(plan, runs, {run.id: record(run, 50.0, chance) for run in runs})[0].rows


def test_a_run_of_no_target_is_not_held_against_those_of_one():
    rows = by_labels("""
  teacher: {over: [seed], run: "train --seed {seed}", gold: "{es.gold}"}
  direct: {over: [target, seed], model: "{teacher}", gold: "{target.gold}"}
  distill: {over: [target, seed], run: "transfer --target {target} --seed {seed}", gold: "{target.gold}"}
""")
    assert {row[0] for row in rows} == {"distill"}


def test_each_setting_of_the_base_is_a_comparison_of_its_own():
    rows = by_labels("""
  direct: {over: [target, labels, seed], run: "train {target} {labels} --seed {seed}", gold: "{target.gold}"}
  distill: {over: [target, seed], run: "transfer --target {target} --seed {seed}", gold: "{target.gold}"}
""")
    assert {row[0] for row in rows} == {f"distill against direct, labels={n}" for n in (100, 900)}
    assert {row[2] for row in rows} == {"3"}


def test_nothing_to_compare_is_said_and_has_no_picture():
    plan = Plan.model_validate(yaml.safe_load(BY_LABELS))
    runs, chance = runs_of(plan), np.random.default_rng(1)
    records = {run.id: record(run, 50.0, chance) for run in runs if run.step != "distill"}
    differences, _ = findings_of(plan, runs, records)
    assert differences.sentences == ["No other method has runs that go with those of direct."]
    assert drawn(differences) is None


def test_it_is_said_first_that_nothing_is_significant():
    plan = Plan.model_validate(yaml.safe_load(BY_LABELS))
    runs, chance = runs_of(plan), np.random.default_rng(1)
    records = {run.id: record(run, 50.0, chance) for run in runs}
    differences, _ = findings_of(plan, runs, records)
    assert differences.sentences[0].startswith("No difference from direct is significant, of 4; mean differences reach")


def test_heatmaps_have_a_row_for_each_setting():
    plan = Plan.model_validate(yaml.safe_load(BY_LABELS))
    runs, chance = runs_of(plan), np.random.default_rng(1)
    _, heatmap = findings_of(plan, runs, {run.id: record(run, 50.0, chance) for run in runs})
    assert [row[0] for row in heatmap.rows] == [f"{m}, labels={n}" for m in ("direct", "distill") for n in (100, 900)]


def test_a_part_of_the_runs_gives_a_part_of_the_report(world):
    plan, runs, records = world
    some = {r.id: records[r.id] for r in runs if r.step in ("direct", "close")}
    titles = [f.block.title for f in findings_of(plan, runs, some)]
    assert titles == ["More text", "Against direct transfer", "All languages", "Closeness", "Everything"]
    assert findings_of(plan, runs, {}) == []


def test_two_hundred_runs_are_reported_in_seconds(world):
    plan = Plan.model_validate({**yaml.safe_load(PLAN), "axes": {"seed": list(range(14)), "target": ["es", "de", "sw"],
                                                                  "words": [1000, 2000, 4000, 8000]}})  # fmt: skip
    runs, chance = runs_of(plan), np.random.default_rng(1)
    records = {r.id: record(r, 60.0, chance) for r in runs}
    began = time.process_time()
    findings_of(plan, runs, records)
    assert len(runs) > 200
    assert time.process_time() - began < 20


def test_the_command(world, tmp_path, capsys):
    (tmp_path / "made-up.yaml").write_text(PLAN)
    write_ledger(tmp_path / "study" / "ledger.jsonl", world[2].values())
    with pytest.raises(SystemExit) as stopped:
        main(["study", "report", str(tmp_path / "made-up.yaml"), "--output", str(tmp_path / "study"), "--json"])
    assert not stopped.value.code
    assert len(json.loads(capsys.readouterr().out)["blocks"]) == 5
    with pytest.raises(UsageError, match="no run of made-up is done"):
        report_study(tmp_path / "made-up.yaml", output=tmp_path / "nothing")


def without(world, keep):
    plan, runs, records = world
    return plan, runs, {r.id: records[r.id] for r in runs if r.id in records and keep(r)}


def test_lines_that_end_early_and_seeds_that_are_missing_have_no_say_in_the_gain(world):
    plan, runs, records = without(world, lambda r: r.axes.get("words") != 8000 or r.axes["target"] == "es")
    assert "to 8,000 words, over 1 of 3 lines" in findings_of(plan, runs, records)[0].sentences[0]
    made_up = [r for r in runs if r.step in ("direct", "distill")]
    f1 = {r.id: 50.0 + 4 * r.axes["seed"] for r in made_up}  # distillation does nothing, and seeds differ
    flat = {
        r.id: record(r, f1[r.id], np.random.default_rng(0))
        for r in made_up
        if (r.step, r.axes["seed"]) != ("distill", 1)
    }
    curve, _, heatmap, *_ = findings_of(plan, runs, flat)
    assert "F1 changes by +0.0" in curve.sentences[0].replace("-0.0", "+0.0")
    assert heatmap.rows  # direct has one seed more, which is not compared


def test_one_seed_says_nothing_of_the_methods(world):
    plan, runs, records = without(world, lambda r: r.axes.get("seed", 1) == 1)
    told = findings_of(plan, runs, records)[1].sentences
    assert any("one seed, so that is said of these models" in sentence for sentence in told)


def test_a_correlation_of_few_languages_has_no_interval(world):
    against = next(f for f in findings_of(*world) if f.block.kind == "against")
    assert "too few targets or sources for an interval" in against.sentences[0]
