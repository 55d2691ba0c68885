"""Scored runs as rows, and what a block of a report is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xlner.evaluate import Scores
from xlner.study.plan import Block
from xlner.study.record import Record
from xlner.study.runs import Run

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


def lines_of(rows: Sequence[Row], *by: str) -> dict[str, list[Row]]:
    """Rows under one name: method and, where it has several, values of further axes, such as "distill, labels=2000".

    Args:
        rows: of any methods.
        by: axes that are not part of a name, as seeds never are.
    """
    axes = dict.fromkeys(a for row in rows for a in row.axes if a not in (SEED, *by))
    values: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        for axis in axes:
            values.setdefault((row.method, axis), set()).add(row.at(axis))
    lines: dict[str, list[Row]] = {}
    for row in rows:
        told = [f"{a}={row.at(a)}" for a in axes if a in row.axes and len(values[row.method, a]) > 1]
        lines.setdefault(", ".join([row.method, *told]), []).append(row)
    return lines


def plural(word: str, count: int) -> str:
    """A word for so many."""
    return word if count == 1 else f"{word}s"
