"""xlner data check and xlner data convert."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from xlner.cli import options as o

group = typer.Typer(help="Look at data files, and turn one format into another.", no_args_is_help=True)

Language = Annotated[str | None, typer.Option(help="Language of the text.")]
Scheme = Annotated[str | None, typer.Option(help="IO, IOB1, IOB2, BIOES or BILOU; default: found in the file.")]
TokenColumn = Annotated[int | None, typer.Option(help="CoNLL column of the word, from 0.")]
TagColumn = Annotated[int | None, typer.Option(help="CoNLL column of the tag; -1 is the last.")]
Label = Annotated[list[str], typer.Option(help="Name of the next integer tag; repeat, O first.")]


@group.command("check")
def check_command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    format: Annotated[str | None, typer.Option(help="Format of the files; default: found by content.")] = None,
    language: Language = None,
    map: o.Map = [],
    token_column: TokenColumn = None,
    tag_column: TagColumn = None,
    scheme: Scheme = None,
    label: Label = [],
    as_json: o.Json = False,
) -> None:
    """Scheme, counts, broken lines, duplicates and overlap of files. Exit code 1 if something cannot be used."""
    from xlner.core.labels import parse_map
    from xlner.data import check

    report = check(
        files, format=format, language=language, mapping=parse_map(map), token_column=token_column,
        tag_column=tag_column, scheme=scheme, labels=label or None,  # type: ignore[arg-type]
    )  # fmt: skip
    typer.echo(json.dumps(report.as_dict()) if as_json else report.describe())
    if not report.ok:
        raise typer.Exit(1)


@group.command("convert")
def convert_command(
    source: Annotated[str, typer.Argument(metavar="IN", help="Any format the readers know; - is standard input.")],
    target: Annotated[str, typer.Argument(metavar="OUT", help="The ending or --to says the format; - is stdout.")],
    to: Annotated[str | None, typer.Option(help="conll, jsonl, html or text.")] = None,
    format: Annotated[str | None, typer.Option(help="Format of IN; default: found by content.")] = None,
    language: Language = None,
    map: o.Map = [],
    token_column: TokenColumn = None,
    tag_column: TagColumn = None,
    scheme: Scheme = None,
    repair: Annotated[str, typer.Option(help="conll, discard or error: what broken tag sequences become.")] = "conll",
    label: Label = [],
) -> None:
    """Write the sentences of one file in another format."""
    from xlner.core.labels import parse_map
    from xlner.data import convert

    report = convert(
        source, target, format=format, to=to, language=language, mapping=parse_map(map), token_column=token_column,
        tag_column=tag_column, scheme=scheme, repair=repair, labels=label or None,  # type: ignore[arg-type]
    )  # fmt: skip
    typer.echo(report.describe(), err=True)
