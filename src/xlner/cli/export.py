"""xlner export: a tagger that runs without torch."""

from __future__ import annotations

from typing import Annotated

import typer

from xlner.cli import options as o
from xlner.cli.ending import end


def command(
    model: Annotated[str, typer.Argument(help="Run folder, model folder or hub id.")],
    output: Annotated[str, typer.Option(metavar="DIR", help="Folder to write, for predict, evaluate and Tagger.load.")],
    format: Annotated[str, typer.Option(help="onnx, or openvino: fastest where the CPU has units for bf16.")] = "onnx",
    quantise: Annotated[
        str | None,
        typer.Option(metavar="int8", help="Weights in eight bits: a quarter of the size, and faster. For onnx."),
    ] = None,
    trim: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Drop the pieces of the vocabulary that this text never uses.")
    ] = None,
    layers: Annotated[int | None, typer.Option(help="Leave so many layers of the encoder; F1 falls.")] = None,
    gold: Annotated[
        str | None, typer.Option(metavar="FILE", help="Labelled data: F1 before and after, and parity on it.")
    ] = None,
    map: o.Map = [],
    as_json: o.Json = False,
) -> None:
    """Write a tagger as a folder that runs without torch; print parity, size and speed before and after."""
    from xlner.api.export import export
    from xlner.core.labels import parse_map

    result = export(
        model, output, format=format, quantise=quantise, trim=trim, layers=layers, gold=gold, mapping=parse_map(map)
    )
    end(result.as_dict(), result.describe(), as_json=as_json, notes=result.notes)
