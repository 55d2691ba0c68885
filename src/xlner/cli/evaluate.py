"""xlner evaluate: strict span scores of a model or of predictions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from xlner.cli import options as o
from xlner.errors import UsageError

if TYPE_CHECKING:
    from xlner.evaluate import SpanError


def command(
    model_or_predictions: Annotated[str, typer.Argument(help="Run folder, model folder, hub id or prediction file.")],
    gold: Annotated[str, typer.Argument(help="Labelled file; with --estimate, text, whose labels are ignored.")],
    map: o.Map = [],
    type: Annotated[list[str], typer.Option(help="Score only this type; repeat.")] = [],
    errors: Annotated[bool, typer.Option(help="Also count kinds of errors, with examples.")] = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Estimate F1 of a model on text without labels.")
    ] = False,
    calibrate: Annotated[
        str | None, typer.Option(metavar="FILE", help="--estimate: labelled source data, to fit a temperature on.")
    ] = None,
    also: Annotated[
        list[str], typer.Option(metavar="MODEL", help="--estimate: report agreement with this model; repeat.")
    ] = [],
    estimator: Annotated[
        str | None, typer.Option(metavar="FILE", help="--estimate: a correction fitted on other targets; or default.")
    ] = None,
    label_consistency: o.LabelConsistency = 0.0,
    device: o.Device = None,
    as_json: o.Json = False,
) -> None:
    """Precision, recall and F1 of exact spans: micro, macro, per type, with intervals; or F1 estimated without gold."""
    from xlner.core.labels import parse_map

    mapping = parse_map(map)
    if estimate:
        if type or errors or label_consistency:
            raise UsageError(
                "--estimate has no --type, --errors and --label-consistency; leave types out with --map TYPE=O"
            )
        _estimate(model_or_predictions, gold, calibrate, also, estimator, mapping, device, as_json)
        return
    for option, value in (("--calibrate", calibrate), ("--also", also), ("--estimator", estimator)):
        if value:
            raise UsageError(f"{option} belongs to --estimate; add that, or leave {option} out")
    from xlner.api.apply import evaluate
    from xlner.evaluate import describe, intervals, span_errors

    result = evaluate(
        model_or_predictions, gold, mapping=mapping, types=type or None, device=device,
        label_consistency=label_consistency,
    )  # fmt: skip
    for note in result.notes:
        typer.echo(f"note: {note}", err=True)
    if as_json:
        typer.echo(json.dumps(result.metrics))
        return
    typer.echo(describe(result.scores, intervals=intervals(result.scores)))
    lenient = result.metrics["conlleval"]
    typer.echo(f"conlleval reading: F1 {lenient['f1']:.4f}")
    if errors:
        sorted_errors = span_errors(result.gold, result.predictions, types=type or None)
        typer.echo("\nerrors: " + ", ".join(f"{n} {kind}" for kind, n in sorted_errors.counts.items()))
        for error in sorted_errors.examples:
            typer.echo(f"  {error.kind}: {error.text} ({_types(error)}) {error.where or ''}".rstrip())


def _estimate(
    model: str,
    text: str,
    calibrate: str | None,
    also: list[str],
    estimator: str | None,
    mapping: dict[str, str],
    device: str | None,
    as_json: bool,
) -> None:
    from xlner.api.estimate import estimate
    from xlner.cli import as_flags
    from xlner.evaluate.tables import describe_expected

    made = estimate(model, text, calibrate=calibrate, also=also, estimator=estimator, mapping=mapping, device=device)
    if as_json:
        typer.echo(json.dumps({**made.as_dict(), "notes": [as_flags(note) for note in made.notes]}))
        return
    if made.value is not None:
        r = made.interval
        around = "" if r is None else f" ({r.level:.0%} interval over {r.covers}: {r.low:.4f} to {r.high:.4f})"
        typer.echo(f"estimated F1 on {made.sentences} sentences without labels: {made.value:.4f}{around}")
    typer.echo(f"\nif the model's probabilities were true:\n{describe_expected(made.expected)}\n")
    if calibrate is not None:
        typer.echo(f"temperature from {calibrate}: {made.temperature:.3f}")
    if made.ece_before is not None:
        typer.echo(f"calibration error of spans there: {made.ece_before:.4f}, with temperature {made.ece_after:.4f}")
    for name, f1 in made.agreement.items():
        typer.echo(f"agreement with {name}: F1 {f1:.4f}")
    for note in made.notes:
        typer.echo(f"note: {as_flags(note)}")


def _types(error: SpanError) -> str:
    return " for ".join(s.label if s else "none" for s in (error.predicted, error.gold))
