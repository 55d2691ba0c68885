"""xlner project: labels of a sentence onto its translation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xlner.cli import options as o
from xlner.cli.ending import check_stdout, end
from xlner.cli.parts import part_command, values_of
from xlner.flags import Choice, Columns, Splitting
from xlner.project import defaults

PARTS = (
    Choice("matcher", "matchers", defaults.MATCHER),
    Choice("aligner", "aligners", defaults.ALIGNER),
    Choice("score", "scores", defaults.SCORE),
)
COMMAND = part_command(PARTS, beside={"reading": Columns, "splitting": Splitting})


def command(
    context: typer.Context,
    source: Annotated[str, typer.Option(metavar="LABELLED", help="Labelled sentences, any format.")],
    target: Annotated[str, typer.Option(metavar="TEXT", help="Their translations, line by line; labels are ignored.")],
    output: Annotated[Path, typer.Option(metavar="FILE", help="Labelled target sentences; unknown words get _.")],
    matcher: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"Decides where every entity goes [default {defaults.MATCHER}].")
    ] = None,
    aligner: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=f"Links words where links are read [default {defaults.ALIGNER}]."),
    ] = None,
    score: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help=f"Rates candidates; or a weighted mean, align=0.5,nmt=1 [default {defaults.SCORE}]."
        ),
    ] = None,
    alignment: Annotated[
        str | None, typer.Option(metavar="PHARAOH", help="Links i-j per pair, made before; words split at spaces.")
    ] = None,
    option: Annotated[list[str], typer.Option(metavar="KEY=VALUE", help="Any option of the aligner.")] = [],
    fit: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="SOURCE TARGET", help="More parallel text for an aligner that learns."),
    ] = None,
    load: Annotated[str | None, typer.Option(metavar="FOLDER", help="A saved aligner, used as it is.")] = None,
    min_score: Annotated[float, typer.Option(help="Projections below become unknown words.")] = 0.0,
    words: Annotated[str | None, typer.Option(help="Raw target text: split at spaces, or segment.")] = None,
    source_language: Annotated[str | None, typer.Option(help="Of the source sentences.")] = None,
    target_language: Annotated[str | None, typer.Option(help="Of the target text; helps to split words.")] = None,
    ner_model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Reads the target, for scores and candidates that ask for it.")
    ] = None,
    device: o.Device = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="A page that shows what went where.")] = None,
    losses: Annotated[Path | None, typer.Option(metavar="FILE", help="What was lost and why, as JSON lines.")] = None,
    as_json: o.Json = False,
) -> None:
    """Project entities onto translations; words of lost entities become unknown, never O."""
    check_stdout(as_json, output, html, losses)
    from xlner.api.project import describe, notes, project
    from xlner.project.files import Outputs

    result = project(
        source,
        target,
        Outputs(output, html, losses),
        matcher=matcher,
        aligner=aligner,
        score=score,
        matcher_options=values_of(context, "matcher"),
        aligner_options=values_of(context, "aligner", option),
        score_options=values_of(context, "score"),
        alignment=alignment,
        fit=fit,
        load=load,
        min_score=min_score,
        words=words,  # type: ignore[arg-type]
        source_language=source_language,
        target_language=target_language,
        ner_model=ner_model,
        device=device,
        reading=values_of(context, "reading"),
        **values_of(context, "splitting"),
    )
    summary = result.as_dict()
    end(summary, describe(summary), as_json=as_json, notes=notes(summary), err=True)
