"""xlner compare: which of several runs is better, and whether chance explains it; or which to take without labels."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from xlner.cli import options as o
from xlner.cli.ending import end
from xlner.errors import UsageError


def command(
    runs: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Runs, models or prediction files.")],
    gold: Annotated[str | None, typer.Option(metavar="FILE", help="Labelled file.")] = None,
    text: Annotated[
        str | None, typer.Option(metavar="FILE", help="Instead of --gold: raw text, to choose a model without labels.")
    ] = None,
    seen: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Labels that the runs were trained on: compares seen and unseen entities, too."
        ),
    ] = None,
    sentences: Annotated[
        int | None, typer.Option(help="Sentences to show of those where two runs differ most; default: 5.")
    ] = None,
    map: o.Map = [],
    token_column: o.TokenColumn = None,
    tag_column: o.TagColumn = None,
    device: o.Device = None,
    as_json: o.Json = False,
) -> None:
    """Paired significance tests between runs on the same gold data; or, with --text, a choice without labels."""
    from xlner.api.choose import choose
    from xlner.api.compare import compare
    from xlner.core.labels import parse_map

    how: dict[str, Any] = {"mapping": parse_map(map), "device": device}
    how |= {"token_column": token_column, "tag_column": tag_column}
    if text is not None and sentences is not None:
        raise UsageError("--sentences shows where runs differ from --gold; leave it out with --text")
    if text is not None and gold is None and seen is None:
        choice = choose(runs, text, **how)
        end(choice.as_dict(), choice.describe(), as_json=as_json, notes=choice.notes)
    elif gold is not None and text is None:
        result = compare(runs, gold, seen=seen, sentences=5 if sentences is None else sentences, **how)
        end(result.as_dict(), result.describe(), as_json=as_json, notes=result.notes)
    else:
        raise UsageError(
            "compare needs --gold FILE (and with it --seen), or --text FILE to choose without labels; one of the two"
        )
