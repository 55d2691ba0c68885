"""xlner translate: a file in another language, line by line."""

from __future__ import annotations

from typing import Annotated

import typer

from xlner.cli import options as o
from xlner.cli.ending import check_stdout, end
from xlner.cli.parts import part_command, values_of
from xlner.flags import Choice
from xlner.translate import DEFAULT_TRANSLATOR

COMMAND = part_command((Choice("translator", "translators", DEFAULT_TRANSLATOR),))


def command(
    context: typer.Context,
    source_file: Annotated[str, typer.Argument(metavar="IN", help="Text, a sentence or more per line; or any format.")],
    output: Annotated[str, typer.Argument(metavar="OUT", help="One line for each line of IN; - for standard output.")],
    source: Annotated[str, typer.Option("--from", metavar="LANG", help="Language of IN.")],
    target: Annotated[str, typer.Option("--to", metavar="LANG", help="Language to translate into.")],
    translator: Annotated[
        str, typer.Option(help="`xlner translators` lists what there is; its options follow below.")
    ] = DEFAULT_TRANSLATOR,
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

    check_stdout(as_json, output)
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
    end(report.as_dict(), report.describe(), as_json=as_json, notes=report.notes, err=True)
