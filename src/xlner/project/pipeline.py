"""Label projection from sentences to their translations: align, propose, score, match."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from xlner.align import ALIGNERS, Aligner, Alignment, Fits
from xlner.core.types import Sentence
from xlner.errors import UsageError
from xlner.project.candidates import CandidateOptions, candidates_of
from xlner.project.matchers import MATCHERS, Matcher
from xlner.project.pair import Pair, Problem, length_ratio
from xlner.project.pieces import groups_of, is_unspaced, joined, spread
from xlner.project.result import Projected, ProjectionResult
from xlner.project.scores import Evidence, make_score, parse_scores

if TYPE_CHECKING:
    from xlner.tagger import Tagger

DEFAULT_ALIGNER = "layers"
FUSED_THRESHOLD = 0.2
"""Fused scores are probabilities. Two equal names share theirs, so half is too much to ask. See `support_of`."""

_REST = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
Score = Callable[[Sequence[Pair], Sequence[np.ndarray], Evidence], list[np.ndarray]]


@dataclass(frozen=True)
class ProjectOptions:
    """How to project.

    Args:
        score: how candidates are scored: one of "fused", "align", "ner", "ner_spans", "nmt", "string", "embedding", or
            a weighted sum such as "align=0.5,ner_spans=0.5,nmt=1". Matchers without candidates ignore it.
        candidates: which ranges are candidates.
        nmt_languages: the translation model's own codes of the source and the target language, for "nmt".
        layer: hidden layer for "embedding"; None takes the one two thirds up.
    """

    score: str = "fused"
    candidates: CandidateOptions = field(default_factory=CandidateOptions)
    nmt_languages: tuple[str | None, str | None] = (None, None)
    layer: int | None = None


def project(
    sources: Sequence[Sentence],
    targets: Sequence[Sentence],
    *,
    matcher: str | Matcher = "exact",
    aligner: str | Aligner = DEFAULT_ALIGNER,
    alignments: Sequence[Alignment] | None = None,
    options: ProjectOptions | None = None,
    tagger: Tagger | None = None,
    nmt_model: str | None = None,
    encoder: str | None = None,
    device: str | None = None,
) -> ProjectionResult:
    """Project the entities of labelled sentences onto their translations.

    Four steps: align the words; list candidate ranges; score them against every entity; let the matcher decide for all
    entities of a sentence together. `heuristic` needs only the first step, `markers` none.

    Args:
        sources: labelled sentences.
        targets: their translations, one per source; labels there are ignored. Marked text for `markers`.
        matcher: a name in `MATCHERS`, with its defaults, or a matcher.
        aligner: "layers" (see `LayersAligner`), a name in `xlner.align.ALIGNERS`, with its defaults, or an aligner; one
            that learns is fitted on these sentences first, if it came by name.
        alignments: links, one alignment per pair; then no aligner is run.
        options: scores and candidates.
        tagger: a NER model that reads the target language, for scores "ner" and "ner_spans" and candidates "ner".
        nmt_model: a sequence-to-sequence model, for the score "nmt".
        encoder: "embedded", a folder or a hub id, for an aligner by name that reads one, and for the score "embedding";
            None takes the embedded one.
        device: a torch device name, likewise, and for the score "nmt". A tagger has its device already.

    Returns:
        One projected sentence per target, in order, and the fate of every entity.

    Raises:
        UsageError: numbers of sentences differ, a needed model is not given, or nothing reads the encoder or
            the device.
        DataError: an alignment does not fit its sentences.
    """
    if len(sources) != len(targets):
        raise UsageError(f"{len(sources)} source but {len(targets)} target sentences; they must go line by line")
    if alignments is not None and len(alignments) != len(sources):
        raise UsageError(f"{len(sources)} sentence pairs but {len(alignments)} alignments")
    options = options or ProjectOptions()
    name = matcher if isinstance(matcher, str) else type(matcher).__name__
    chosen: Matcher = MATCHERS.load(matcher)() if isinstance(matcher, str) else matcher
    scored = "candidates" in chosen.needs
    aligns = alignments is None and bool(chosen.needs & {"alignment", "candidates"})
    own = _own(
        parse_scores(options.score) if scored else {},
        aligner if aligns else None,
        {"encoder": encoder, "device": device},
        tagger is not None,
    )
    scorer = (
        make_score(options, tagger=tagger, nmt_model=nmt_model, encoder=encoder or "embedded", device=device)
        if scored
        else None
    )
    if aligns:
        alignments = align_labelled(sources, targets, aligner, own)
    ratio = length_ratio(sources, targets)
    pairs = [
        Pair(s, t, None if alignments is None else alignments[i], ratio)
        for i, (s, t) in enumerate(zip(sources, targets, strict=True))
    ]
    problems = [Problem.bare(p) for p in pairs] if scorer is None else _problems(pairs, options, scorer, tagger)
    items: list[Projected] = [chosen.match(problem) for problem in problems]
    return ProjectionResult(tuple(items), _settings(name, chosen, options if scorer else None))


def align_labelled(
    sources: Sequence[Sentence], targets: Sequence[Sentence], aligner: str | Aligner, settings: Mapping[str, Any]
) -> list[Alignment]:
    """Alignments of the pairs that have entities; pairs without any need none and get no links.

    `settings` are for an aligner that comes by name.
    """
    busy = [i for i, s in enumerate(sources) if s.spans or s.missing]
    out = [Alignment.of(())] * len(sources)
    if not busy:
        return out
    if not isinstance(aligner, str):
        made = aligner.align([(sources[i].words, targets[i].words) for i in busy])
    else:
        made = _align_by_name(sources, targets, busy, aligner, settings)
    for i, alignment in zip(busy, made, strict=True):
        out[i] = alignment
    return out


def _align_by_name(
    sources: Sequence[Sentence],
    targets: Sequence[Sentence],
    busy: Sequence[int],
    name: str,
    settings: Mapping[str, Any],
) -> list[Alignment]:
    """Alignments of the busy pairs. An aligner that reads an encoder gets text without spaces in that one's pieces."""
    kind = _loaded(name)
    worker = cast(Aligner, kind(**settings))
    if isinstance(worker, Fits):
        worker.fit([(s.words, t.words) for s, t in zip(sources, targets, strict=True)])
    unspaced = any(is_unspaced(side[i]) for side in (sources, targets) for i in busy)
    if not unspaced or "encoder" not in signature(kind).parameters:
        return worker.align([(sources[i].words, targets[i].words) for i in busy])
    from xlner.encoder.load import load_tokenizer

    tokenizer = load_tokenizer(settings.get("encoder", "embedded"))
    left, right = ([groups_of(side[i], tokenizer) for i in busy] for side in (sources, targets))
    pairs = [
        (joined(sources[i].words, a), joined(targets[i].words, b)) for i, a, b in zip(busy, left, right, strict=True)
    ]
    return [spread(found, a, b) for found, a, b in zip(worker.align(pairs), left, right, strict=True)]


def _loaded(name: str) -> Callable[..., Any]:
    """The class of an aligner that works without being told anything.

    Raises:
        UsageError: there is none of that name, or it has to be told something.
    """
    if name == DEFAULT_ALIGNER:
        from xlner.project.layers import LayersAligner

        return LayersAligner
    try:
        found: Callable[..., Any] = ALIGNERS.load(name)
    except UsageError:
        known = ", ".join([DEFAULT_ALIGNER, *ALIGNERS.names()])
        raise UsageError(f"no aligner called '{name}'; there are: {known}") from None
    wanted = [p.name for p in signature(found).parameters.values() if p.default is p.empty and p.kind not in _REST]
    if wanted:
        hint = "name the file with --alignment FILE" if name == "files" else "make it in Python and hand it over"
        raise UsageError(f"the aligner {name} wants {' and '.join(wanted)}; {hint}")
    return found


def _own(
    scores: Mapping[str, float], aligner: str | Aligner | None, given: Mapping[str, str | None], has_tagger: bool
) -> dict[str, Any]:
    """What the aligner is told, if it comes by name.

    Args:
        scores: the scores that are computed.
        aligner: None if nothing is aligned.
        given: encoder and device, None where the user named none.
        has_tagger: a device is for the tagger too.

    Raises:
        UsageError: nothing reads what the user named.
    """
    parameters = signature(_loaded(aligner)).parameters if isinstance(aligner, str) else {}
    anything = any(p.kind is Parameter.VAR_KEYWORD for p in parameters.values())
    named = {name: value for name, value in given.items() if value is not None}
    own = {name: value for name, value in named.items() if anything or name in parameters}
    read = {*own} | ({"encoder", "device"} if "embedding" in scores else set())
    read |= {"device"} if "nmt" in scores or has_tagger else set()
    for name in named:
        if name not in read:
            who = f"the aligner {aligner}" if isinstance(aligner, str) else "this projection"
            raise UsageError(f"--{name}: {who} has no use for it; leave it out, or take --aligner layers")
    return own


def _problems(pairs: Sequence[Pair], options: ProjectOptions, score: Score, tagger: Tagger | None) -> list[Problem]:
    evidence = Evidence.of(pairs, tagger, needs=options)
    candidates = [
        candidates_of(pair, options.candidates, evidence.spans[i] if evidence.spans else ())
        for i, pair in enumerate(pairs)
    ]
    scores = score(pairs, candidates, evidence)
    if options.score != "fused":
        return [Problem(p, c, s) for p, c, s in zip(pairs, candidates, scores, strict=True)]
    from xlner.project.scores.fused import support_of

    return [
        Problem(p, c, s, FUSED_THRESHOLD, support_of(s, c)) for p, c, s in zip(pairs, candidates, scores, strict=True)
    ]


def _settings(name: str, matcher: Matcher, options: ProjectOptions | None) -> dict[str, Any]:
    from dataclasses import asdict, is_dataclass

    settings: dict[str, Any] = {"matcher": name}
    if is_dataclass(matcher) and not isinstance(matcher, type):
        settings.update(asdict(matcher))
    if options is not None:
        settings["score"] = options.score
        settings["candidates"] = list(options.candidates.kinds)
        settings["max_words"] = options.candidates.max_words
        settings["slack"] = options.candidates.slack
    return settings
