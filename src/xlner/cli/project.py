"""xlner project: labels of a sentence onto its translation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from xlner.cli import options as o
from xlner.cli.arguments import key_values
from xlner.errors import UsageError


def command(
    source: Annotated[str, typer.Option(metavar="LABELLED", help="Labelled sentences, any format.")],
    target: Annotated[str, typer.Option(metavar="TEXT", help="Their translations, line by line; labels are ignored.")],
    output: Annotated[Path, typer.Option(metavar="FILE", help="Labelled target sentences; unknown words get _.")],
    matcher: Annotated[str, typer.Option(help="exact, greedy, program, heuristic or markers.")] = "exact",
    aligner: Annotated[
        str | None, typer.Option(help="layers (default), embedding, tuned, thot, combined, or one that you installed.")
    ] = None,
    alignment: Annotated[
        str | None, typer.Option(metavar="PHARAOH", help="Links i-j per pair, made before; words split at spaces.")
    ] = None,
    option: Annotated[
        list[str], typer.Option(metavar="KEY=VALUE", help="Any option of the aligner, such as how=mixed.")
    ] = [],
    fit: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="SOURCE TARGET", help="More parallel text for an aligner that learns."),
    ] = None,
    load: Annotated[str | None, typer.Option(metavar="FOLDER", help="A saved aligner, used as it is.")] = None,
    score: Annotated[
        str | None,
        typer.Option(
            help="fused (default); or align, ner, ner_spans, nmt, string, embedding; or a mean align=0.5,nmt=1."
        ),
    ] = None,
    candidates: Annotated[list[str], typer.Option(help="aligned (default), ngrams, ner; repeat to join.")] = [],
    max_words: Annotated[int | None, typer.Option(help="Longest candidate in words; default 10.")] = None,
    constraint: Annotated[
        str | None, typer.Option(help="Projections per entity: <= (default), = or >= of --n-proj.")
    ] = None,
    n_proj: Annotated[int | None, typer.Option(help="Number of projections per entity; default 1.")] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Candidates must score more; default 0.2 for fused, else 0.")
    ] = None,
    min_score: Annotated[float, typer.Option(help="Projections below become unknown words.")] = 0.0,
    variant: Annotated[str | None, typer.Option(help="heuristic: own (default), paper, thesis or ixa; then:")] = None,
    d: Annotated[int | None, typer.Option(help="heuristic: merge runs with up to d words between.")] = None,
    k: Annotated[int | None, typer.Option(help="heuristic: runs an entity may keep; 0 keeps all.")] = None,
    only_i: Annotated[bool | None, typer.Option(help="heuristic: no merge at the entity's first word.")] = None,
    thr: Annotated[float | None, typer.Option(help="heuristic: least length of a run against the entity.")] = None,
    punctuation: Annotated[str | None, typer.Option(help="heuristic: keep or drop links to punctuation.")] = None,
    words: Annotated[str | None, typer.Option(help="Raw target text: split at spaces, or segment.")] = None,
    source_language: Annotated[str | None, typer.Option(help="Of the source sentences.")] = None,
    target_language: Annotated[str | None, typer.Option(help="Of the target text; helps to split words.")] = None,
    ner_model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="For the scores fused, ner and ner_spans.")
    ] = None,
    nmt_model: Annotated[str | None, typer.Option(metavar="MODEL", help="For the score nmt.")] = None,
    nmt_back: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Target to source, if --nmt-model knows one direction only.")
    ] = None,
    nmt_languages: Annotated[
        tuple[str, str] | None, typer.Option(help="The model's own codes, such as eng_Latn deu_Latn.")
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(help="For the aligner or --score embedding: 'embedded' (default), a folder or a hub id."),
    ] = None,
    device: o.Device = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="A page that shows what went where.")] = None,
    losses: Annotated[Path | None, typer.Option(metavar="FILE", help="What was lost and why, as JSON lines.")] = None,
    as_json: o.Json = False,
) -> None:
    """Project entities onto translations; words of lost entities become unknown, never O."""
    given = {name: value for name, value in locals().items() if value is not None and value != []}
    from dataclasses import replace

    from xlner.project import CandidateOptions, ProjectOptions
    from xlner.project.files import Outputs, project_files
    from xlner.project.pipeline import DEFAULT_ALIGNER

    if as_json and "-" in map(str, (output, html, losses)):
        raise UsageError("--json and an output to - both want standard output; give one of them")
    if words not in (None, "spaces", "segment"):
        raise UsageError(f"--words is spaces or segment; got '{words}'")
    _refuse_ignored(given, matcher, score or "fused", candidates)
    own = key_values(option)
    if twice := next((name for name in ("encoder", "device") if name in own and name in given), None):
        raise UsageError(f"--option {twice} and --{twice} both say what {twice} is; give one of them")
    chosen = (
        _heuristic(variant or "own", {"d": d, "k": k, "only_i": only_i, "thr": thr, "punctuation": punctuation})
        if matcher == "heuristic"
        else _chooser(matcher, constraint or "<=", 1 if n_proj is None else n_proj, threshold)
    )
    ranges = CandidateOptions()
    ranges = replace(ranges, kinds=tuple(candidates) or ranges.kinds)  # type: ignore[arg-type]
    ranges = ranges if max_words is None else replace(ranges, max_words=max_words)
    result = project_files(
        source,
        target,
        Outputs(output, html, losses),
        matcher=chosen,
        aligner=aligner or DEFAULT_ALIGNER,
        alignment=alignment,
        aligner_options=own,
        fit=fit,
        load=load,
        options=ProjectOptions(
            score=score or "fused",
            candidates=ranges,
            nmt_languages=nmt_languages or (None, None),
            nmt_back=nmt_back,
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
    unmet = summary["sentences_with_unmet_constraint"]
    if unmet:
        wanted = f"{constraint or '<='} {1 if n_proj is None else n_proj}"
        typer.echo(f"note: sentences without room for '{wanted}' projections per entity: {unmet}", err=True)
    if as_json:
        typer.echo(json.dumps(summary))
        return
    fates = ", ".join(f"{reason} {count}" for reason, count in summary["fates"].items()) or "no entities"
    typer.echo(f"{summary['sentences']} sentences, {summary['entities']} entities: {fates}", err=True)
    typer.echo(f"{summary['missing_words']} of {summary['words']} target words have unknown labels", err=True)


_CHOOSERS = ("exact", "greedy", "program")
_OF_HEURISTIC = ("variant", "d", "k", "only_i", "thr", "punctuation")
_FOR = {
    "alignment": "matchers that read links",
    "aligner": "matchers that read links, where no --alignment is given",
    **dict.fromkeys(("option", "fit", "load"), "aligners, where no --alignment is given"),
    "encoder": "aligners and scores that read an encoder",
    "device": "aligners, scores and models that run on one",
    "score": f"the matchers {', '.join(_CHOOSERS)}",
    "candidates": f"the matchers {', '.join(_CHOOSERS)}",
    "max_words": f"the matchers {', '.join(_CHOOSERS)}, and candidates other than ner",
    "constraint": f"the matchers {', '.join(_CHOOSERS)}",
    "n_proj": f"the matchers {', '.join(_CHOOSERS)}",
    "threshold": f"the matchers {', '.join(_CHOOSERS)}",
    **dict.fromkeys(_OF_HEURISTIC, "the matcher heuristic"),
    "ner_model": "the scores fused, ner and ner_spans and the candidates ner",
    "nmt_model": "the score nmt",
    **dict.fromkeys(("nmt_back", "nmt_languages"), "the score nmt"),
}


def _refuse_ignored(given: dict[str, Any], matcher: str, score: str, candidates: list[str]) -> None:
    """An option that has no effect is a mistake of the user; say so before work starts."""
    from xlner.project.matchers import MATCHERS
    from xlner.project.scores import parse_scores

    needs = MATCHERS.load(matcher).needs
    scores = set(parse_scores(score)) if "candidates" in needs else set()
    used = set(_OF_HEURISTIC) if matcher == "heuristic" else set()
    if matcher in _CHOOSERS:
        used |= {"constraint", "n_proj", "threshold"}
    if scores:
        used |= {"score", "candidates"} | ({"max_words"} if candidates != ["ner"] else set())
    if needs & {"alignment", "candidates"}:
        used |= {"alignment"} if "alignment" in given else {"aligner", "option", "fit", "load", "encoder", "device"}
    if "embedding" in scores:
        used |= {"encoder", "device"}
    if "nmt" in scores:
        used |= {"nmt_model", "nmt_back", "nmt_languages", "device"}
    if scores & {"fused", "ner", "ner_spans"} or (scores and "ner" in candidates):
        used |= {"ner_model"} | ({"device"} if "ner_model" in given else set())
    for name in given:
        if name in _FOR and name not in used:
            raise UsageError(f"--{name.replace('_', '-')} has no effect here: it is for {_FOR[name]}")


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
    if name in _CHOOSERS:
        return made(Constraint(constraint, n_proj), threshold)  # type: ignore[arg-type]
    return made()
