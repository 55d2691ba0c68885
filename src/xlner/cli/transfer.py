"""xlner transfer: a NER model for the target language from source-language data or models."""

from __future__ import annotations

from typing import Annotated

import typer

from xlner.cli import options as o
from xlner.cli.parts import part_command
from xlner.cli.run import run
from xlner.flags import Choice, Judging, Recipe
from xlner.methods import DEFAULT_METHOD

COMMAND = part_command(
    (Choice("method", "methods", DEFAULT_METHOD),), config=True, beside={"recipe": Recipe, "judging": Judging}
)


def command(
    context: typer.Context,
    source: Annotated[
        list[str], typer.Option(metavar="LANG=FILE_OR_MODEL", help="Labelled data or a model; repeat.")
    ] = [],
    target: Annotated[
        str | None, typer.Option(metavar="LANG=FILE", help="Raw target text; labels in it are ignored.")
    ] = None,
    output: o.Output = None,
    method: Annotated[
        str | None, typer.Option(help=f"How to transfer; see `xlner methods`. Default: {DEFAULT_METHOD}.")
    ] = None,
    source_text: Annotated[
        list[str], typer.Option(metavar="LANG=FILE", help="Text of a source that is a model, where weights read text.")
    ] = [],
    bitext: Annotated[
        list[str], typer.Option(metavar="LANG=SOURCE,TARGET", help="Parallel text with the target language.")
    ] = [],
    translations: Annotated[
        list[str], typer.Option("--translation", metavar="LANG=FILE", help="Translations of that source, line by line.")
    ] = [],
    dictionaries: Annotated[
        list[str], typer.Option("--dictionary", metavar="LANG=FILE", help="From that language to the target language.")
    ] = [],
    target_labels: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Few labelled target sentences; only methods of your own read them."),
    ] = None,
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
    """Transfer NER to a language without labels.

    Methods take options of their own, which follow below for the one that --method names. An option of the training of
    teachers and student, such as --epochs, is for both; --teacher.epochs or --student.epochs is for one of them.
    """
    run(context, default=DEFAULT_METHOD)
