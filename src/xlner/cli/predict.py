"""xlner predict: tag raw text or CoNLL, in one process or in shards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from xlner.cli import options as o
from xlner.cli.ending import end, say
from xlner.errors import UsageError


def command(
    model: Annotated[str, typer.Argument(help="Run folder, model folder or hub id.")],
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help="Raw text or any format; - reads standard input.")
    ] = None,
    format: Annotated[str, typer.Option(help="conll, jsonl or html.")] = "conll",
    output: Annotated[Path | None, typer.Option(help="File to write; default: stdout. With --shards a folder.")] = None,
    ids: Annotated[bool, typer.Option("--ids", help="Write the id of each sentence: FILE:LINE:SENTENCE.")] = False,
    language: Annotated[str | None, typer.Option(help="Language of the text, for word splitting.")] = None,
    map: o.Map = [],
    device: o.Device = None,
    on_long: Annotated[str, typer.Option(help="window, or error to refuse long sentences.")] = "window",
    label_consistency: o.LabelConsistency = 0.0,
    token_column: o.TokenColumn = None,
    tag_column: o.TagColumn = None,
    shards: Annotated[int | None, typer.Option(help="Divide the text into so many parts, a file of each.")] = None,
    shard: Annotated[int | None, typer.Option(help="Make this one, from 0; default: all that are not done.")] = None,
    on: Annotated[str, typer.Option(help="Make shards here (local), or on a Ray cluster (ray).")] = "local",
    workers: Annotated[int, typer.Option(help="Shards at a time, on Ray.")] = 1,
    gpus: Annotated[float, typer.Option(help="Of each worker, on Ray; a part of one is possible.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="With --shards: one JSON object on stdout.")] = False,
) -> None:
    """Find entities in raw text or in CoNLL files, whose words and sentences are kept one to one."""
    from xlner.api.predict import predict, write_predictions
    from xlner.core.labels import parse_map
    from xlner.core.languages import iso3
    from xlner.data.writing import check_output

    if format not in ("conll", "jsonl", "html"):
        raise UsageError(f"--format is conll, jsonl or html, got '{format}'")
    how: dict[str, Any] = {
        "language": iso3(language) if language else None, "mapping": parse_map(map), "device": device,
        "on_long": on_long, "token_column": token_column, "tag_column": tag_column,
    }  # fmt: skip
    sources = files or ["-"]
    if shards is not None:
        if label_consistency:
            raise UsageError("--label-consistency looks at the whole text, and a shard does not have it; leave it out")
        if output is None:
            raise UsageError("--shards needs --output FOLDER, where the shards are written")
        how |= {"output": str(output), "count": shards, "format": format, "ids": ids}
        _in_shards(model, sources, how, as_json, shard=shard, on=on, workers=workers, gpus=gpus)
        return
    if shard is not None or on != "local" or as_json or workers != 1 or gpus:
        raise UsageError("--shard, --on, --workers, --gpus and --json go with --shards N")
    if output is not None and str(output) != "-":
        check_output(output, inputs=files or ())
    sentences = predict(
        model, sources, **how, label_consistency=label_consistency, on_remark=lambda remark: say([remark])
    )  # fmt: skip
    write_predictions(output or "-", sentences, format=format, ids=ids)


def _in_shards(model: str, sources: list[str], how: dict[str, Any], as_json: bool, **where: Any) -> None:
    from xlner.api.shard_plan import Job
    from xlner.api.shards import predict_shards

    result = predict_shards(Job(model, tuple(sources), **how), **where, on_remark=lambda remark: say([remark]))
    end(result.as_dict(), result.describe(), as_json=as_json, err=True)
    for number, why in result.failed.items():
        typer.echo(f"error: shard {number}: {why}", err=True)
    if result.failed:
        raise typer.Exit(1)
