"""Progress on stderr: what, how far, time left. Quiet when stderr is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass
class Bar:
    """A handle on a shown or hidden progress bar."""

    _progress: Any = None
    _task: Any = None

    def update(
        self,
        *,
        done: float | None = None,
        advance: float = 0,
        title: str | None = None,
        note: str | None = None,
    ) -> None:
        """Move the bar to `done` or by `advance`, rename it, or put a note behind it."""
        if self._progress is None:
            return
        fields = {} if note is None else {"note": note}
        self._progress.update(self._task, completed=done, advance=advance or None, description=title, **fields)


@contextmanager
def progress(title: str, *, total: float | None) -> Iterator[Bar]:
    """Show a bar while the block runs, if stderr is a terminal."""
    if not sys.stderr.isatty():
        yield Bar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        yield Bar(shown, shown.add_task(title, total=total, note=""))
