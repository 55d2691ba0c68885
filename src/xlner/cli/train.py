"""xlner train: a source-language tagger."""

from __future__ import annotations

from typing import Annotated

import typer

from xlner.cli import options as o
from xlner.cli.parts import part_command
from xlner.cli.run import run
from xlner.flags import Choice

COMMAND = part_command((Choice("method", "methods", "direct", fixed=True),))


def command(
    context: typer.Context,
    source: Annotated[
        list[str], typer.Option(metavar="LANG=FILE", help="Labelled data; repeat to train on several.")
    ] = [],
    output: o.Output = None,
    dev: o.Dev = [],
    gold: o.Gold = None,
    map: o.Map = [],
    token_column: o.TokenColumn = None,
    tag_column: o.TagColumn = None,
    config: o.Config = None,
    print_config: o.PrintConfig = False,
    resume: o.Resume = None,
    licence: o.Licence = None,
    as_json: o.Json = False,
) -> None:
    """Train a tagger on labelled data, to use it or to be a teacher later."""
    run(context, default="direct")
