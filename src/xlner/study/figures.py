"""Pictures of findings, as SVG text that a page can hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import StringIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from xlner.errors import MissingExtraError
from xlner.study.rows import Finding

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, FAINT = "#333333", "#e6e6e6"
COLOURS = ("#31688e", "#d1495b", "#35b779", "#edae49", "#6a4c93", "#00798c", "#8d6a9f", "#7f7f7f", "#b5651d", "#440154")


def drawn(finding: Finding) -> str | None:
    """A finding as an SVG image, or None if there is nothing to draw.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    painter = _PAINTERS.get(finding.block.kind)
    if painter is None or not any(finding.figure.values()):
        return None
    try:
        import matplotlib as mpl
    except ImportError:
        raise MissingExtraError("a report with figures", extra="plots") from None
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "xlner", "font.size": 9}):
        figure = painter(finding.figure)
        out = StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    svg = out.getvalue()
    return svg[svg.index("<svg") :]


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#bbbbbb")
    axes.tick_params(colors=INK, length=0)
    axes.set_axisbelow(True)
    return figure, axes


def _heatmap(of: Mapping[str, Any]) -> Figure:
    cells = np.array([[np.nan if v is None else v for v in row] for row in of["cells"]], float)
    rows, columns = of["rows"], of["columns"]
    figure, axes = _figure(0.55 * len(columns) + 3.2, 0.36 * len(rows) + 1.2)
    axes.imshow(np.ma.masked_invalid(cells), cmap="viridis", aspect="auto")
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.xaxis.tick_top()
    middle = (np.nanmin(cells) + np.nanmax(cells)) / 2
    best = np.nanmax(np.where(np.isnan(cells), -1, cells), axis=0)
    for (i, j), value in np.ndenumerate(cells):
        if not np.isnan(value):
            weight = "bold" if value == best[j] else "normal"
            axes.text(
                j, i, f"{value:.1f}", ha="center", va="center", fontsize=8, fontweight=weight,
                color="white" if value < middle else "#222222",
            )  # fmt: skip
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


def _differences(of: Mapping[str, Any]) -> Figure:
    marks = of["marks"]
    names = list(dict.fromkeys(m["name"] for m in marks))
    figure, axes = _figure(7.0, 0.24 * (len(marks) + len(names)) + 1.4)
    place, ticks, labels = 0.0, [], []
    for n, name in enumerate(names):
        colour = COLOURS[n % len(COLOURS)]
        axes.text(
            0.0,
            place,
            name,
            transform=axes.get_yaxis_transform(),
            fontsize=9,
            fontweight="bold",
            color=colour,
            va="center",
        )
        place += 1
        for m in (m for m in marks if m["name"] == name):
            mean = m["sure"] is None
            axes.plot([m["low"], m["high"]], [place, place], color=colour, linewidth=2.6 if mean else 1.4)
            filled = colour if m["sure"] or mean else "white"
            axes.plot(
                m["gain"],
                place,
                "D" if mean else "o",
                markersize=6 if mean else 5,
                markeredgecolor=colour,
                markerfacecolor=filled,
            )
            ticks.append(place)
            labels.append(m["value"])
            place += 1
        place += 0.4
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yticks(ticks, labels)
    axes.invert_yaxis()
    axes.xaxis.grid(color=FAINT)
    axes.set_xlabel(f"F1 less {of['base']}, with 95% intervals; filled: significant after Holm's correction", color=INK)
    return figure


def _curve(of: Mapping[str, Any]) -> Figure:
    figure, axes = _figure(7.4, 4.6)
    lines = of["lines"]
    for n, line in enumerate(lines):
        colour = COLOURS[n % len(COLOURS)]
        x, y = np.array(line["x"]), np.array(line["y"])
        axes.plot(x, y, "o-" if not line["law"] else "o", color=colour, markersize=4, linewidth=1.3)
        if all(v is not None for v in line["low"]):
            low, high = np.array(line["low"], float), np.array(line["high"], float)
            axes.fill_between(
                x, np.maximum(low, y - 15), np.minimum(high, y + 15), color=colour, alpha=0.12, linewidth=0
            )
        if law := line["law"]:
            fine = np.geomspace(x[0], x[-1], 100)
            axes.plot(fine, law(fine), color=colour, linewidth=1.3)
        if line["base"] is not None:
            axes.axhline(line["base"], color=colour, linewidth=0.8, linestyle=":")
    axes.set_xscale("log")
    ends = _spread([line["y"][-1] for line in lines], 0.045 * max(float(np.ptp(axes.get_ylim())), 1.0))
    for n, (line, end) in enumerate(zip(lines, ends, strict=True)):
        axes.annotate(
            line["name"], (line["x"][-1], end), xytext=(6, 0), textcoords="offset points", va="center", fontsize=8,
            color=COLOURS[n % len(COLOURS)],
        )  # fmt: skip
    every = sorted({x for line in lines for x in line["x"]})
    axes.set_xticks(every, [f"{x:,.0f}" for x in every], minor=False)
    axes.minorticks_off()
    axes.yaxis.grid(color=FAINT)
    axes.set_xlabel(of["x"], color=INK)
    axes.set_ylabel("F1", color=INK)
    return figure


def _spread(places: list[float], least: float) -> list[float]:
    """Heights of labels, moved apart so that they are `least` apart."""
    order = np.argsort(places)
    out = np.array(places, float)
    for a, b in pairwise(order):
        out[b] = max(out[b], out[a] + least)
    return [float(v) for v in out]


def _against(of: Mapping[str, Any]) -> Figure:
    figure, axes = _figure(6.4, 4.8)
    points = of["points"]
    groups = list(dict.fromkeys(p["group"] for p in points))
    for n, group in enumerate(groups):
        mine = [p for p in points if p["group"] == group]
        axes.scatter(
            [p["x"] for p in mine], [p["y"] for p in mine], s=20, color=COLOURS[n % len(COLOURS)], label=group or None
        )
    if len(points) <= 40:
        for p in points:
            axes.annotate(
                p["name"], (p["x"], p["y"]), xytext=(4, 2), textcoords="offset points", fontsize=7, color="#666666"
            )
    if 1 < len(groups) <= 10:
        axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    axes.grid(color=FAINT)
    axes.set_xlabel(of["x"], color=INK)
    axes.set_ylabel("F1", color=INK)
    return figure


_PAINTERS: dict[str, Callable[[Mapping[str, Any]], Figure]] = {
    "heatmap": _heatmap,
    "differences": _differences,
    "curve": _curve,
    "against": _against,
}
