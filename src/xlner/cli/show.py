"""How results look on a terminal. Everything goes to stderr; stdout is for data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from xlner.api.tables import score_table, step_table
from xlner.cli.ending import say

if TYPE_CHECKING:
    from xlner.api.transfer import TransferResult


def console() -> Console:
    return Console(stderr=True, highlight=False)


def show_run(result: TransferResult, *, quiet: bool = False) -> None:
    """The tables of a finished run and where its files are."""
    screen = console()
    if not quiet and "target" in result.metrics:
        systems = {f"teacher {n}": m for n, m in result.metrics.get("sources", {}).items()}
        method = result.metrics["method"]
        screen.print(score_table("strict span scores on gold", {**systems, method: result.metrics["target"]}))
    if not quiet and result.steps:
        screen.print(step_table(result.steps))
    say((*result.remarks, *result.metrics.get("notes", ())))
    if result.losses is not None:
        screen.print(f"what was lost where: {result.losses}", soft_wrap=True)
    screen.print(f"model: {result.folder / 'model'}", soft_wrap=True)
