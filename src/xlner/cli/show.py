"""How results look on a terminal. Everything goes to stderr; stdout is for data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from xlner.cli import as_flags

if TYPE_CHECKING:
    from xlner.api.transfer import TransferResult
    from xlner.core.types import Sentence

COLOURS = (
    "black on bright_cyan",
    "black on bright_yellow",
    "black on bright_green",
    "black on bright_magenta",
)


def console() -> Console:
    return Console(stderr=True, highlight=False)


def score_table(title: str, systems: Mapping[str, Mapping[str, Any]]) -> Table:
    """One row per system: precision, recall, F1 with its interval, and F1 per type."""
    types = list(dict.fromkeys(t for m in systems.values() for t in m["per_type"]))
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for column in ("precision", "recall", "F1", "95% interval", *types):
        table.add_column(column, justify="right")
    for name, m in systems.items():
        low, high = m["interval"]["low"], m["interval"]["high"]
        row = [f"{m[k] * 100:.1f}" for k in ("precision", "recall", "f1")] + [f"{low * 100:.1f} to {high * 100:.1f}"]
        row += [f"{m['per_type'][t]['f1'] * 100:.1f}" if t in m["per_type"] else "" for t in types]
        table.add_row(name, *row)
    return table


def highlighted(sentence: Sentence, types: list[str]) -> Text:
    """The sentence with its entities in colours, each with its type behind it."""
    sentence = sentence.with_text()
    assert sentence.text is not None
    assert sentence.offsets is not None
    out, last = Text(), 0
    for span in sentence.spans:
        start, end = sentence.offsets[span.start][0], sentence.offsets[span.end - 1][1]
        out.append(sentence.text[last:start])
        style = COLOURS[types.index(span.label) % len(COLOURS)] if span.label in types else "reverse"
        out.append(f" {sentence.text[start:end]} ", style).append(f"{span.label} ", "dim")
        last = end
    return out.append(sentence.text[last:])


def show_run(result: TransferResult, *, quiet: bool = False) -> None:
    """The table of a finished run and where its files are."""
    screen = console()
    if not quiet and "target" in result.metrics:
        systems = {f"teacher {n}": m for n, m in result.metrics.get("sources", {}).items()}
        method = result.metrics["method"]
        screen.print(score_table("strict span scores on gold", {**systems, method: result.metrics["target"]}))
    for note in (*result.remarks, *result.metrics.get("notes", ())):
        screen.print(f"note: {as_flags(note)}", soft_wrap=True, markup=False)
    screen.print(f"model: {result.folder / 'model'}", soft_wrap=True)
