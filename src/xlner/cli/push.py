"""xlner push: a model and its card to the Hugging Face hub."""

from __future__ import annotations

from typing import Annotated

import typer

from xlner.cli import as_flags
from xlner.cli import options as o
from xlner.cli.ending import end


def command(
    model: Annotated[str, typer.Argument(help="Run folder or model folder.")],
    repo: Annotated[str, typer.Argument(help="OWNER/NAME; made if it is not there.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show files and card, and send nothing.")] = False,
    private: Annotated[bool, typer.Option("--private", help="Make a private repository.")] = False,
    as_json: o.Json = False,
) -> None:
    """Upload a model and its card to the Hugging Face hub."""
    from xlner.integrations.hub import push

    made = push(model, repo, dry_run=dry_run, private=private)
    values = {**made.as_dict(), "notes": [as_flags(note) for note in made.notes]}
    end(values, made.describe(), as_json=as_json, notes=made.notes)
