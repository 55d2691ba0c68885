"""How a command ends: notes and words for people on stderr; data, or one JSON object, on stdout."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import typer

from xlner.cli import as_flags
from xlner.errors import UsageError


def say(notes: Iterable[str]) -> None:
    """Print what the user should know."""
    for note in notes:
        typer.echo(f"note: {as_flags(note)}", err=True)


def end(values: Any, text: str | None, *, as_json: bool, notes: Iterable[str] = (), err: bool = False) -> None:
    """Print the notes, and then a result: as JSON, or in words.

    Args:
        values: the result as plain values.
        text: the result in words; None for nothing more to say.
        as_json: the user asked for JSON.
        notes: what else the user should know.
        err: the words go to stderr; the data of the result went into a file.
    """
    say(notes)
    if as_json:
        typer.echo(json.dumps(values))
    elif text is not None:
        typer.echo(text, err=err)


def check_stdout(as_json: bool, *outputs: object) -> None:
    """Raises UsageError: both JSON and an output would go to standard output."""
    if as_json and "-" in map(str, outputs):
        raise UsageError("--json and an output to - both want standard output; give one of them")
