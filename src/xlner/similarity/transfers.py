"""The table that transferability is learnt from: a source, a target, what measures say of them, and the F1 reached."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from xlner.core.languages import bcp47, iso3
from xlner.errors import DataError, UsageError
from xlner.similarity.matrix import SimilarityMatrix


@dataclass(frozen=True)
class Transfers:
    """One row per transfer.

    Args:
        sources: ISO 639-3 codes. Length: n_rows.
        targets: ISO 639-3 codes. Length: n_rows.
        f1: what was reached on gold, as a fraction. Shape: (n_rows,), float64.
        closeness: what the measures say, turned so that greater is closer; NaN where they say nothing.
            Shape: (n_rows, n_measures), float64.
        measures: name -> whether a greater value of the measure itself means closer, in the order of columns.
        groups: ISO 639-3 code -> group, such as a branch of its family; targets of one group are left out together. A
            language that is not in it is a group of its own.

    Raises:
        DataError: no row, a transfer given twice, or an F1 outside of 0 to 1.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    f1: np.ndarray
    closeness: np.ndarray
    measures: Mapping[str, bool]
    groups: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.sources)
        if not n:
            raise DataError("there is no transfer in the table")
        if len(self.targets) != n or self.f1.shape != (n,) or self.closeness.shape != (n, len(self.measures)):
            raise ValueError("columns of the table have different lengths")
        pairs = Counter(zip(self.sources, self.targets, strict=True))
        if twice := sorted(pair for pair, times in pairs.items() if times > 1):
            raise DataError(f"the transfer {' to '.join(twice[0])} is in the table twice")
        if not ((self.f1 >= 0) & (self.f1 <= 1)).all():
            raise DataError("F1 is a fraction from 0 to 1")

    def __len__(self) -> int:
        return len(self.sources)

    @cached_property
    def rows_of(self) -> dict[str, np.ndarray]:
        """Target -> indices of its rows, in the order of first appearance."""
        names = np.array(self.targets)
        return {t: np.flatnonzero(names == t) for t in dict.fromkeys(self.targets)}

    def take(self, rows: np.ndarray) -> Transfers:
        """The table of some rows, by index or mask."""
        index = np.arange(len(self))[rows]
        sources, targets = (tuple(side[i] for i in index) for side in (self.sources, self.targets))
        return replace(self, sources=sources, targets=targets, f1=self.f1[index], closeness=self.closeness[index])

    def select(self, measures: Sequence[str]) -> Transfers:
        """The table with some measures only."""
        known = list(self.measures)
        if strangers := [m for m in measures if m not in known]:
            raise UsageError(f"the table has no measure '{strangers[0]}'; it has: {', '.join(known)}")
        columns = [known.index(m) for m in measures]
        chosen = {m: self.measures[m] for m in measures}
        return replace(self, closeness=self.closeness[:, columns], measures=chosen)

    def with_measure(self, measure: str, values: Mapping[str, float]) -> Transfers:
        """The table with what is known of each target, whatever the source, as its first measure.

        Args:
            measure: its name; a greater value stands for more F1.
            values: ISO 639-3 code of a target -> value; others count as unknown.
        """
        column = np.array([values.get(t, np.nan) for t in self.targets], np.float64)
        closeness = np.concatenate([column[:, None], self.closeness], axis=1)
        return replace(self, closeness=closeness, measures={measure: True, **self.measures})

    def without(self, language: str) -> Transfers | None:
        """The table for someone who has no labels in a language, and knows no transfer to it or its group.

        As a source the language itself is left out; others of its group stay, since one may have labels in them.
        """
        group = self._group(language)
        pairs = zip(self.sources, self.targets, strict=True)
        keep = [source != language and self._group(target) != group for source, target in pairs]
        return self.take(np.array(keep)) if any(keep) else None

    def _group(self, language: str) -> str:
        return self.groups.get(language, language)

    def folds(self) -> list[tuple[Transfers, Transfers]]:
        """What `without` leaves, and the transfers to the target; of each target that leaves two or more over."""
        folds = [(self.without(target), rows) for target, rows in self.rows_of.items()]
        return [(rest, self.take(rows)) for rest, rows in folds if rest is not None and len(rest) > 1]

    @classmethod
    def of(cls, matrices: Mapping[str, SimilarityMatrix], f1: Mapping[tuple[str, str], float]) -> Transfers:
        """Put measures and results together.

        Args:
            matrices: measure -> matrix that has all languages.
            f1: (source, target) -> F1 as a fraction, ISO 639-3 codes.
        """
        columns = []
        for matrix in matrices.values():
            sign = 1 if matrix.higher_is_closer else -1
            columns.append([sign * matrix.value(s, t) for s, t in f1])
        closeness = np.array(columns, np.float64).reshape(len(matrices), len(f1)).T
        measures = {m: matrix.higher_is_closer for m, matrix in matrices.items()}
        return cls(*_sides(f1), np.array(list(f1.values()), np.float64), closeness, measures)

    def as_dict(self) -> dict[str, Any]:
        """Plain values; a measure's own values, not closeness."""
        signs = np.array([1 if up else -1 for up in self.measures.values()])
        cells = [[None if np.isnan(v) else float(v) for v in row] for row in self.closeness * signs]
        rows = [
            {"source": bcp47(s), "target": bcp47(t), "f1": float(f), "values": row}
            for s, t, f, row in zip(self.sources, self.targets, self.f1, cells, strict=True)
        ]
        groups = {"groups": {bcp47(code): group for code, group in self.groups.items()}} if self.groups else {}
        return {"measures": dict(self.measures), **groups, "rows": rows}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Transfers:
        """What `as_dict` gave."""
        measures = {str(m): bool(up) for m, up in record["measures"].items()}
        signs = np.array([1 if up else -1 for up in measures.values()])
        rows = record["rows"]
        values = np.array([[np.nan if v is None else v for v in r["values"]] for r in rows], np.float64)
        f1 = {(iso3(r["source"]), iso3(r["target"])): float(r["f1"]) for r in rows}
        if len(f1) < len(rows):
            raise DataError("a transfer is in the table twice")
        closeness = values.reshape(len(rows), len(measures)) * signs
        groups = {iso3(code): str(group) for code, group in record.get("groups", {}).items()}
        return cls(*_sides(f1), np.array(list(f1.values()), np.float64), closeness, measures, groups)


def read_f1(path: str | Path) -> dict[tuple[str, str], float]:
    """(source, target) -> F1 from a CSV file with the columns source, target and f1.

    Raises:
        DataError: a column is missing, a value is no fraction, or a transfer comes twice.
    """
    out: dict[tuple[str, str], float] = {}
    with Path(path).open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        if lacking := {"source", "target", "f1"} - set(reader.fieldnames or ()):
            raise DataError(
                f"the column {min(lacking)} is missing; source, target and f1 are wanted", path=path, line=1
            )
        for row in reader:
            pair = (iso3(row["source"] or ""), iso3(row["target"] or ""))
            try:
                value = float(row["f1"])
            except (TypeError, ValueError):
                value = float("nan")
            if not 0 <= value <= 1:
                message = f"f1 is a fraction such as 0.7694, got '{row['f1']}'"
                raise DataError(message, path=path, line=reader.line_num)
            if pair in out:
                raise DataError(f"{row['source']} to {row['target']} comes twice", path=path, line=reader.line_num)
            out[pair] = value
    return out


def _sides(f1: Mapping[tuple[str, str], float]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(s for s, _ in f1), tuple(t for _, t in f1)
