"""xlner demo: the main job on what the package carries, no download."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xlner.cli import options as o
from xlner.cli.ending import end


def command(
    output: Annotated[Path, typer.Option(help="Folder for the teacher and one run per language.")] = Path("demo-run"),
    target: Annotated[list[str], typer.Option(help="es, de or sw; repeat. Default: all three.")] = [],
    corpus: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Copy the files of the corpus there, and train nothing.")
    ] = None,
    resume: o.Resume = None,
    as_json: o.Json = False,
) -> None:
    """English labels and raw Spanish, German and Swahili text in, three NER models out."""
    if corpus is not None:
        from xlner.data.demo import copy_corpus

        copies = copy_corpus(corpus)
        end([str(path) for path in copies], f"{len(copies)} files in {corpus}", as_json=as_json)
        return
    from xlner.api.demo import demo
    from xlner.api.tables import highlighted, score_table
    from xlner.cli.show import console
    from xlner.core.languages import name
    from xlner.data import load
    from xlner.data.demo import LANGUAGES

    screen = console()
    screen.print("[bold]xlner demo[/]: a teacher learns from 444 English sentences, labels raw text softly,")
    screen.print("and a student for each language learns from that. No label of the target is used.\n")
    result = demo(output, targets=target or LANGUAGES, resume=resume or "auto")
    if as_json:
        end({language: run.metrics for language, run in result.runs.items()}, None, as_json=True)
        return
    for language, run in result.runs.items():
        direct = next(iter(run.metrics["sources"].values()))
        systems = {"direct (the teacher)": direct, "distilled (the student)": run.metrics["target"]}
        screen.print(score_table(f"{name(language)}: strict span scores on gold", systems))
        types = run.metrics["types"]
        shown = [s for s in load(run.folder / "predictions.jsonl").sentences if len(s.spans) >= 2][:3]
        for sentence in shown:
            screen.print("  ", highlighted(sentence, types))
        screen.print()
    for run in result.runs.values():
        screen.print(f"model: {run.folder / 'model'}    page: {run.folder / 'predictions.html'}", soft_wrap=True)
    first = next(iter(result.runs.values()))
    screen.print(f"\nTry it: echo 'Your own text.' | xlner predict {first.folder}", soft_wrap=True)
