"""xlner evaluate: strict span scores of a model or of predictions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from xlner.cli import options as o

if TYPE_CHECKING:
    from xlner.evaluate import SpanError


def command(
    model_or_predictions: Annotated[str, typer.Argument(help="Run folder, model folder, hub id or prediction file.")],
    gold: Annotated[str, typer.Argument(help="Labelled file.")],
    map: o.Map = [],
    type: Annotated[list[str], typer.Option(help="Score only this type; repeat.")] = [],
    errors: Annotated[bool, typer.Option(help="Also count kinds of errors, with examples.")] = False,
    device: o.Device = None,
    as_json: o.Json = False,
) -> None:
    """Precision, recall and F1 of exact spans: micro, macro and per type, with bootstrap intervals."""
    from xlner.api.apply import evaluate
    from xlner.core.labels import parse_map
    from xlner.evaluate import describe, intervals, span_errors

    result = evaluate(model_or_predictions, gold, mapping=parse_map(map), types=type or None, device=device)
    if as_json:
        typer.echo(json.dumps(result.metrics))
        return
    typer.echo(describe(result.scores, intervals=intervals(result.scores)))
    lenient = result.metrics["conlleval"]
    typer.echo(f"conlleval reading: F1 {lenient['f1']:.4f}")
    if errors:
        found = span_errors(result.gold, result.predictions, types=type or None)
        typer.echo("\nerrors: " + ", ".join(f"{n} {kind}" for kind, n in found.counts.items()))
        for error in found.examples:
            typer.echo(f"  {error.kind}: {error.text} ({_types(error)}) {error.where or ''}".rstrip())


def _types(error: SpanError) -> str:
    return " for ".join(s.label if s else "none" for s in (error.predicted, error.gold))
