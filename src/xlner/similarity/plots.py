"""A similarity matrix as pictures: a heatmap, and a tree of who is near whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from xlner.core.files import replace_file
from xlner.core.languages import bcp47, name
from xlner.errors import MissingExtraError
from xlner.similarity.matrix import SimilarityMatrix

_NUMBERS_UP_TO = 24  # languages; beyond, numbers in cells cannot be read
_NAMES_UP_TO = 40
_INK = "#333333"


def heatmap(matrix: SimilarityMatrix, path: str | Path) -> Path:
    """Draw the matrix, near languages side by side, the closest pairs in the lightest colour.

    Rows are sources, columns targets. A language with itself is left grey, so that it does not use up the colours; a
    pair without a value is hatched and says so. Numbers stand in the cells of up to 24 languages.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    figure_of = _matplotlib()
    order = matrix.order()
    values = matrix.values[np.ix_(order, order)]
    labels = _labels([matrix.languages[i] for i in order])
    n = len(labels)
    shown = np.where(np.eye(n, dtype=bool), np.nan, values)
    cell = 0.56 if n <= _NUMBERS_UP_TO else max(0.2, 14 / n)
    margin = 0.095 * max(map(len, labels)) + 0.35
    width, height = cell * n + margin + 1.5, cell * n + margin + 0.95
    figure = figure_of(figsize=(max(width, 4.6), max(height, 3.4)), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    known = shown[np.isfinite(shown)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    colours = "viridis" if matrix.higher_is_closer else "viridis_r"
    axes.set_facecolor("#e4e4e4")
    drawn = axes.imshow(np.ma.masked_invalid(shown), cmap=colours, vmin=low, vmax=max(high, low + 1e-9))
    axes.set_xticks(range(n), labels, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(n), labels)
    axes.set_xticks(np.arange(n + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(n + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.2 if n <= _NUMBERS_UP_TO else 0.4)
    axes.tick_params(which="both", length=0, labelsize=9 if n <= _NUMBERS_UP_TO else max(4, 190 / n), labelcolor=_INK)
    axes.spines[:].set_visible(False)
    for i, j in zip(*np.nonzero(np.isnan(values) & ~np.eye(n, dtype=bool)), strict=True):
        _hatched(axes, i, j, n)
    if n <= _NUMBERS_UP_TO:
        _numbers(axes, shown, matrix.higher_is_closer, low, high)
    axes.set_xlabel("target", color=_INK)
    axes.set_ylabel("source", color=_INK)
    axes.set_title(f"{matrix.measure}: {_direction(matrix)}", loc="left", fontsize=11, color=_INK)
    bar = figure.colorbar(drawn, ax=axes, shrink=0.8, pad=0.02, aspect=24)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, length=0, labelcolor=_INK)
    if not matrix.higher_is_closer:
        bar.ax.invert_yaxis()
    return _saved(figure, path)


def dendrogram(matrix: SimilarityMatrix, path: str | Path) -> Path:
    """Draw the average-linkage tree of the languages, or of a pair of them, with names at the leaves.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    figure_of = _matplotlib()
    n = len(matrix.languages)
    labels = _labels(list(matrix.languages))
    figure = figure_of(figsize=(6.4, max(1.9, 0.27 * n + 1.2)), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    if n > 1:
        from scipy.cluster.hierarchy import dendrogram as drawn

        tree = drawn(matrix.linkage(), labels=labels, orientation="left", no_plot=True)
        for xs, ys in zip(tree["dcoord"], tree["icoord"], strict=True):
            axes.plot(xs, ys, color="#31688e", linewidth=1.6, solid_capstyle="round", solid_joinstyle="round")
        labels = tree["ivl"]
    axes.set_yticks([5 + 10 * i for i in range(n)], labels)
    axes.yaxis.tick_right()
    axes.set_ylim(0, 10 * n)
    right = 0 if n > 1 else -1
    axes.set_xlim(axes.get_xlim()[1] if n > 1 else 1, right)
    axes.tick_params(length=0, labelsize=9, labelcolor=_INK)
    axes.spines[["top", "left", "right"]].set_visible(False)
    axes.spines["bottom"].set_color("#bbbbbb")
    axes.xaxis.grid(color="#e8e8e8", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlabel(_distance_label(matrix), color=_INK)
    axes.set_title(f"{matrix.measure}: who joins further right is closer", loc="left", fontsize=11, color=_INK)
    return _saved(figure, path)


def _direction(matrix: SimilarityMatrix) -> str:
    return "higher is closer" if matrix.higher_is_closer else "lower is closer"


def _distance_label(matrix: SimilarityMatrix) -> str:
    if not matrix.higher_is_closer:
        return "distance"
    of_itself = np.diag(matrix.values)
    return f"{np.nanmax(of_itself):.3g} − value" if np.isfinite(of_itself).any() else "distance below the closest pair"


def _labels(codes: list[str]) -> list[str]:
    return [f"{name(c)} ({bcp47(c)})" if len(codes) <= _NAMES_UP_TO else bcp47(c) for c in codes]


def _numbers(axes: Any, shown: np.ndarray, higher_is_closer: bool, low: float, high: float) -> None:
    span = high - low
    decimals = 2 if span >= 0.1 else 3 if span >= 0.01 else 4
    if np.nanmax(np.abs(np.append(shown[np.isfinite(shown)], 0))) >= 100:
        decimals = 0
    for (i, j), value in np.ndenumerate(shown):
        if np.isnan(value):
            continue
        share = (value - low) / span if span > 0 else 0.0
        light = share if higher_is_closer else 1 - share
        text = f"{value:.{decimals}f}".replace("0.", ".", 1) if 0 <= value < 1 else f"{value:.{decimals}f}"
        axes.text(
            j, i, text, ha="center", va="center", fontsize=8 if decimals < 4 else 7,
            color="white" if light < 0.62 else "#222222",
        )  # fmt: skip


def _hatched(axes: Any, i: int, j: int, n: int) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(
        Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor="#f6f6f6", edgecolor="#c4c4c4", hatch="////", linewidth=0)
    )
    if n <= _NUMBERS_UP_TO:
        axes.text(j, i, "n/a", ha="center", va="center", fontsize=7, color="#777777")


def _matplotlib() -> Any:
    """The class of figures; no window system and no global state."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("drawing", extra="plots") from None
    return Figure


def _saved(figure: Any, path: str | Path) -> Path:
    place = Path(path)
    with replace_file(place) as unfinished:
        figure.savefig(unfinished, format="png", facecolor="white")
    return place
