"""Label projection from sentences to their translations: align, propose, score, match."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xlner.align import ALIGNERS, Aligner, Alignment, Fits, InOrder
from xlner.align import WordPair as Words
from xlner.align.use import check_use, made_or_loaded
from xlner.component import option_fields, options_class
from xlner.core.types import Sentence
from xlner.errors import UsageError
from xlner.project.candidates import CandidateOptions, candidates_of
from xlner.project.matchers import MATCHERS, Matcher
from xlner.project.pair import Pair, Problem, length_ratio
from xlner.project.pieces import Groups, groups_of, is_unspaced, joined, spread
from xlner.project.result import Projected, ProjectionResult
from xlner.project.scores import Evidence, make_score, parse_scores

if TYPE_CHECKING:
    from xlner.tagger import Tagger

DEFAULT_ALIGNER = "layers"
FUSED_THRESHOLD = 0.2
"""Fused scores are probabilities. Two equal names share theirs, so half is too much to ask. See `support_of`."""

Score = Callable[[Sequence[Pair], Sequence[np.ndarray], Evidence], list[np.ndarray]]


@dataclass(frozen=True)
class ProjectOptions:
    """How to project.

    Args:
        score: how candidates are scored: one of "fused", "align", "ner", "ner_spans", "nmt", "string", "embedding", or
            a weighted mean such as "align=0.5,ner_spans=0.5,nmt=1". Matchers without candidates ignore it.
        candidates: which ranges are candidates.
        nmt_languages: the translation model's own codes of the source and the target language, for "nmt".
        nmt_back: a translation model for the other direction, where that one knows one direction only.
        layer: hidden layer for "embedding"; None takes the one two thirds up.
    """

    score: str = "fused"
    candidates: CandidateOptions = field(default_factory=CandidateOptions)
    nmt_languages: tuple[str | None, str | None] = (None, None)
    nmt_back: str | None = None
    layer: int | None = None


def project(
    sources: Sequence[Sentence],
    targets: Sequence[Sentence],
    *,
    matcher: str | Matcher = "exact",
    aligner: str | Aligner = DEFAULT_ALIGNER,
    alignments: Sequence[Alignment] | None = None,
    aligner_options: Mapping[str, Any] | None = None,
    bitext: Sequence[Words] | None = None,
    load: str | Path | None = None,
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
        aligner: a name in `xlner.align.ALIGNERS`, or an aligner; one that learns is fitted on these sentences first, if
            it came by name.
        alignments: links, one alignment per pair; then no aligner is run.
        aligner_options: what the named aligner is made with.
        bitext: more pairs of sentences, as words, for an aligner that learns.
        load: folder of a saved aligner of that name, used as it is.
        options: scores and candidates.
        tagger: a NER model that reads the target language, for scores "ner" and "ner_spans" and candidates "ner".
        nmt_model: a sequence-to-sequence model, for the score "nmt".
        encoder: "embedded", a folder or a hub id, for an aligner by name that reads one, and for the score "embedding";
            None takes the embedded one.
        device: a torch device name, likewise, and for the score "nmt". A tagger has its device already.

    Returns:
        One projected sentence per target, in order, and the fate of every entity.

    Raises:
        UsageError: numbers of sentences differ, a needed model is not given, nothing reads the encoder or the device,
            or the aligner cannot do what is asked of it.
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
    settings = dict(aligner_options or {})
    if aligns:
        _check_aligner(aligner, settings, fits=bitext is not None, loads=load is not None)
    elif settings or bitext is not None or load is not None:
        raise UsageError("nothing is aligned here, so options of an aligner, --fit and --load have no effect")
    own = _own(
        parse_scores(options.score) if scored else {},
        aligner if aligns and load is None else None,
        {"encoder": encoder, "device": device},
        tagger is not None,
    )
    scorer = (
        make_score(options, tagger=tagger, nmt_model=nmt_model, encoder=encoder or "embedded", device=device)
        if scored
        else None
    )
    if aligns:
        ready = aligner if load is None else made_or_loaded(aligner, {}, load)
        alignments = align_labelled(sources, targets, ready, {**own, **settings}, bitext or ())
    ratio = length_ratio(sources, targets)
    pairs = [
        Pair(s, t, None if alignments is None else alignments[i], ratio)
        for i, (s, t) in enumerate(zip(sources, targets, strict=True))
    ]
    problems = [Problem.bare(p) for p in pairs] if scorer is None else _problems(pairs, options, scorer, tagger)
    items: list[Projected] = [chosen.match(problem) for problem in problems]
    return ProjectionResult(tuple(items), _settings(name, chosen, options if scorer else None))


def align_labelled(
    sources: Sequence[Sentence],
    targets: Sequence[Sentence],
    aligner: str | Aligner,
    settings: Mapping[str, Any],
    bitext: Sequence[Words] = (),
) -> list[Alignment]:
    """Alignments of the pairs that have entities; pairs without any need none and get no links.

    An aligner that reads an encoder, which shows in its `tokenizer`, gets text without spaces in that one's pieces. One
    that answers by position sees all pairs.

    Args:
        sources: labelled sentences.
        targets: their translations.
        aligner: a name, or an aligner that is used as it is.
        settings: of an aligner that comes by name.
        bitext: more text for it to learn from, beside these pairs; its words are taken as they are.
    """
    busy = [i for i, s in enumerate(sources) if s.spans or s.missing]
    out = [Alignment.of(())] * len(sources)
    if not busy:
        return out
    worker = ALIGNERS.build(aligner, settings) if isinstance(aligner, str) else aligner
    pupil = worker if isinstance(aligner, str) and isinstance(worker, Fits) else None
    by_position = isinstance(worker, InOrder) and bool(worker.digest())
    seen = range(len(sources)) if pupil is not None or by_position else busy
    unspaced = not by_position and any(is_unspaced(side[i]) for side in (sources, targets) for i in seen)
    tokenizer = getattr(worker, "tokenizer", None) if unspaced else None
    words: dict[int, Words] = {i: (sources[i].words, targets[i].words) for i in seen}
    groups: dict[int, tuple[Groups, Groups]] = {}
    if tokenizer is not None:
        for i, (left, right) in words.items():
            groups[i] = a, b = groups_of(sources[i], tokenizer), groups_of(targets[i], tokenizer)
            words[i] = joined(left, a), joined(right, b)
    if pupil is not None:
        pupil.fit([*words.values(), *bitext])
    if isinstance(worker, InOrder):
        worker.check(list(words.values()))
    asked = seen if by_position else busy
    for i, made in zip(asked, worker.align([words[i] for i in asked]), strict=True):
        if sources[i].spans or sources[i].missing:
            out[i] = spread(made, *groups[i]) if groups else made
    return out


def _check_aligner(aligner: str | Aligner, options: Mapping[str, Any], *, fits: bool, loads: bool) -> None:
    """See that the aligner can do what is asked, before anything is loaded."""
    if aligner == "files" and not options:
        raise UsageError("the aligner files reads links; name their file with --alignment FILE")
    check_use(aligner, options, fits=fits, loads=loads, saves=False)


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
    fields = option_fields(options_class(ALIGNERS.load(aligner))) if isinstance(aligner, str) else ()
    named = {name: value for name, value in given.items() if value is not None}
    own = {name: value for name, value in named.items() if name in {f.name for f in fields}}
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
