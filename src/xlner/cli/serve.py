"""xlner serve: models behind HTTP, and a page to try them."""

from __future__ import annotations

from typing import Annotated

import typer

from xlner.cli import options as o
from xlner.cli.parts import part_command, values_of
from xlner.serve.limits import Limits

COMMAND = part_command((), beside={"serve": Limits})


def command(
    context: typer.Context,
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]MODEL...", help="Run folders, model folders or hub ids; or demo, a small model to try."
        ),
    ],
    host: Annotated[str, typer.Option(help="Address to listen at; one that others reach needs a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen at; 0 takes a free one.")] = 8000,
    token: Annotated[
        str | None,
        typer.Option(envvar="XLNER_TOKEN", help="Secret that requests send as Authorization: Bearer TOKEN."),
    ] = None,
    map: o.Map = [],
    device: o.Device = None,
) -> None:
    """Serve models over HTTP: for programs, Label Studio and doccano, with a page to try them."""
    from xlner.api.serve import serve
    from xlner.core.labels import parse_map

    typer.echo(f"loading {', '.join(models)}", err=True)
    serve(
        models, host=host, port=port, token=token, mapping=parse_map(map), device=device,
        limits=Limits(**values_of(context, "serve")),
        on_start=lambda where: typer.echo(f"serving at {where}; Ctrl-C stops", err=True),
    )  # fmt: skip
