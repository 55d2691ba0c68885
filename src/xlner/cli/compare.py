"""xlner compare: which of several runs is better, and whether chance explains it."""

from __future__ import annotations

from typing import Annotated

import typer

from xlner.cli import options as o


def command(
    runs: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Runs, models or prediction files.")],
    gold: Annotated[str, typer.Option(metavar="FILE", help="Labelled file.")],
    map: o.Map = [],
    device: o.Device = None,
    as_json: o.Json = False,
) -> None:
    """Paired significance tests between runs on the same gold data."""
    from xlner.api.apply import compare, to_json
    from xlner.core.labels import parse_map
    from xlner.evaluate import describe_comparisons

    result = compare(runs, gold, mapping=parse_map(map), device=device)
    typer.echo(to_json(result) if as_json else describe_comparisons(result))
