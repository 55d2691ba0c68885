"""xlner project: labels of a sentence onto its translation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from xlner.cli import options as o
from xlner.errors import UsageError


def command(
    source: Annotated[str, typer.Option(metavar="LABELLED", help="Labelled sentences, any format.")],
    target: Annotated[str, typer.Option(metavar="TEXT", help="Their translations, line by line; labels are ignored.")],
    output: Annotated[Path, typer.Option(metavar="FILE", help="Labelled target sentences; unknown words get _.")],
    matcher: Annotated[str, typer.Option(help="exact, greedy, program, heuristic or markers.")] = "exact",
    aligner: Annotated[
        str, typer.Option(help="layers, embedding, thot, combined, or one that you installed.")
    ] = "layers",
    alignment: Annotated[
        str | None, typer.Option(metavar="PHARAOH", help="Links i-j per pair, made before; words split at spaces.")
    ] = None,
    score: Annotated[
        str, typer.Option(help="fused; or align, ner, ner_spans, nmt, string, embedding; or a sum align=0.5,nmt=1.")
    ] = "fused",
    candidates: Annotated[list[str], typer.Option(help="aligned, ngrams, ner; repeat to join.")] = ["aligned"],
    max_words: Annotated[int, typer.Option(help="Longest candidate in words.")] = 10,
    constraint: Annotated[str, typer.Option(help="Projections per entity: <=, = or >= of --n-proj.")] = "<=",
    n_proj: Annotated[int, typer.Option(help="Number of projections per entity.")] = 1,
    threshold: Annotated[
        float | None, typer.Option(help="Candidates must score more; default 0.2 for fused, else 0.")
    ] = None,
    min_score: Annotated[float, typer.Option(help="Projections below become unknown words.")] = 0.0,
    variant: Annotated[str, typer.Option(help="heuristic: own, paper, thesis or ixa; then:")] = "own",
    d: Annotated[int | None, typer.Option(help="heuristic: merge runs with up to d words between.")] = None,
    k: Annotated[int | None, typer.Option(help="heuristic: runs an entity may keep; 0 keeps all.")] = None,
    only_i: Annotated[bool | None, typer.Option(help="heuristic: no merge at the entity's first word.")] = None,
    thr: Annotated[float | None, typer.Option(help="heuristic: least length of a run against the entity.")] = None,
    punctuation: Annotated[str | None, typer.Option(help="heuristic: keep or drop links to punctuation.")] = None,
    words: Annotated[str | None, typer.Option(help="Raw target text: split at spaces, or segment.")] = None,
    source_language: Annotated[str | None, typer.Option(help="Of the source sentences.")] = None,
    target_language: Annotated[str | None, typer.Option(help="Of the target text; helps to split words.")] = None,
    ner_model: Annotated[str | None, typer.Option(metavar="MODEL", help="For the scores ner and ner_spans.")] = None,
    nmt_model: Annotated[str | None, typer.Option(metavar="MODEL", help="For the score nmt.")] = None,
    nmt_languages: Annotated[
        tuple[str, str] | None, typer.Option(help="The model's own codes, such as eng_Latn deu_Latn.")
    ] = None,
    encoder: Annotated[str, typer.Option(help="'embedded', a folder, or a hub id.")] = "embedded",
    device: o.Device = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="A page that shows what went where.")] = None,
    losses: Annotated[Path | None, typer.Option(metavar="FILE", help="What was lost and why, as JSON lines.")] = None,
    as_json: o.Json = False,
) -> None:
    """Project entities onto translations; words of lost entities become unknown, never O."""
    from xlner.project import CandidateOptions, ProjectOptions
    from xlner.project.files import Outputs, project_files

    if words not in (None, "spaces", "segment"):
        raise UsageError(f"--words is spaces or segment; got '{words}'")
    chosen = (
        _heuristic(variant, {"d": d, "k": k, "only_i": only_i, "thr": thr, "punctuation": punctuation})
        if matcher == "heuristic"
        else _chooser(matcher, constraint, n_proj, threshold)
    )
    result = project_files(
        source,
        target,
        Outputs(output, html, losses),
        matcher=chosen,
        aligner=aligner,
        alignment=alignment,
        options=ProjectOptions(
            score=score,
            candidates=CandidateOptions(kinds=tuple(candidates), max_words=max_words),  # type: ignore[arg-type]
            nmt_languages=nmt_languages or (None, None),
        ),
        min_score=min_score,
        words=words,  # type: ignore[arg-type]
        source_language=source_language,
        target_language=target_language,
        ner_model=ner_model,
        nmt_model=nmt_model,
        encoder=encoder,
        device=device,
    )
    summary = result.as_dict()
    if as_json:
        typer.echo(json.dumps(summary))
        return
    fates = ", ".join(f"{reason} {count}" for reason, count in summary["fates"].items()) or "no entities"
    typer.echo(f"{summary['sentences']} sentences, {summary['entities']} entities: {fates}", err=True)
    typer.echo(f"{summary['missing_words']} of {summary['words']} target words have unknown labels", err=True)


def _heuristic(variant: str, settings: dict[str, Any]) -> Any:
    from dataclasses import replace

    from xlner.project.matchers.heuristic import HeuristicMatcher

    variants = {
        "own": HeuristicMatcher,
        "paper": HeuristicMatcher.paper,
        "thesis": HeuristicMatcher.thesis,
        "ixa": HeuristicMatcher.ixa,
    }
    if variant not in variants:
        raise UsageError(f"--variant is one of {', '.join(variants)}; got '{variant}'")
    return replace(variants[variant](), **{name: value for name, value in settings.items() if value is not None})


def _chooser(name: str, constraint: str, n_proj: int, threshold: float | None) -> Any:
    from xlner.project.matchers import MATCHERS
    from xlner.project.matchers.constraint import Constraint

    made = MATCHERS.load(name)
    if name in ("exact", "greedy", "program"):
        return made(Constraint(constraint, n_proj), threshold)  # type: ignore[arg-type]
    return made()
