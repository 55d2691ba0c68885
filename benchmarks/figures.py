"""Pictures of results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

INK, LINE, FAINT = "#333333", "#31688e", "#e8e8e8"


def colours(values: Any, rows: Sequence[str], columns: Sequence[str], path: Path, *, title: str) -> None:
    """A table of numbers in colours; where row and column have one name, the cell is framed."""
    cells = np.asarray(values, float)
    figure = Figure(figsize=(0.42 * len(columns) + 1.4, 0.36 * len(rows) + 1.2), dpi=130, layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(cells, cmap="viridis", aspect="auto")
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    middle = (cells.min() + cells.max()) / 2
    for (i, j), value in np.ndenumerate(cells):
        own = rows[i] == columns[j]
        axes.text(
            j, i, f"{value:.0f}", ha="center", va="center", fontsize=8, color="white" if value < middle else "#222222",
            bbox={"boxstyle": "square,pad=0.25", "facecolor": "none", "edgecolor": "white"} if own else None,
        )  # fmt: skip
    _tidy(axes, title)
    figure.savefig(path)


def bars(names: Sequence[str], values: Any, spans: Any, path: Path, *, title: str, label: str) -> None:
    """Horizontal bars from the top, each with an interval."""
    figure = Figure(figsize=(6.4, 0.3 * len(names) + 1.1), dpi=130, layout="constrained")
    axes = figure.add_subplot()
    places = np.arange(len(names))[::-1]
    middle = np.asarray(values, float)
    low, high = np.asarray(spans, float).T
    axes.barh(places, middle, height=0.62, color=LINE, alpha=0.85)
    axes.errorbar(middle, places, xerr=[middle - low, high - middle], fmt="none", ecolor=INK, elinewidth=1, capsize=2.5)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yticks(places, names)
    axes.set_xlabel(label, color=INK)
    axes.xaxis.grid(color=FAINT)
    axes.set_axisbelow(True)
    _tidy(axes, title)
    figure.savefig(path)


def against(x: Any, y: Any, names: Sequence[str], path: Path, *, title: str, labels: tuple[str, str]) -> None:
    """Points around the diagonal, with names for the means of each group of names."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    figure = Figure(figsize=(5.6, 5.4), dpi=130, layout="constrained")
    axes = figure.add_subplot()
    ends = [min(x.min(), y.min()) - 2, max(x.max(), y.max()) + 2]
    axes.plot(ends, ends, color="#bbbbbb", linewidth=1)
    axes.scatter(x, y, s=9, color=LINE, alpha=0.35, linewidths=0)
    for name in dict.fromkeys(names):
        mine = np.array([n == name for n in names])
        axes.text(x[mine].mean(), y[mine].mean(), name, ha="center", va="center", fontsize=8, weight="bold", color=INK)
    axes.set_xlabel(labels[0], color=INK)
    axes.set_ylabel(labels[1], color=INK)
    axes.set_aspect("equal")
    axes.grid(color=FAINT)
    axes.set_axisbelow(True)
    _tidy(axes, title)
    figure.savefig(path)


def _tidy(axes: Any, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.tick_params(length=0, labelsize=8, labelcolor=INK)
    axes.spines[:].set_visible(False)
