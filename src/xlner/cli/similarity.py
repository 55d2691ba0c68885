"""xlner similarity: how near languages are to each other, by many measures."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xlner.cli import options as o
from xlner.cli.arguments import key_values, language_value, one_per_language
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
    device: o.Device = None,
    recommend: Annotated[
        bool, typer.Option("--recommend", help="Rank the languages as sources for --target, with F1 to expect.")
    ] = False,
    target: Annotated[str | None, typer.Option(metavar="LANG=FILE", help="For --recommend: text to be tagged.")] = None,
    predictor: Annotated[
        str | None, typer.Option(metavar="FILE", help="For --recommend: instead of the one that comes with xlner.")
    ] = None,
    output: Annotated[str | None, typer.Option(metavar="FOLDER", help="For JSON, and CSV and pictures.")] = None,
    as_json: o.Json = False,
) -> None:
    """Compare languages: a matrix per measure, as tables, JSON, CSV and pictures."""
    if recommend:
        unused = {
            "--measure": measure or None, "--bitext": bitext or None, "--encoder": encoder, "--layer": layer,
            "--excerpt": excerpt, "--max-sentences": max_sentences, "--option": option or None,
        }  # fmt: skip
        if given := next((name for name, value in unused.items() if value is not None), None):
            raise UsageError(f"{given} has no say with --recommend: the predictor was fitted with measures of its own")
        _recommend(language, target, predictor, device, output, as_json=as_json)
        return
    if target or predictor:
        raise UsageError(f"{'--target' if target else '--predictor'} is for --recommend")
    files = _languages(language)
    groups = [_group(item) for item in bitext]
    from xlner.api.similarity import DEFAULT_MEASURES, EXCERPT, MAX_SENTENCES, similarity
    from xlner.similarity import SIMILARITIES, expand

    names = expand(measure or DEFAULT_MEASURES)
    if all(SIMILARITIES.load(m).needs == {"codes"} for m in names):
        readers = {"--bitext": bitext or None, "--encoder": encoder, "--layer": layer, "--device": device,
                   "--excerpt": excerpt, "--max-sentences": max_sentences}  # fmt: skip
        if given := next((name for name, value in readers.items() if value is not None), None):
            raise UsageError(f"{given} has no effect here: {' and '.join(measure)} reads no text, only language codes")
    result = similarity(
        files,
        measures=names,
        options=_options(option),
        bitext=groups,
        encoder=encoder or "embedded",
        layer=layer,
        excerpt=EXCERPT if excerpt is None else excerpt,
        max_sentences=MAX_SENTENCES if max_sentences is None else max_sentences,
        device=device,
        output=output,
    )
    for note in result.notes:
        typer.echo(f"note: {note}", err=True)
    if output is not None:
        typer.echo(f"written to {output}", err=True)
    if as_json:
        typer.echo(json.dumps(result.as_dict()))
        return
    for matrix in result.matrices.values():
        _show(matrix)


_SHOWN = 4  # reasons per source; --json has all


def _recommend(
    language: list[str],
    target: str | None,
    predictor: str | None,
    device: str | None,
    output: str | None,
    *,
    as_json: bool,
) -> None:
    from rich.console import Console
    from rich.table import Table

    from xlner.api.similarity import recommend
    from xlner.core.languages import bcp47, name

    if target is None:
        raise UsageError("--recommend wants --target LANG=FILE: raw text in the language to be tagged")
    goal = language_value(target, option="--target")
    sources = one_per_language(language, option="--language")
    ranked = recommend(goal, sources, predictor=predictor, device=device, output=output)
    for note in ranked.notes:
        typer.echo(f"note: {note}", err=True)
    if as_json:
        typer.echo(json.dumps(ranked.as_dict()))
        return
    columns = ("source", "F1 to expect", "90% interval", "why, against an average pair")
    table = Table(*columns, title=f"sources for {name(goal[0])}")
    for r in ranked.sources:
        span = "" if r.low is None or r.high is None else f"{100 * r.low:.0f} to {100 * r.high:.0f}"
        table.add_row(f"{name(r.source)} ({bcp47(r.source)})", f"{100 * r.f1:.1f}", span, "\n".join(r.reasons[:_SHOWN]))
    Console(highlight=False).print(table)
    typer.echo(f"by: {ranked.predictor.about}", err=True)
    if (error := ranked.predictor.error.get("mean_abs_error")) is not None:
        typer.echo(f"on languages it had not seen it was off by {error:.1f} points on average", err=True)


def _languages(items: list[str]) -> dict[str, str | None]:
    """`["en=a.txt", "fon"]` as {"eng": "a.txt", "fon": None}."""
    from xlner.core.languages import iso3

    out: dict[str, str | None] = {}
    for item in items:
        named = one_per_language([item], option="--language") if "=" in item else {iso3(item): None}
        for code, path in named.items():
            if code in out:
                raise UsageError(f"--language names {code} twice: {out[code] or 'without text'} and {path or item}")
            out[code] = path
    return out


def _options(items: list[str]) -> dict[str, dict[str, Any]]:
    """`["lexical:ngrams.n=4"]` as `{"lexical:ngrams": {"n": 4}}`; values are read as YAML."""
    from xlner.similarity import SIMILARITIES

    by_measure: dict[str, list[str]] = {}
    for item in items:
        head = item.partition("=")[0]
        known = [n for n in SIMILARITIES.names() if head.startswith(f"{n}.")]
        measure = max(known, key=len) if known else head.rpartition(".")[0]
        if not measure or "=" not in item:
            raise UsageError(f"--option wants MEASURE.KEY=VALUE, such as --option lexical:ngrams.n=4; got '{item}'")
        by_measure.setdefault(measure, []).append(item.removeprefix(f"{measure}."))
    return {measure: key_values(pairs) for measure, pairs in by_measure.items()}


def _group(item: str) -> dict[str, str]:
    """`"en=a.txt,es=b.txt"` as files by language; a comma in a file name is no border unless LANG= follows."""
    return one_per_language(re.split(r",(?=[A-Za-z][A-Za-z0-9-]*=)", item), option="--bitext")


def _show(matrix: SimilarityMatrix) -> None:
    """Tables of as many targets as fit side by side, then the reasons for empty cells."""
    from rich.console import Console
    from rich.table import Table

    from xlner.core.languages import bcp47, name

    screen = Console(highlight=False)
    width = screen.width if sys.stdout.isatty() else 10_000
    codes = [bcp47(c) for c in matrix.languages]
    rows = [f"{name(c)} ({short})" for c, short in zip(matrix.languages, codes, strict=True)]
    step = max(1, (width - max(map(len, rows)) - 6) // 10)
    direction = "higher is closer" if matrix.higher_is_closer else "lower is closer"
    for start in range(0, len(codes), step):
        screen.print(f"{matrix.measure} ({direction}; rows are sources, columns targets)", soft_wrap=True)
        table = Table()
        table.add_column("", no_wrap=True)
        for code in codes[start : start + step]:
            table.add_column(code, justify="right", no_wrap=True)
        for label, values in zip(rows, matrix.values[:, start : start + step], strict=True):
            table.add_row(label, *("" if v != v else f"{v:.4g}" for v in values))
        screen.print(table, width=width if sys.stdout.isatty() else None, no_wrap=True, crop=False)
    for reason in dict.fromkeys(matrix.missing.values()):
        typer.echo(f"note: {matrix.measure}: {reason}", err=True)
