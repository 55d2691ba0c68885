"""Pictures of findings, as SVG text that a page can hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import StringIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from xlner.errors import MissingExtraError
from xlner.study.fits import number
from xlner.study.rows import Finding

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, FAINT = "#333333", "#e6e6e6"
COLOURS = ("#31688e", "#d1495b", "#35b779", "#edae49", "#6a4c93", "#00798c", "#8d6a9f", "#7f7f7f", "#b5651d", "#440154")
_BAND = 15  # points of F1 to each side that a band may take; few seeds have intervals that hide all else


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
    from matplotlib.lines import Line2D

    marks = of["marks"]
    names = list(dict.fromkeys(m["name"] for m in marks))
    figure, axes = _figure(7.0, 0.24 * (len(marks) + 1.4 * len(names)) + 1.6)
    place, ticks, labels = 0.0, list[float](), list[str]()
    for n, name in enumerate(names):
        colour = COLOURS[n % len(COLOURS)]
        axes.text(
            0.01, place, name, transform=axes.get_yaxis_transform(), fontweight="bold", color=INK, va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5}, zorder=3,
        )  # fmt: skip
        place += 1
        for m in (m for m in marks if m["name"] == name):
            mean = m["sure"] is None
            sure = m["low"] > 0 or m["high"] < 0 if mean else m["sure"]
            axes.plot([m["low"], m["high"]], [place, place], color=colour, linewidth=2.6 if mean else 1.4)
            axes.plot(
                m["gain"], place, "D" if mean else "o", markersize=6 if mean else 5, markeredgecolor=colour,
                markerfacecolor=colour if sure else "white",
            )  # fmt: skip
            ticks.append(place)
            labels.append(m["value"])
            place += 1
        place += 0.4
    axes.axvline(0, color=INK, linewidth=0.8, zorder=0)
    axes.set_yticks(ticks, labels)
    axes.set_ylim(place - 0.7, -0.7)
    axes.xaxis.grid(color=FAINT)
    axes.set_xlabel(f"F1 less {of['base']}, with 95% intervals", color=INK)
    signs = [("o", INK, "significant after Holm's correction"), ("o", "white", "not significant")]
    if any(m["sure"] is None for m in marks):
        signs += [("D", INK, "mean whose interval leaves out 0"), ("D", "white", "mean whose interval holds 0")]
    handles = [
        Line2D([], [], marker=shape, linestyle="none", color=INK, markerfacecolor=filled, markersize=5, label=told)
        for shape, filled, told in signs
    ]
    figure.legend(handles=handles, frameon=False, fontsize=8, loc="outside lower center", ncols=2)
    return figure


def _curve(of: Mapping[str, Any]) -> Figure:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    figure, axes = _figure(7.4, 4.8)
    lines = of["lines"]
    every = sorted({x for line in lines for x in line["x"]})
    signs, wide = dict[str, Line2D | Patch](), False
    for n, line in enumerate(lines):
        colour = COLOURS[n % len(COLOURS)]
        x, y = np.array(line["x"]), np.array(line["y"])
        axes.plot(x, y, "o-" if not line["law"] else "o", color=colour, markersize=4, linewidth=1.3)
        if all(v is not None for v in line["low"]):
            low, high = np.array(line["low"], float), np.array(line["high"], float)
            axes.fill_between(
                x, np.maximum(low, y - _BAND), np.minimum(high, y + _BAND), color=colour, alpha=0.12, linewidth=0
            )
            wide = wide or bool((low < y - _BAND).any() or (high > y + _BAND).any())
            told = f"95% interval over seeds{f', cut {_BAND} points off' if wide else ''}"
            signs["band"] = Patch(color=INK, alpha=0.12, linewidth=0, label=told)
        if law := line["law"]:
            fine = np.geomspace(x[0], x[-1], 100)
            axes.plot(fine, law(fine), color=colour, linewidth=1.3)
            signs["law"] = Line2D([], [], color=INK, linewidth=1.3, label="fitted law")
        if line["base"] is not None:
            axes.axhline(line["base"], color=colour, linewidth=0.8, linestyle=":")
            signs["base"] = Line2D([], [], color=INK, linewidth=0.8, linestyle=":", label=of["base"])
    if every[0] > 0:
        axes.set_xscale("log")
    else:  # a logarithm has no place for 0; below the least amount the axis is even
        axes.set_xscale("symlog", linthresh=min((x for x in every if x > 0), default=1.0))
    ends = _spread([line["y"][-1] for line in lines], 0.045 * max(float(np.ptp(axes.get_ylim())), 1.0))
    for n, (line, end) in enumerate(zip(lines, ends, strict=True)):
        axes.annotate(
            line["name"], (line["x"][-1], end), xytext=(6, 0), textcoords="offset points", va="center", fontsize=8,
            color=COLOURS[n % len(COLOURS)],
        )  # fmt: skip
    axes.set_xticks(every, [number(x) for x in every], minor=False)
    axes.minorticks_off()
    axes.yaxis.grid(color=FAINT)
    axes.set_xlabel(of["x"], color=INK)
    axes.set_ylabel("F1", color=INK)
    if signs:
        figure.legend(handles=[*signs.values()], frameon=False, fontsize=8, loc="outside lower center", ncols=3)
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
