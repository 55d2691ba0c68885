"""The table of what runs, is done and is left."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import typer

from xlner.api.study import Study
from xlner.evaluate.tables import aligned
from xlner.study.record import Record
from xlner.study.runs import Run
from xlner.study.schedule import Ended


def listed(study: Study) -> tuple[list[dict[str, Any]], str]:
    """All runs as plain values, and as a table."""
    done = study.done()
    values = [
        {"id": r.id, "step": r.step, **r.axes, "done": r.id in done, "command": " ".join(["xlner", *r.words])}
        for r in study.unique
    ]
    rows = [
        (r.id, r.step, " ".join(f"{a}={v}" for a, v in r.axes.items()), "done" if r.id in done else "")
        for r in study.unique
    ]
    return values, aligned([("run", "step", "over", "state"), *rows], left=4)


def outlook(study: Study) -> str:
    """How many runs there are, how many are left, and how long they may take."""
    done = study.done()
    left = len(study.unique) - len(done)
    minutes, unknown = study.minutes(done)
    told = f"{study.plan.name}: {len(study.unique)} runs, {left} left"
    if left:
        told += f", about {_clock(60 * minutes)} one at a time" if minutes else ""
        told += f" (not counted: {unknown} runs of which nothing is known yet)" if unknown else ""
    return told


class Watch:
    """Shows a study as it goes on: a live table on a terminal, else a line for each run that ends."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.total = Counter(run.step for run in study.unique)
        self.running: dict[str, tuple[Run, float]] = {}
        self.failed: Counter[str] = Counter()
        self.live: Any = None

    def __enter__(self) -> Watch:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live

            self.live = Live(console=Console(stderr=True), refresh_per_second=2)
            self.live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.live:
            self.live.stop()

    def __call__(self, study: Study, done: Mapping[str, Record], what: Ended | Run) -> None:
        if isinstance(what, Run):
            self.running[what.id] = what, time.monotonic()
        else:
            self.running.pop(what.run.id, None)
            self.failed[what.run.step] += what.record is None
            if not self.live:
                typer.echo(self._line(what, len(done)), err=True)
        if self.live:
            self.live.update(self._table(done))

    def _line(self, ended: Ended, done: int) -> str:
        run = ended.run
        axes = " ".join(f"{a}={v}" for a, v in run.axes.items())
        if ended.record is None:
            return f"[{done}/{len(self.study.unique)}] {run.step} {axes}: failed"
        scores = ended.record.scores
        f1 = "" if scores is None else f", F1 {scores.f1:.4f}"
        return f"[{done}/{len(self.study.unique)}] {run.step} {axes}: {_clock(ended.record.seconds)}{f1}"

    def _table(self, done: Mapping[str, Record]) -> Any:
        from rich.table import Table

        minutes, _ = self.study.minutes(done)
        table = Table(
            "step", "done", "running", "left", "failed", title=f"{self.study.plan.name}: about {_clock(60 * minutes)}"
        )
        by_step = Counter(run.step for run in self.study.unique if run.id in done)
        running = Counter(run.step for run, _ in self.running.values())
        for step, total in self.total.items():
            left = total - by_step[step] - running[step] - self.failed[step]
            table.add_row(step, *(str(n or "") for n in (by_step[step], running[step], left, self.failed[step])))
        for run, since in self.running.values():
            axes = " ".join(f"{a}={v}" for a, v in run.axes.items())
            table.add_row(f"  {run.step} {axes}", "", _clock(time.monotonic() - since), "", "", style="dim")
        return table


def _clock(seconds: float) -> str:
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
