"""xlner evaluate: strict span scores of a model or of predictions."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from xlner.cli import options as o
from xlner.cli.ending import end
from xlner.errors import UsageError


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
        str | None, typer.Option(metavar="FILE", help="--estimate: a fitted correction, or default.")
    ] = None,
    distilled: Annotated[
        bool | None,
        typer.Option(
            "--distilled/--not-distilled",
            help="--estimate: whether the model learnt from raw or projected text of this language.",
        ),
    ] = None,
    label_consistency: o.LabelConsistency = 0.0,
    perturb: o.Perturb = None,
    seed: o.Seed = 1,
    token_column: o.TokenColumn = None,
    tag_column: o.TagColumn = None,
    device: o.Device = None,
    as_json: o.Json = False,
) -> None:
    """Precision, recall and F1 of exact spans: micro, macro, per type, with intervals; or F1 estimated without gold."""
    from xlner.core.labels import parse_map

    how: dict[str, Any] = {"mapping": parse_map(map), "device": device}
    how |= {"token_column": token_column, "tag_column": tag_column}
    if estimate:
        if type or errors or label_consistency or perturb:
            raise UsageError(
                "--estimate has no --type, --errors, --label-consistency and --perturb; leave types out with "
                "--map TYPE=O"
            )
        how |= {"also": also, "estimator": estimator, "distilled": distilled}
        _estimate(model_or_predictions, gold, as_json, calibrate=calibrate, **how)
        return
    ours = {
        "--calibrate": calibrate,
        "--also": also or None,
        "--estimator": estimator,
        "--distilled or --not-distilled": distilled,
    }
    for option, value in ours.items():
        if value is not None:
            raise UsageError(f"{option} belongs to --estimate; add that, or leave {option} out")
    from xlner.api.apply import evaluate

    how |= {"label_consistency": label_consistency, "perturb": perturb, "seed": seed}
    result = evaluate(model_or_predictions, gold, types=type or None, **how)
    end(result.metrics, result.describe(errors=errors and not as_json), as_json=as_json, notes=result.notes)


def _estimate(model: str, text: str, as_json: bool, *, calibrate: str | None, **how: Any) -> None:
    from xlner.api.estimate import estimate
    from xlner.cli import as_flags

    result = estimate(model, text, calibrate=calibrate, **how)
    values = {**result.as_dict(), "notes": [as_flags(note) for note in result.notes]}
    end(values, as_flags(result.describe(calibrated_on=calibrate)), as_json=as_json)
