"""xlner data check and xlner data convert."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from xlner.cli import options as o

group = typer.Typer(help="Look at data files, and turn one format into another.", no_args_is_help=True)


@group.command("check")
def check_command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    map: o.Map = [],
    as_json: o.Json = False,
) -> None:
    """Scheme, counts, broken lines, duplicates and overlap of files. Exit code 1 if something cannot be used."""
    from xlner.core.labels import parse_map
    from xlner.data import check

    report = check(files, mapping=parse_map(map))
    typer.echo(json.dumps(report.as_dict()) if as_json else report.describe())
    if not report.ok:
        raise typer.Exit(1)


@group.command("convert")
def convert_command(
    source: Annotated[
        str, typer.Argument(metavar="IN", help="Any format the readers know; - is standard input.")
    ],
    target: Annotated[str, typer.Argument(metavar="OUT", help="The ending or --format says the format.")],
    format: Annotated[str | None, typer.Option(help="conll, jsonl, html or txt.")] = None,
    map: o.Map = [],
    language: Annotated[str | None, typer.Option(help="Language of the text.")] = None,
) -> None:
    """Write the sentences of one file in another format."""
    from xlner.core.labels import parse_map
    from xlner.core.languages import iso3
    from xlner.data import convert

    report = convert(
        source,
        target,
        out_format=format,
        mapping=parse_map(map),
        language=iso3(language) if language else None,
    )
    typer.echo(report.describe(), err=True)
