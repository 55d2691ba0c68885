"""xlner similarity: how near languages are to each other, by many measures."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from xlner.cli import options as o
from xlner.cli.ending import end, say
from xlner.errors import UsageError

if TYPE_CHECKING:
    from xlner.similarity import SimilarityMatrix


def command(
    language: Annotated[
        list[str], typer.Option(metavar="LANG=FILE", help="A language and text of it; repeat. typology needs no =FILE.")
    ] = [],
    measure: Annotated[
        list[str],
        typer.Option(
            help="lexical (default), embedding, typology, language-id, all, or one such as lexical:ngrams; repeat."
        ),
    ] = [],
    option: Annotated[
        list[str],
        typer.Option(metavar="MEASURE.KEY=VALUE", help="An option of a measure, such as lexical:ngrams.n=4; repeat."),
    ] = [],
    bitext: Annotated[
        list[str],
        typer.Option(metavar="LANG=FILE,LANG=FILE", help="Files that translate each other line by line; repeat."),
    ] = [],
    encoder: o.Encoder = None,
    layer: Annotated[int | None, typer.Option(help="Hidden layer, 0 being the embeddings.")] = None,
    excerpt: Annotated[
        int | None, typer.Option(help="Subwords of each sentence that are encoded, 0 for all; default: 16.")
    ] = None,
    max_sentences: Annotated[
        int | None, typer.Option(help="Sentences of each file to look at, from its start; default: 2000.")
    ] = None,
    token_column: o.TokenColumn = None,
    tag_column: o.TagColumn = None,
    device: o.Device = None,
    recommend: Annotated[
        bool, typer.Option("--recommend", help="Rank the languages as sources for --target, with F1 to expect.")
    ] = False,
    target: Annotated[str | None, typer.Option(metavar="LANG=FILE", help="For --recommend: text to be tagged.")] = None,
    predictor: Annotated[
        str | None, typer.Option(metavar="FILE", help="For --recommend: instead of the one that comes with xlner.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="For --recommend: a trained model, best English. Its F1 expected on the text shows how hard that is.",
        ),
    ] = None,
    output: Annotated[str | None, typer.Option(metavar="FOLDER", help="Write JSON, tables and pictures here.")] = None,
    as_json: o.Json = False,
) -> None:
    """Compare languages: a matrix per measure, as tables, JSON, CSV and pictures."""
    if recommend:
        unused = {
            "--measure": measure or None, "--bitext": bitext or None, "--encoder": encoder, "--layer": layer,
            "--excerpt": excerpt, "--max-sentences": max_sentences, "--option": option or None,
            "--token-column": token_column, "--tag-column": tag_column,
        }  # fmt: skip
        if given := next((name for name, value in unused.items() if value is not None), None):
            raise UsageError(f"{given} has no say with --recommend: the predictor was fitted with measures of its own")
        _recommend(language, target, predictor, model, device, output, as_json=as_json)
        return
    for name, value in (("--target", target), ("--predictor", predictor), ("--model", model)):
        if value:
            raise UsageError(f"{name} is for --recommend")
    from xlner.api.arguments import bitext_group, languages_with_text, measure_options
    from xlner.api.similarity import DEFAULT_MEASURES, EXCERPT, MAX_SENTENCES, similarity
    from xlner.similarity import SIMILARITIES, expand

    names = expand(measure or DEFAULT_MEASURES)
    if all(SIMILARITIES.load(m).needs == {"codes"} for m in names):
        readers = {"--bitext": bitext or None, "--encoder": encoder, "--layer": layer, "--device": device,
                   "--excerpt": excerpt, "--max-sentences": max_sentences,
                   "--token-column": token_column, "--tag-column": tag_column}  # fmt: skip
        if given := next((name for name, value in readers.items() if value is not None), None):
            raise UsageError(f"{given} has no effect here: {' and '.join(measure)} reads no text, only language codes")
    result = similarity(
        languages_with_text(language),
        measures=names,
        options=measure_options(option),
        bitext=[bitext_group(item) for item in bitext],
        encoder=encoder or "embedded",
        layer=layer,
        excerpt=EXCERPT if excerpt is None else excerpt,
        max_sentences=MAX_SENTENCES if max_sentences is None else max_sentences,
        device=device,
        output=output,
        token_column=token_column,
        tag_column=tag_column,
    )
    end(result.as_dict(), None, as_json=as_json, notes=result.notes)
    if output is not None:
        typer.echo(f"written to {output}", err=True)
    for matrix in () if as_json else result.matrices.values():
        _show(matrix)


def _recommend(
    language: list[str],
    target: str | None,
    predictor: str | None,
    model: str | None,
    device: str | None,
    output: str | None,
    *,
    as_json: bool,
) -> None:
    from rich.console import Console

    from xlner.api.arguments import language_value, one_per_language
    from xlner.api.similarity import recommend
    from xlner.api.tables import ranked_table

    if target is None:
        raise UsageError("--recommend wants --target LANG=FILE: raw text in the language to be tagged")
    goal = language_value(target, option="target")
    sources = one_per_language(language, option="language")
    ranked = recommend(goal, sources, predictor=predictor, model=model, device=device, output=output)
    end(ranked.as_dict(), None, as_json=as_json, notes=ranked.notes)
    if as_json:
        return
    Console(highlight=False).print(ranked_table(ranked))
    if ranked.estimate is not None:
        typer.echo(f"F1 expected of {model} on this text: {100 * ranked.estimate:.1f}", err=True)
    typer.echo(f"by: {ranked.predictor.about}", err=True)
    if (error := ranked.predictor.error.get("mean_abs_error")) is not None:
        typer.echo(f"on targets that were left out it was off by {error:.1f} points on average", err=True)


def _show(matrix: SimilarityMatrix) -> None:
    """Its tables, then the reasons for empty cells."""
    from rich.console import Console

    from xlner.api.tables import matrix_tables

    screen = Console(highlight=False)
    width = screen.width if sys.stdout.isatty() else 10_000
    direction = "higher is closer" if matrix.higher_is_closer else "lower is closer"
    for table in matrix_tables(matrix, width):
        screen.print(f"{matrix.measure} ({direction}; rows are sources, columns targets)", soft_wrap=True)
        screen.print(table, width=width if sys.stdout.isatty() else None, no_wrap=True, crop=False)
    say(f"{matrix.measure}: {reason}" for reason in dict.fromkeys(matrix.missing.values()))
