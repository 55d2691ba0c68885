"""Methods against one of them, paired by sentence and by seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from xlner.evaluate import holm
from xlner.evaluate.comparison import compare_runs
from xlner.evaluate.seeds import paired_differences, targets_interval
from xlner.study.plan import Block
from xlner.study.rows import Finding, Row, lines_of, plural

LEVEL = 0.05  # what counts as significant, after Holm's correction
_FEWEST = 3  # values over which a mean has an interval; that of two is wider than anything it could say


def differences(block: Block, rows: Sequence[Row]) -> Finding:
    """Each method against `base`, for each value of `by`.

    A run is held against those of `base` that have the same values of the axes that both have: that with as many
    labels, say.
    """
    compared, over_all = [], dict[str, tuple[dict[str, list[float]], dict[str, list[float]]]]()
    for name, value, mine, base in _pairs(block, rows):
        scores = ([row.scores for row in side] for side in (mine, base))
        compared.append((name, value, compare_runs(*scores, matched=True)))
        for side, of in zip(over_all.setdefault(name, ({}, {})), (mine, base), strict=True):
            side[value] = [row.points for row in of]
    head = ["method", block.by, "seeds", f"F1 less {block.base}", "95% interval", "p (Holm)"]
    if not compared:
        return Finding(block, [f"No other method has runs that go with those of {block.base}."], head, [])
    corrected = holm([c.p_value for _, _, c in compared])
    cells, marks, means = [], list[dict[str, Any]](), []
    for (name, value, c), p in zip(compared, corrected, strict=True):
        low, high, gain = (100 * x for x in (c.interval.low, c.interval.high, c.difference))
        cells.append([name, value, str(c.runs[0]), f"{gain:+.2f}", f"{low:+.2f} to {high:+.2f}", f"{p:.4f}"])
        marks.append({"name": name, "value": value, "gain": gain, "low": low, "high": high, "sure": p <= LEVEL})
    for name, (ours, theirs) in over_all.items():
        over = targets_interval(paired_differences(ours, theirs))
        of_name = [m for m in marks if m["name"] == name]
        better = sum(m["sure"] and m["gain"] > 0 for m in of_name)
        worse = sum(m["sure"] and m["gain"] < 0 for m in of_name)
        spread = ""
        if over.low is not None and len(of_name) >= _FEWEST:
            spread = f" (95% interval over them {over.low:+.2f} to {over.high:+.2f})"
            mean = {"name": name, "value": "mean", "gain": over.mean, "low": over.low, "high": over.high, "sure": None}
            marks.append(mean)
        alone = all(len(seeds) == 1 for seeds in ours.values())
        single = " (one seed, so that is said of these models and not of the methods)" if alone else ""
        means.append(
            (better > worse, over.mean,
             f"{name} differs from {block.base} by {over.mean:+.2f} F1 on average over {len(of_name)} "
             f"{plural(block.by, len(of_name))}{spread}; it is significantly better on {better} and worse on {worse}"
             f"{single}.")
        )  # fmt: skip
    means.sort(key=lambda m: (-m[0], -m[1]))
    sentences = [sentence for *_, sentence in means]
    if not any(m["sure"] for m in marks):
        told = ""
        if len({frozenset(ours) for ours, _ in over_all.values()}) == 1:  # else the means are of different targets
            least, most = (f"{means[n][1]:+.2f}" for n in (-1, 0))
            told = f"; the mean difference is {most} F1"
            if least != most:
                told = f"; mean differences reach from {least} to {most} F1"
        sentences.insert(0, f"No difference from {block.base} is significant, of {len(compared)}{told}.")
    return Finding(block, sentences, head, cells, {"marks": marks, "base": block.base})


def _pairs(block: Block, rows: Sequence[Row]) -> Iterator[tuple[str, str, list[Row], list[Row]]]:
    """Name, value of `by`, and the runs of a method beside those of the base with the same seeds."""
    base = lines_of([row for row in rows if row.method == block.base], block.by)
    for name, line in lines_of([row for row in rows if row.method != block.base], block.by).items():
        pairs = {other: [(a, b) for a in line for b in base[other] if _fit(a, b, block.by)] for other in base}
        fitting = [other for other, found in pairs.items() if found]
        for other in fitting:
            told = name if len(fitting) == 1 else f"{name} against {other}"
            for value in dict.fromkeys(a.at(block.by) for a, _ in pairs[other]):
                ours, theirs = zip(*((a, b) for a, b in pairs[other] if a.at(block.by) == value), strict=True)
                yield told, value, list(ours), list(theirs)


def _fit(row: Row, other: Row, by: str) -> bool:
    same = all(row.axes[axis] == other.axes[axis] for axis in row.axes if axis in other.axes)
    return same and row.at(by) == other.at(by)
