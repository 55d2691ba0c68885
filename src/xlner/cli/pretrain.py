"""xlner pretrain: an encoder trained further on raw text."""

from __future__ import annotations

from typing import Annotated

import typer

from xlner.cli import options as o
from xlner.cli.ending import end
from xlner.cli.parts import part_command, values_of
from xlner.train.masked_options import PretrainOptions

COMMAND = part_command((), beside={"pretrain": PretrainOptions})


def command(
    context: typer.Context,
    text: Annotated[
        list[str], typer.Option(metavar="LANG=FILE", help="Raw text; labels in it are ignored. Repeat for more.")
    ],
    output: Annotated[str, typer.Option(metavar="FOLDER", help="Run folder; it can be named as --encoder.")],
    encoder: o.Encoder = None,
    token_column: o.TokenColumn = None,
    tag_column: o.TagColumn = None,
    resume: o.Resume = None,
    as_json: o.Json = False,
) -> None:
    """Train an encoder further on raw text: it learns to predict masked words."""
    from xlner.api.arguments import language_value
    from xlner.api.pretrain import pretrain

    result = pretrain(
        [language_value(item, option="text") for item in text],
        output,
        encoder=encoder or "embedded",
        options=values_of(context, "pretrain"),
        token_column=token_column,
        tag_column=tag_column,
        resume=resume or "auto",
    )
    notes = (*result.remarks, *result.metrics["notes"])
    end(result.metrics, result.describe(), as_json=as_json, notes=notes, err=True)
