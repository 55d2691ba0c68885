"""How results look on a terminal. Everything goes to stderr; stdout is for data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from xlner.api.tables import run_tables
from xlner.cli.ending import say

if TYPE_CHECKING:
    from xlner.api.transfer import TransferResult


def console() -> Console:
    return Console(stderr=True, highlight=False)


def show_run(result: TransferResult, *, quiet: bool = False) -> None:
    """The tables of a finished run and where its files are."""
    screen = console()
    for table in () if quiet else run_tables(result):
        screen.print(table)
    notes = *result.metrics.get("notes", ()), *result.metrics.get("estimate", {}).get("notes", ())
    say((*result.remarks, *notes))
    if result.losses is not None:
        screen.print(f"what was lost where: {result.losses}", soft_wrap=True)
    screen.print(f"model: {result.folder / 'model'}", soft_wrap=True)
