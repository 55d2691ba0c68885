"""What a study shows: tables and sentences, computed from the records of its runs alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from xlner.evaluate import Scores, holm
from xlner.evaluate.comparison import compare_runs
from xlner.evaluate.seeds import paired_differences, seeds_interval, targets_interval
from xlner.study.fits import fitted_law, rank_correlations, up_to
from xlner.study.plan import Block, Plan
from xlner.study.record import Record
from xlner.study.runs import Run

LEVEL = 0.05  # what counts as significant, after Holm's correction
SEED = "seed"


@dataclass(frozen=True)
class Row:
    """A scored run in the words of the plan."""

    method: str
    axes: Mapping[str, Any]
    scores: Scores
    record: Record

    @property
    def points(self) -> float:
        """F1 in points."""
        return 100 * self.scores.f1

    def at(self, axis: str) -> str:
        """The value of an axis as a word; "" where the run has none."""
        value = self.axes.get(axis, "")
        return "+".join(map(str, value)) if isinstance(value, list) else str(value)


@dataclass(frozen=True)
class Finding:
    """One block of a report.

    Args:
        block: of the plan.
        sentences: what it shows, the main thing first.
        head: columns of the table.
        rows: its cells as text.
        figure: numbers that a picture is drawn from; its form depends on the kind.
    """

    block: Block
    sentences: Sequence[str]
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    figure: Mapping[str, Any] = field(default_factory=dict)


def rows_of(runs: Sequence[Run], records: Mapping[str, Record]) -> list[Row]:
    """The scored runs that are done."""
    found = []
    for run in runs:
        record = records.get(run.id)
        scores = None if record is None else record.scores
        if record is not None and scores is not None:
            found.append(Row(run.method, run.axes, scores, record))
    return found


def findings_of(plan: Plan, runs: Sequence[Run], records: Mapping[str, Record]) -> list[Finding]:
    """What each block of the plan's report shows; blocks without a run that is done are left out."""
    rows = rows_of(runs, records)
    makers = {"table": _table, "heatmap": _heatmap, "differences": _differences, "curve": _curve}
    out = []
    for block in plan.report:
        mine = [r for r in rows if not block.methods or r.method in (*block.methods, block.base)]
        if block.kind == "against":
            made = _against(block, mine, runs, records)
        elif block.kind == "values":
            made = _values(block, runs, records)
        else:
            made = makers[block.kind](block, mine) if mine else None
        if made is not None:
            out.append(made)
    return out


def _table(block: Block, rows: Sequence[Row]) -> Finding:
    """Means over seeds."""
    axes = [a for a in dict.fromkeys(a for r in rows for a in r.axes) if a != SEED]
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.method, *(row.at(a) for a in axes)), []).append(row)
    cells = []
    for key, mine in groups.items():
        over = seeds_interval([r.points for r in mine])
        spread = "" if over.low is None else f"{over.low:.2f} to {over.high:.2f}"
        precision, recall = (
            100 * float(np.mean([getattr(r.scores, k) for r in mine])) for k in ("precision", "recall")
        )
        seconds = float(np.median([r.record.seconds for r in mine]))
        cells.append(
            [*key, str(len(mine)), f"{over.mean:.2f}", spread, f"{precision:.1f}", f"{recall:.1f}",
             f"{seconds / 60:.1f}", str(max(r.record.peak_mb for r in mine))]
        )  # fmt: skip
    head = ["method", *axes, "seeds", "F1", "95% over seeds", "precision", "recall", "minutes", "peak MB"]
    return Finding(block, (), head, cells)


def _values(block: Block, runs: Sequence[Run], records: Mapping[str, Record]) -> Finding | None:
    """Means over seeds of the numbers that commands printed."""
    groups: dict[tuple[str, str, str], list[float]] = {}
    for run in runs:
        record = records.get(run.id)
        if record is None or (block.methods and run.method not in block.methods):
            continue
        axes = " ".join(f"{a}={v}" for a, v in run.axes.items() if a != SEED)
        for name, value in record.values.items():
            groups.setdefault((run.method, axes, name), []).append(value)
    if not groups:
        return None
    cells = [[*key, str(len(values)), f"{np.mean(values):.4f}"] for key, values in groups.items()]
    return Finding(block, (), ["method", "over", "value", "seeds", "mean"], cells)


def _by(rows: Sequence[Row], axis: str) -> tuple[list[str], list[str], dict[tuple[str, str], list[Row]]]:
    """Methods, values of an axis, and the rows of each pair."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.method, row.at(axis)), []).append(row)
    methods = list(dict.fromkeys(m for m, _ in groups))
    values = list(dict.fromkeys(v for _, v in groups))
    return methods, values, groups


def _heatmap(block: Block, rows: Sequence[Row]) -> Finding:
    """Mean F1 of each method for each value of an axis."""
    methods, values, groups = _by(rows, block.by)
    means = {key: float(np.mean([r.points for r in mine])) for key, mine in groups.items()}
    whole = [v for v in values if all((m, v) in means for m in methods)]
    average = {m: float(np.mean([means[m, v] for v in whole])) for m in methods} if whole else {}
    cells = [
        [m, *(f"{means[m, v]:.1f}" if (m, v) in means else "" for v in values), f"{average[m]:.1f}" if average else ""]
        for m in methods
    ]
    sentences = []
    if average:
        best = max(average, key=lambda m: average[m])
        wins = sum(max(methods, key=lambda m: means[m, v]) == best for v in whole)
        sentences.append(
            f"The best method on average is {best} with an F1 of {average[best]:.1f} over {len(whole)} "
            f"{_plural(block.by, len(whole))}; it is the best on {wins} of them."
        )
    figure = {"rows": methods, "columns": values, "cells": [[means.get((m, v)) for v in values] for m in methods]}
    return Finding(block, sentences, ["method", *values, f"mean of {len(whole)}"], cells, figure)


def _differences(block: Block, rows: Sequence[Row]) -> Finding:
    """Each method against one, paired by sentences and by seeds."""
    assert block.base is not None
    others = [a for a in dict.fromkeys(a for r in rows for a in r.axes) if a not in (SEED, block.by)]
    runs: dict[tuple[str, str, str], dict[Any, Row]] = {}
    for row in rows:
        setting = " ".join(f"{a}={row.at(a)}" for a in others if a in row.axes)
        runs.setdefault((row.method, setting, row.at(block.by)), {})[row.axes.get(SEED)] = row
    of_base = {v: of for (m, _, v), of in runs.items() if m == block.base}
    compared: list[tuple[str, str, Any]] = []
    over_all: dict[str, tuple[dict[str, list[float]], dict[str, list[float]]]] = {}
    for (method, setting, value), mine in runs.items():
        base = of_base.get(value)
        if method == block.base or base is None:
            continue
        common = [s for s in mine if s in base]
        if not common:
            continue
        name = f"{method}, {setting}" if setting else method
        a, b = ([side[s].scores for s in common] for side in (mine, base))
        compared.append((name, value, compare_runs(a, b, matched=True)))
        for side, of in zip(over_all.setdefault(name, ({}, {})), (mine, base), strict=True):
            side[value] = [of[s].points for s in common]
    corrected = holm([c.p_value for _, _, c in compared]) if compared else []
    cells, marks, sentences = [], [], []
    for (name, value, c), p in zip(compared, corrected, strict=True):
        low, high, gain = (100 * x for x in (c.interval.low, c.interval.high, c.difference))
        cells.append([name, value, str(c.runs[0]), f"{gain:+.2f}", f"{low:+.2f} to {high:+.2f}", f"{p:.4f}"])
        marks.append({"name": name, "value": value, "gain": gain, "low": low, "high": high, "sure": p <= LEVEL})
    for name, (ours, theirs) in over_all.items():
        over = targets_interval(paired_differences(ours, theirs))
        of_name = [m for m in marks if m["name"] == name]
        better = sum(m["sure"] and m["gain"] > 0 for m in of_name)
        worse = sum(m["sure"] and m["gain"] < 0 for m in of_name)
        spread = "" if over.low is None else f" (95% interval over them {over.low:+.2f} to {over.high:+.2f})"
        sentences.append(
            f"{name} differs from {block.base} by {over.mean:+.2f} F1 on average over {len(of_name)} "
            f"{_plural(block.by, len(of_name))}{spread}; it is significantly better on {better} and worse on {worse}."
        )
        if over.low is not None:
            marks.append(
                {"name": name, "value": "mean", "gain": over.mean, "low": over.low, "high": over.high, "sure": None}
            )
    head = ["method", block.by, "seeds", f"F1 less {block.base}", "95% interval", "p (Holm)"]
    sentences.sort(key=lambda s: -float(s.split(" by ")[1].split(" ")[0]))
    return Finding(block, sentences, head, cells, {"marks": marks, "base": block.base})


def _curve(block: Block, rows: Sequence[Row]) -> Finding:
    """F1 over an axis of numbers, with a law fitted to each line."""
    assert block.x is not None
    lines: dict[tuple[str, str], dict[float, list[float]]] = {}
    start: dict[str, list[float]] = {}
    for row in rows:
        if row.method == block.base and block.x not in row.axes:
            start.setdefault(row.at(block.by), []).append(row.points)
        elif block.x in row.axes:
            lines.setdefault((row.method, row.at(block.by)), {}).setdefault(float(row.axes[block.x]), []).append(
                row.points
            )
    methods = list(dict.fromkeys(m for m, _ in lines))
    drawn, cells, gains = [], [], []
    for (method, value), points in lines.items():
        x = np.array(sorted(points))
        y = np.array([float(np.mean(points[k])) for k in x])
        spread = [seeds_interval(points[k]) for k in x]
        law = fitted_law(x, y)
        name = value if len(methods) == 1 else f"{method}, {value}"
        base = float(np.mean(start[value])) if value in start else None
        drawn.append(
            {"name": name, "x": x.tolist(), "y": y.tolist(), "low": [s.low for s in spread],
             "high": [s.high for s in spread], "law": law, "base": base}
        )  # fmt: skip
        told = ["", "", ""]
        if law is not None:
            told = [
                f"{law['a']:.1f} - {law['b']:.3g} n^-{law['c']:.2f}",
                f"{law['error']:.2f}",
                up_to(law["stops"], x[-1]),
            ]
        cells.append([name, "" if base is None else f"{base:.1f}", *(f"{v:.1f}" for v in y), *told])
        gains.append(y[-1] - (y[0] if base is None else base))
    every = sorted({k for points in lines.values() for k in points})
    sentences = []
    if gains:
        below = block.base if start else f"the smallest {block.x}"
        sentences.append(
            f"F1 changes by {np.mean(gains):+.1f} on average from {below} to {every[-1]:,.0f} {block.x}, over "
            f"{len(gains)} lines ({min(gains):+.1f} to {max(gains):+.1f})."
        )
    laws = [d["law"] for d in drawn if d["law"]]
    if laws:
        stops = sorted(law["stops"] for law in laws)
        middle, least, most = (up_to(n, every[-1]) for n in (float(np.median(stops)), stops[0], stops[-1]))
        sentences.append(
            f"By the fitted laws, doubling {block.x} pays less than half a point from {middle} on "
            f"(median; {least} to {most})."
        )
    if (lawless := len(drawn) - len(laws)) and len(every) >= 4:
        sentences.append(f"{lawless} of {len(drawn)} lines follow no law: F1 changes less than it scatters.")
    head = [block.by, block.base or "start", *(f"{k:,.0f}" for k in every), "law", "error", "doubling pays < 0.5 from"]
    full = [row for row in cells if len(row) == len(head)]
    return Finding(block, sentences, head, full, {"lines": drawn, "x": block.x})


def _against(block: Block, rows: Sequence[Row], runs: Sequence[Run], records: Mapping[str, Record]) -> Finding | None:
    """A number of other runs, such as a similarity, against F1; matched by the axes that both have."""
    values: list[tuple[Mapping[str, Any], float]] = [
        (run.axes, records[run.id].values[block.x])
        for run in runs
        if run.id in records and block.x is not None and block.x in records[run.id].values
    ]
    points = []
    for axes, value in values:
        mine = [r.points for r in rows if all(r.axes.get(a) == v for a, v in axes.items() if a != SEED)]
        if mine:
            name = " ".join(str(v) for a, v in axes.items() if a != SEED)
            points.append({"name": name, "x": value, "y": float(np.mean(mine)), "group": str(axes.get(block.by, ""))})
    if len(points) < 3:
        return None
    whole, within = rank_correlations(points, block.x or "")
    spread = (
        "" if whole.interval is None else f" (95% interval {whole.interval.low:+.2f} to {whole.interval.high:+.2f})"
    )
    sentences = [
        f"{block.x} and F1 have a rank correlation of {whole.value:+.2f} over {len(points)} pairs{spread}."
        if np.isfinite(whole.value)
        else f"{block.x} or F1 is the same in all {len(points)} pairs, so there is no correlation."
    ]
    if np.isfinite(within.value):
        sentences.append(f"Within one {block.by} it is {within.value:+.2f} on average over {within.targets}.")
    cells = [[str(p["name"]), f"{p['x']:.4f}", f"{p['y']:.1f}"] for p in points]
    return Finding(block, sentences, ["pair", block.x or "", "F1"], cells, {"points": points, "x": block.x})


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
