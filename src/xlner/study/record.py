"""What is kept of a finished run: everything that a report is computed from."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from xlner.core.files import atomic
from xlner.errors import DataError
from xlner.evaluate import Scores, TypeScore
from xlner.study.lock import held

MARK = "done.json"


@dataclass(frozen=True)
class Record:
    """A line of the ledger.

    Args:
        id: of the run.
        settings: what the id is a hash of.
        seconds: by the clock, scoring included.
        peak_mb: largest resident memory of the command.
        types: entity types that were scored.
        counts: packed counts per sentence and type, from which F1 and its significance are computed; "" without gold.
        values: numbers that the command printed; one that it could not give is absent.
        made: version of the package, processor, cores, threads, time.
        sha256: input file -> hash.
        short: name of a beginning of a file -> the words or lines that the file has, where more were asked for.
    """

    id: str
    settings: Mapping[str, Any]
    seconds: float
    peak_mb: int
    types: tuple[str, ...] = ()
    counts: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    made: Mapping[str, Any] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)
    short: Mapping[str, int] = field(default_factory=dict)

    @property
    def scores(self) -> Scores | None:
        """Span scores; the lenient readings are not kept."""
        if not self.counts:
            return None
        unknown = TypeScore.of((0, 0, 0))
        return Scores(self.types, unpacked(self.counts, len(self.types)), unknown, unknown)

    def line(self) -> str:
        """As JSON in one line."""
        return json.dumps(asdict(self), ensure_ascii=False)


def packed(counts: np.ndarray) -> str:
    """Counts as text. Shape: (n_sentences, n_types, 3); whole numbers from 0."""
    if not counts.shape[1]:  # of no type a column of zeros is kept, for the number of sentences
        counts = np.zeros((len(counts), 1, 3))
    flat = np.ascontiguousarray(counts, np.uint16)
    return base64.b85encode(zlib.compress(flat.tobytes(), 9)).decode()


def unpacked(text: str, types: int) -> np.ndarray:
    """The counts of `packed`. Shape: (n_sentences, n_types, 3), int32."""
    try:
        raw = zlib.decompress(base64.b85decode(text))
        return np.frombuffer(raw, np.uint16).reshape(-1, max(types, 1), 3)[:, :types].astype(np.int32)
    except (ValueError, zlib.error):
        raise DataError(f"the counts of a run are damaged in the ledger: {text[:30]}...") from None


def write_mark(folder: Path, record: Record) -> None:
    """Mark a run as done; the file is there whole or not at all."""
    with atomic(folder / MARK) as out:
        out.write(record.line() + "\n")


def read_mark(folder: Path) -> Record | None:
    """The record of a run that is done."""
    path = folder / MARK
    return _record(path.read_text("utf-8"), path, 1) if path.is_file() else None


def write_ledger(path: Path, records: Iterable[Record]) -> None:
    """Write all records, a line each, in the order of the ids."""
    with atomic(path) as out:
        for record in sorted(records, key=lambda r: r.id):
            out.write(record.line() + "\n")


def add_to_ledger(path: Path, known: Mapping[str, Record], made: Mapping[str, Record]) -> None:
    """Write records into a ledger that may hold others; processes that do so at the same time wait for each other.

    Args:
        path: the ledger.
        known: written where it lacks them: another process may have made them anew meanwhile.
        made: written in any case.
    """
    with held(path.with_suffix(".lock")):
        write_ledger(path, {**known, **read_ledger(path), **made}.values())


def read_ledger(path: Path) -> dict[str, Record]:
    """Id -> record.

    Raises:
        DataError: a line is no record.
    """
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", errors="replace") as lines:  # bytes that are no UTF-8 are no record either
        records = [_record(line, path, number) for number, line in enumerate(lines, 1) if line.strip()]
    return {r.id: r for r in records}


def _record(line: str, path: Path, number: int) -> Record:
    try:
        values = json.loads(line)
        return Record(**{**values, "types": tuple(values["types"])})
    except (ValueError, TypeError, KeyError):
        raise DataError(
            "no record of a study; remove the line to have the run made again", path=path, line=number
        ) from None
