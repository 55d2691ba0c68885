"""xlner align: word alignment of two parallel files."""

from __future__ import annotations

from typing import Annotated

import typer

from xlner.align import DEFAULT_ALIGNER
from xlner.cli import options as o
from xlner.cli.ending import check_stdout, end
from xlner.cli.parts import part_command, values_of
from xlner.errors import UsageError
from xlner.flags import Choice, Splitting

COMMAND = part_command((Choice("aligner", "aligners", DEFAULT_ALIGNER),), beside={"splitting": Splitting})


def command(
    context: typer.Context,
    source: Annotated[str, typer.Option(metavar="FILE", help="Source side, one sentence per line, or any format.")],
    target: Annotated[str, typer.Option(metavar="FILE", help="Target side, with as many sentences.")],
    aligner: Annotated[str, typer.Option(metavar="NAME", help="Its options follow below.")] = DEFAULT_ALIGNER,
    output: Annotated[
        str | None, typer.Option(metavar="FILE", help="One line of i-j links per pair, indices from 0.")
    ] = None,
    scores: Annotated[bool, typer.Option("--scores", help="Write i-j:score.")] = False,
    gold: Annotated[
        str | None, typer.Option(metavar="FILE", help="Score against these links: i-j sure, ipj possible.")
    ] = None,
    gold_base: Annotated[int, typer.Option(help="Index of the first word in the gold file, 0 or 1.")] = 0,
    words: Annotated[
        str, typer.Option(help="How raw text becomes words: at 'spaces', or 'segment' as xlner does elsewhere.")
    ] = "spaces",
    source_language: Annotated[str | None, typer.Option(help="Helps --words segment.")] = None,
    target_language: Annotated[str | None, typer.Option(help="Helps --words segment.")] = None,
    format: Annotated[str | None, typer.Option(help="Format of both files; found out by default.")] = None,
    option: Annotated[
        list[str], typer.Option(metavar="KEY=VALUE", help="An option of the aligner in YAML, such as layers=[6,8].")
    ] = [],
    fit: Annotated[
        tuple[str, str] | None, typer.Option(metavar="SOURCE TARGET", help="More parallel text to learn from.")
    ] = None,
    load: Annotated[str | None, typer.Option(metavar="FOLDER", help="A saved aligner, used as it is.")] = None,
    save: Annotated[str | None, typer.Option(metavar="FOLDER", help="Save the fitted aligner there.")] = None,
    resume: Annotated[str, typer.Option(help="auto goes on with an interrupted run; never starts anew.")] = "auto",
    token_column: o.TokenColumn = None,
    tag_column: o.TagColumn = None,
    as_json: o.Json = False,
) -> None:
    """Link the words of parallel sentences; score the links if there are gold ones."""
    from xlner.api.align import align

    if output is None and gold is None and save is None:
        raise UsageError("nothing to do: name --output FILE, --gold FILE or --save FOLDER")
    if scores and output is None:
        raise UsageError("--scores goes with --output FILE, where they are written")
    if gold_base and gold is None:
        raise UsageError("--gold-base goes with --gold FILE")
    check_stdout(as_json, output)
    report = align(
        source,
        target,
        output,
        aligner=aligner,
        options=values_of(context, "aligner", option),
        scores=scores,
        gold=gold,
        gold_base=gold_base,
        words=words,
        **values_of(context, "splitting"),
        source_language=source_language,
        target_language=target_language,
        format=format,
        fit=fit,
        load=load,
        save=save,
        resume=resume,
        token_column=token_column,
        tag_column=tag_column,
    )
    end(report.as_dict(), report.describe(), as_json=as_json, notes=report.notes, err=True)
    if report.gold is not None and not as_json:
        g = report.gold
        typer.echo(f"precision {g.precision:.4f}  recall {g.recall:.4f}  f1 {g.f1:.4f}  aer {g.aer:.4f}")
