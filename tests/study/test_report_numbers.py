"""The numbers of a report against those that scores of its runs give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import yaml
from tests.study.test_report import PLAN, counts, record

from xlner.evaluate import compare_runs, holm
from xlner.study.findings import findings_of
from xlner.study.plan import Plan
from xlner.study.record import packed
from xlner.study.runs import runs_of

TARGETS, WORDS = ("es", "de", "sw"), (1000, 8000)
F1 = {
    "direct": {"es": 70, "de": 60, "sw": 50},
    1000: {"es": 73, "de": 62, "sw": 49},
    8000: {"es": 82, "de": 66, "sw": 44},
}
BLOCKS = [
    {"kind": "table", "title": "Everything"},
    {"kind": "heatmap", "title": "All languages"},
    {"kind": "differences", "title": "Against direct transfer", "base": "direct"},
    {"kind": "values", "title": "What was printed"},
]


class Study:
    """Three seeds of each run, on a small test set in which more entities are predicted than there are."""

    def __init__(self):
        plan = yaml.safe_load(PLAN) | {"axes": {"seed": [1, 2, 3], "target": TARGETS, "words": WORDS}, "report": BLOCKS}
        plan["steps"]["close"]["over"] = ["target", "seed"]
        plan["steps"]["close"]["run"] += " --seed {seed}"
        plan = Plan.model_validate(plan)
        self.runs, self.records, chance = runs_of(plan), {}, np.random.default_rng(1)
        for run in self.runs:
            made = record(run, 0, chance)
            if run.gold:
                f1 = F1[run.axes.get("words", "direct")][run.axes["target"]]
                found = counts(f1, chance, sentences=100)
                found[:30, 0, 1] += 1
                made = replace(made, counts=packed(found))
            elif run.step == "close":
                made = replace(made, values={"closeness": made.values["closeness"] + run.axes["seed"] ** 2})
            self.records[run.id] = made
        self.table, self.heatmap, self.differences, self.values = findings_of(plan, self.runs, self.records)

    def scores(self, step, **axes):
        """Of the runs of a step with these axes, by seed."""
        mine = [r for r in self.runs if r.step == step and axes.items() <= r.axes.items()]
        return [self.records[r.id].scores for r in sorted(mine, key=lambda r: r.axes["seed"])]


@pytest.fixture(scope="module")
def study():
    return Study()


def mean(scores, metric="f1"):
    return 100 * np.mean([getattr(s, metric) for s in scores])


def test_a_table_has_means_over_seeds(study):
    rows = {tuple(row[:3]): dict(zip(study.table.head, row, strict=True)) for row in study.table.rows}
    assert len(rows) == 3 + 6
    for target in TARGETS:
        scores, row = study.scores("distill", target=target, words=1000), rows["distill", target, "1000"]
        assert row["F1"] == f"{mean(scores):.2f}"
        assert (row["precision"], row["recall"]) == tuple(f"{mean(scores, m):.1f}" for m in ("precision", "recall"))
        assert row["precision"] != row["recall"]


def test_a_heatmap_has_means_and_names_the_highest(study):
    cells, means = {row[0]: row[1:] for row in study.heatmap.rows}, {}
    for name, axes in {"direct": {}, **{f"distill, words={n}": {"words": n} for n in WORDS}}.items():
        of_targets = [mean(study.scores(name.split(",")[0], target=t, **axes)) for t in TARGETS]
        means[name] = np.mean(of_targets)
        assert cells[name] == [f"{x:.1f}" for x in (*of_targets, means[name])]
    highest = max(means, key=means.get)
    assert f"is that of {highest}, {means[highest]:.1f} (" in study.heatmap.sentences[0]


def test_differences_are_those_of_matched_runs_corrected_by_holm(study):
    pairs = [(w, t) for w in WORDS for t in TARGETS]
    wanted = [
        compare_runs(study.scores("distill", target=t, words=w), study.scores("direct", target=t), matched=True)
        for w, t in pairs
    ]
    corrected = holm([c.p_value for c in wanted])
    assert corrected != [c.p_value for c in wanted]
    for row, (words, target), c, p in zip(study.differences.rows, pairs, wanted, corrected, strict=True):
        interval = f"{100 * c.interval.low:+.2f} to {100 * c.interval.high:+.2f}"
        assert row == [f"distill, words={words}", target, "3", f"{100 * c.difference:+.2f}", interval, f"{p:.4f}"]


def test_a_mean_difference_is_that_of_the_method_from_the_base(study):
    gain = np.mean([
        mean(study.scores("distill", target=t, words=8000)) - mean(study.scores("direct", target=t)) for t in TARGETS
    ])  # fmt: skip
    told = next(s for s in study.differences.sentences if s.startswith("distill, words=8000 "))
    assert f"differs from direct by {gain:+.2f} F1 on average over 3 targets" in told


def test_what_was_printed_is_a_mean_over_seeds(study):
    wanted = np.mean([1, 4, 9])
    assert {row[1]: row[4] for row in study.values.rows} == {
        f"target={t}": f"{closeness + wanted:.4f}" for t, closeness in (("es", 0.9), ("de", 0.7), ("sw", 0.2))
    }
