"""xlner compare: which of several runs is better, and whether chance explains it."""

from __future__ import annotations

from typing import Annotated

import typer

from xlner.cli import options as o
from xlner.cli.ending import end


def command(
    runs: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Runs, models or prediction files.")],
    gold: Annotated[str, typer.Option(metavar="FILE", help="Labelled file.")],
    map: o.Map = [],
    token_column: o.TokenColumn = None,
    tag_column: o.TagColumn = None,
    device: o.Device = None,
    as_json: o.Json = False,
) -> None:
    """Paired significance tests between runs on the same gold data."""
    from xlner.api.apply import as_values, compare
    from xlner.core.labels import parse_map
    from xlner.evaluate import describe_comparisons

    notes: list[str] = []
    result = compare(
        runs, gold, mapping=parse_map(map), device=device, token_column=token_column, tag_column=tag_column,
        on_remark=notes.append,
    )  # fmt: skip
    end(as_values(result, notes), describe_comparisons(result), as_json=as_json, notes=notes)
