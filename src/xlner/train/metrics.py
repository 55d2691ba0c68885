"""`metrics.jsonl`: what a training said of itself, one JSON object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class MetricsFile:
    """Appends JSON lines. A resumed training first forgets the lines of what it will do again.

    Args:
        path: the file.
        step: the last step of which lines are kept; None for a new training.
        epoch: the last epoch whose dev F1 is kept.
        active: whether this process writes.
    """

    def __init__(self, path: Path, *, step: int | None, epoch: int, active: bool) -> None:
        self.path, self.active = path, active
        if not active:
            return
        lines = path.read_text("utf-8").splitlines() if path.is_file() and step is not None else []
        path.write_text("".join(f"{line}\n" for line in lines if _is_past(line, step or 0, epoch)), "utf-8")

    def write(self, values: dict[str, Any]) -> None:
        if self.active:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(values) + "\n")


def _is_past(line: str, step: int, epoch: int) -> bool:
    try:
        values = json.loads(line)
        return bool(values["step"] <= step and ("dev_f1" not in values or values["epoch"] <= epoch))
    except (ValueError, KeyError, TypeError):  # the last line of a killed run may be cut
        return False
