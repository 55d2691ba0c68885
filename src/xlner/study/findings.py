"""What a study shows: tables and sentences, computed from the records of its runs alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from xlner.evaluate.seeds import seeds_interval
from xlner.study.differences import differences
from xlner.study.fits import can_be_fitted, fitted_law, number, rank_correlations, up_to
from xlner.study.plan import Block, Plan
from xlner.study.record import Record
from xlner.study.rows import SEED, Finding, Row, lines_of, plural, rows_of
from xlner.study.runs import Run


def findings_of(plan: Plan, runs: Sequence[Run], records: Mapping[str, Record]) -> list[Finding]:
    """What each block of the plan's report shows; blocks without a run that is done are left out."""
    rows = rows_of(runs, records)
    makers = {"table": _table, "heatmap": _heatmap, "differences": differences, "curve": _curve}
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


def _heatmap(block: Block, rows: Sequence[Row]) -> Finding:
    """Mean F1 of each method for each value of an axis."""
    lines = lines_of(rows, block.by)
    methods, values = list(lines), list(dict.fromkeys(r.at(block.by) for r in rows))
    at = {(m, v): [r for r in lines[m] if r.at(block.by) == v] for m, v in product(methods, values)}
    means = {key: float(np.mean([r.points for r in mine])) for key, mine in at.items() if mine}
    # What is compared has the same seeds on all sides.
    seeds = {v: set.intersection(*({r.axes.get(SEED) for r in at[m, v]} for m in methods)) for v in values}
    whole = [v for v in values if seeds[v]]
    fair = {
        (m, v): float(np.mean([r.points for r in at[m, v] if r.axes.get(SEED) in seeds[v]]))
        for m, v in product(methods, whole)
    }
    average = {m: float(np.mean([fair[m, v] for v in whole])) for m in methods} if whole else {}
    cells = [
        [m, *(f"{means[m, v]:.1f}" if (m, v) in means else "" for v in values), f"{average[m]:.1f}" if average else ""]
        for m in methods
    ]
    sentences = []
    if len(average) > 1:
        best, second = sorted(average, key=lambda m: -average[m])[:2]
        wins = sum(all(fair[best, v] > fair[m, v] for m in methods if m != best) for v in whole)
        of = f"{len(whole)} {plural(block.by, len(whole))}"
        sentences.append(
            f"The highest mean F1 over {of} is that of {best}, {average[best]:.1f} "
            f"(highest on {wins} of them); {second} follows with {average[second]:.1f}. This is not tested here."
        )
    figure = {"rows": methods, "columns": values, "cells": [[means.get((m, v)) for v in values] for m in methods]}
    return Finding(block, sentences, ["method", *values, f"mean of {len(whole)}"], cells, figure)


def _curve(block: Block, rows: Sequence[Row]) -> Finding:
    """F1 over an axis of numbers, with a law fitted to each line."""
    assert block.x is not None
    lines: dict[tuple[str, str], list[Row]] = {}
    for name, mine in lines_of([r for r in rows if block.x in r.axes], block.by, block.x).items():
        for row in mine:
            lines.setdefault((name, row.at(block.by)), []).append(row)
    start = [r for r in rows if r.method == block.base and block.x not in r.axes]
    methods = list(dict.fromkeys(name for name, _ in lines))
    every = sorted({float(r.axes[block.x]) for mine in lines.values() for r in mine})
    drawn: list[dict[str, Any]] = []
    gains: list[float | None] = []
    cells = []
    for (method, value), mine in lines.items():
        points: dict[float, list[float]] = {}
        for row in mine:
            points.setdefault(float(row.axes[block.x]), []).append(row.points)
        x = np.array(sorted(points))
        y = np.array([float(np.mean(points[k])) for k in x])
        spread = [seeds_interval(points[k]) for k in x]
        law = fitted_law(x, y)
        name = value if len(methods) == 1 else f"{method}, {value}"
        below = [r for r in start if _agree(r.axes, mine[0].axes)]
        base = float(np.mean([r.points for r in below])) if below else None
        last = [r for r in mine if float(r.axes[block.x]) == every[-1]]
        gains.append(_paired(last, below or [r for r in mine if float(r.axes[block.x]) == every[0]]))
        drawn.append(
            {"name": name, "x": x.tolist(), "y": y.tolist(), "low": [s.low for s in spread],
             "high": [s.high for s in spread], "law": law, "base": base}
        )  # fmt: skip
        told = ["", "", ""]
        if law is not None:
            told = [str(law), f"{law.error:.2f}", up_to(law.stops, x[-1])]
        shown = {k: f"{v:.1f}" for k, v in zip(x.tolist(), y, strict=True)}
        cells.append([name, "" if base is None else f"{base:.1f}", *(shown.get(k, "") for k in every), *told])
    sentences = []
    if not drawn:
        sentences.append(f"No run over {block.x} is done, so there is no curve.")
    else:
        whole = all(d["base"] is not None for d in drawn)
        known = [gain for gain in gains if gain is not None]
        if known and (whole or all(d["base"] is None for d in drawn)):
            of = "" if len(known) == len(gains) else f" of {len(gains)}"
            sentences.append(
                f"F1 changes by {np.mean(known):+.1f} on average from "
                f"{block.base if whole else f'{number(every[0])} {block.x}'} to {number(every[-1])} {block.x}, over "
                f"{len(known)}{of} lines ({min(known):+.1f} to {max(known):+.1f})."
            )
    laws = [d["law"] for d in drawn if d["law"]]
    if laws:
        stops = sorted(law.stops for law in laws)
        middle, least, most = (up_to(n, every[-1]) for n in (float(np.median(stops)), stops[0], stops[-1]))
        sentences.append(
            f"By the fitted laws, doubling {block.x} pays less than half a point from {middle} on "
            f"(median; {least} to {most})."
        )
    fitted = [d for d in drawn if can_be_fitted(np.array(d["x"]))]
    if len(fitted) < len(drawn) and len(every) >= 4:
        unfit = f"{len(drawn) - len(fitted)} of {len(drawn)} lines"
        sentences.append(f"To {unfit} no law is fitted: that takes four points or more, all above 0.")
    if lawless := len(fitted) - len(laws):
        sentences.append(f"{lawless} of {len(drawn)} lines follow no law: F1 changes less than it scatters.")
    head = [block.by, block.base or "start", *map(number, every), "law", "error", "doubling pays < 0.5 from"]
    figure = {"lines": drawn, "x": block.label or block.x, "base": block.base} if drawn else {}
    return Finding(block, sentences, head, cells, figure)


def _against(block: Block, rows: Sequence[Row], runs: Sequence[Run], records: Mapping[str, Record]) -> Finding | None:
    """A number of other runs, such as a similarity, against F1; matched by the axes that both have."""
    values: dict[tuple[str, str], list[tuple[Mapping[str, Any], float]]] = {}
    for run in runs:
        if run.id in records and block.x is not None and (value := records[run.id].values.get(block.x)) is not None:
            name = " ".join(str(v) for a, v in run.axes.items() if a != SEED)
            values.setdefault((run.method, name), []).append((run.axes, value))
    several = len({method for method, _ in values}) > 1
    points = []
    for (method, name), seeds in values.items():
        axes = seeds[0][0]
        mine = [r.points for r in rows if _agree(axes, r.axes)]
        if mine:
            x, y = float(np.mean([value for _, value in seeds])), float(np.mean(mine))
            group = str(axes.get(block.by, ""))
            rest = " ".join(str(v) for a, v in axes.items() if a not in (SEED, block.by))
            shown = f"{method} {name}" if several else name
            points.append({"name": shown, "x": x, "y": y, "group": group, "source": f"{method} {rest}"})
    if len(points) < 3:
        return None
    whole, within = rank_correlations(points, block.x or "")
    spread = (
        f"; they are of too few {block.by}s or sources for an interval"
        if whole.interval is None
        else f" (95% interval {whole.interval.low:+.2f} to {whole.interval.high:+.2f})"
    )
    sentences = [
        f"{block.x} and F1 have a rank correlation of {whole.value:+.2f} over {len(points)} pairs{spread}."
        if np.isfinite(whole.value)
        else f"{block.x} or F1 is the same in all {len(points)} pairs, so there is no correlation."
    ]
    if np.isfinite(within.value):
        sentences.append(f"Within one {block.by} it is {within.value:+.2f} on average over {within.targets}.")
    cells = [[str(p["name"]), f"{p['x']:.4f}", f"{p['y']:.1f}"] for p in points]
    figure = {"points": points, "x": block.label or block.x}
    return Finding(block, sentences, ["pair", block.x or "", "F1"], cells, figure)


def _paired(ours: Sequence[Row], theirs: Sequence[Row]) -> float | None:
    """The mean difference over the seeds that both have; None where there is none."""
    sides = [{r.axes.get(SEED): r.points for r in side} for side in (ours, theirs)]
    both = sides[0].keys() & sides[1].keys()
    return float(np.mean([sides[0][s] - sides[1][s] for s in both])) if both else None


def _agree(few: Mapping[str, Any], many: Mapping[str, Any]) -> bool:
    """Whether the second has all axes of the first with their values; seeds aside."""
    return all(many.get(axis) == value for axis, value in few.items() if axis != SEED)
