"""xlner data check and xlner data convert."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xlner.cli import as_flags
from xlner.cli import options as o
from xlner.cli.ending import end
from xlner.cli.parts import part_command, values_of
from xlner.flags import Choice

group = typer.Typer(help="Look at data files, and turn one format into another.", no_args_is_help=True)

FORMAT = Choice("format", "formats", None)
TO = Choice("to", "formats", None)

Format = Annotated[str | None, typer.Option(help="Format of the input; default: found by content. See `formats`.")]
Language = Annotated[str | None, typer.Option(help="Language of the text.")]
Scheme = Annotated[str | None, typer.Option(help="IO, IOB1, IOB2, BIOES or BILOU; default: found in the file.")]
TokenColumn = Annotated[int | None, typer.Option(help="Column of the word, from 0; default: found in the file.")]
TagColumn = Annotated[int | None, typer.Option(help="Column of the tag; -1 is the last; default: found in the file.")]
Label = Annotated[list[str], typer.Option(help="What the next integer tag stands for; repeat in order, O first.")]


@group.command("check", cls=part_command([FORMAT]))
def check_command(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    format: Format = None,
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
        tag_column=tag_column, scheme=scheme, labels=label or None, options=values_of(context, "format"),  # type: ignore[arg-type]
    )  # fmt: skip
    end(report.as_dict(), as_flags(report.describe()), as_json=as_json)
    if not report.ok:
        raise typer.Exit(1)


@group.command("convert", cls=part_command([TO, FORMAT]))
def convert_command(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="IN", help="Any format the readers know; - is standard input.")],
    target: Annotated[str, typer.Argument(metavar="OUT", help="The ending or --to says the format; - is stdout.")],
    to: Annotated[str | None, typer.Option(help="Format of OUT: conll, jsonl, tokens, html or text.")] = None,
    format: Format = None,
    language: Language = None,
    map: o.Map = [],
    token_column: TokenColumn = None,
    tag_column: TagColumn = None,
    scheme: Scheme = None,
    repair: Annotated[str, typer.Option(help="conll, discard or error: what broken tag sequences become.")] = "conll",
    label: Label = [],
    perturb: o.Perturb = None,
    seed: o.Seed = 1,
) -> None:
    """Write the sentences of one file in another format."""
    from xlner.core.labels import parse_map
    from xlner.data import convert

    change = None
    if perturb is not None:
        from xlner.augment.augmenter import Perturbation

        change = Perturbation(perturb, seed=seed)
    report = convert(
        source, target, format=format, to=to, language=language, mapping=parse_map(map), token_column=token_column,
        tag_column=tag_column, scheme=scheme, repair=repair, labels=label or None,  # type: ignore[arg-type]
        options=values_of(context, "format"), write_options=values_of(context, "to"),
        change=change,
    )  # fmt: skip
    typer.echo("\n".join(as_flags(x) for x in (report.describe(), *(change.notes if change else ()))), err=True)
