"""xlner project: labels of a sentence onto its translation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from xlner.cli import options as o
from xlner.cli.arguments import key_values
from xlner.cli.parts import Choice, part_command, values_of
from xlner.errors import UsageError

PARTS = (
    Choice("matcher", "matchers", "exact"),
    Choice("aligner", "aligners", "layers"),
    Choice("score", "scores", "fused"),
)
COMMAND = part_command(PARTS)


def command(
    context: typer.Context,
    source: Annotated[str, typer.Option(metavar="LABELLED", help="Labelled sentences, any format.")],
    target: Annotated[str, typer.Option(metavar="TEXT", help="Their translations, line by line; labels are ignored.")],
    output: Annotated[Path, typer.Option(metavar="FILE", help="Labelled target sentences; unknown words get _.")],
    matcher: Annotated[
        str | None, typer.Option(metavar="NAME", help="Decides where every entity goes [default exact].")
    ] = None,
    aligner: Annotated[
        str | None, typer.Option(metavar="NAME", help="Links words where the matcher reads links [default layers].")
    ] = None,
    score: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Rates candidates; or a weighted mean, align=0.5,nmt=1 [default fused]."),
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
    words_split: o.WordsSplit = "auto",
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
    if as_json and "-" in map(str, (output, html, losses)):
        raise UsageError("--json and an output to - both want standard output; give one of them")
    of_aligner, more = values_of(context, "aligner"), key_values(option)
    if twice := next((name for name in more if name in of_aligner or (name == "device" and device)), None):
        raise UsageError(f"--option {twice} and --{twice} both say what {twice} is; give one of them")
    from xlner.api.project import project
    from xlner.project.files import Outputs

    result = project(
        source,
        target,
        Outputs(output, html, losses),
        matcher=matcher,
        aligner=aligner,
        score=score,
        matcher_options=values_of(context, "matcher"),
        aligner_options=of_aligner | more,
        score_options=values_of(context, "score"),
        alignment=alignment,
        fit=fit,
        load=load,
        min_score=min_score,
        words=words,  # type: ignore[arg-type]
        words_split=words_split,  # type: ignore[arg-type]
        source_language=source_language,
        target_language=target_language,
        ner_model=ner_model,
        device=device,
    )
    _report(result.as_dict(), as_json=as_json)


def _report(summary: dict[str, Any], *, as_json: bool) -> None:
    if unmet := summary["sentences_with_unmet_constraint"]:
        wanted = f"{summary['settings'].get('constraint')} {summary['settings'].get('n_proj')}"
        typer.echo(f"note: sentences without room for '{wanted}' projections per entity: {unmet}", err=True)
    if as_json:
        typer.echo(json.dumps(summary))
        return
    fates = ", ".join(f"{reason} {count}" for reason, count in summary["fates"].items()) or "no entities"
    typer.echo(f"{summary['sentences']} sentences, {summary['entities']} entities: {fates}", err=True)
    typer.echo(f"{summary['missing_words']} of {summary['words']} target words have unknown labels", err=True)
