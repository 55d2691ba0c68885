"""Draw the floors of the house into docs/floors.svg, from the contract in pyproject.toml that import-linter checks."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

DOCS = Path(__file__).resolve().parent
WHAT = {
    "cli": "flags and YAML in, tables and JSON out; one thin file per command",
    "api": "every command as a function: files in, a run folder out",
    "study": "plans of many runs",
    "export": "other formats of a model",
    "serve": "a model over HTTP",
    "integrations": "other libraries",
    "methods": "one file per transfer method",
    "project": "carry labels over to a translation",
    "similarity": "how near languages are",
    "augment": "sentences changed on purpose",
    "align": "which words belong together",
    "translate": "sentences to the other language",
    "train": "one training loop; objectives, batches",
    "tagger": "words to probabilities to spans",
    "encoder": "the embedded or any other encoder",
    "data": "formats, splitting, checks",
    "evaluate": "scores and their intervals",
    "core": "Sentence, Span, LabelSet, tags, run folder, files",
    "flags": "options of chosen parts as flags",
    "registry": "name to part",
    "component": "options",
    "errors": "one tree",
}
FOUNDATION = ("flags", "registry", "component", "errors")
COLOURS = ["#dbe9f6", "#e6f2e0", "#fdf1d7", "#f6e1de"]


def floors() -> list[list[str]]:
    """The rooms that exist, floor by floor from the roof; the foundation is the last floor."""
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text("utf-8"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    rows = [[room.strip(" ()") for room in re.split(r"[|:]", layer)] for layer in layers]
    source = DOCS.parent / "src" / "xlner"
    there = [[r for r in row if (source / r).is_dir() or (source / f"{r}.py").is_file()] for row in rows]
    above = [row for row in there if row and row[0] not in FOUNDATION]
    return [*above, list(FOUNDATION)]


def draw(rows: list[list[str]], path: Path) -> None:
    """A box per room; arrows of imports go down only."""
    height, width = 0.74, 10.0
    figure, axes = plt.subplots(figsize=(9, 0.62 * len(rows) + 0.3))
    for level, row in enumerate(rows):
        y = len(rows) - level
        each = width / len(row)
        for i, room in enumerate(row):
            colour = COLOURS[min(level * len(COLOURS) // len(rows), len(COLOURS) - 1)]
            box = FancyBboxPatch(
                (i * each + 0.05, y), each - 0.1, height, boxstyle="round,pad=0,rounding_size=0.08",
                facecolor=colour, edgecolor="#555555", linewidth=0.8,
            )  # fmt: skip
            axes.add_patch(box)
            axes.text(i * each + 0.25, y + height / 2, room, va="center", weight="bold", size=11)
            axes.text((i + 1) * each - 0.25, y + height / 2, WHAT[room], va="center", ha="right", size=8.5)
    top = len(rows) + height
    axes.annotate("", (width + 0.35, 1.1), (width + 0.35, top), arrowprops={"arrowstyle": "->", "color": "#555555"})
    axes.text(width + 0.55, (top + 1) / 2, "imports", rotation=-90, va="center", color="#555555")
    axes.set_xlim(-0.1, width + 0.95)
    axes.set_ylim(0.9, top + 0.1)
    axes.axis("off")
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)


if __name__ == "__main__":
    import sys

    plt.rcParams["svg.hashsalt"] = "floors"
    plt.rcParams["svg.fonttype"] = "none"
    draw(floors(), Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS / "floors.svg")
