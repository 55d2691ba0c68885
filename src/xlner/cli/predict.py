"""xlner predict: tag raw text or CoNLL."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xlner.cli import options as o
from xlner.cli.ending import say


def command(
    model: Annotated[str, typer.Argument(help="Run folder, model folder or hub id.")],
    file: Annotated[str, typer.Argument(help="Raw text or any labelled format; - reads standard input.")] = "-",
    format: Annotated[str, typer.Option(help="conll, jsonl or html.")] = "conll",
    output: Annotated[Path | None, typer.Option(help="File to write; default: standard output.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of the text, for word splitting.")] = None,
    map: o.Map = [],
    device: o.Device = None,
    on_long: Annotated[str, typer.Option(help="window, or error to refuse long sentences.")] = "window",
    label_consistency: o.LabelConsistency = 0.0,
    token_column: o.TokenColumn = None,
    tag_column: o.TagColumn = None,
) -> None:
    """Find entities in raw text or in a CoNLL file, whose words and sentences are kept one to one."""
    from xlner.api.apply import predict
    from xlner.core.labels import parse_map
    from xlner.core.languages import iso3
    from xlner.data import write
    from xlner.errors import UsageError

    if format not in ("conll", "jsonl", "html"):
        raise UsageError(f"--format is conll, jsonl or html, got '{format}'")
    code = iso3(language) if language else None
    sentences = predict(
        model, file, language=code, mapping=parse_map(map), device=device, on_long=on_long,
        label_consistency=label_consistency, token_column=token_column, tag_column=tag_column,
        on_remark=lambda remark: say([remark]),
    )  # fmt: skip
    write(output or "-", sentences, format=format)
