"""Label projection from sentences to their translations: align, propose, score, match."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from xlner.align import ALIGNERS, Aligner, Alignment, Fits
from xlner.core.types import Sentence
from xlner.errors import UsageError
from xlner.project.candidates import CandidateOptions, candidates_of
from xlner.project.matchers import MATCHERS, Matcher
from xlner.project.pair import Pair, Problem
from xlner.project.result import Projected, ProjectionResult
from xlner.project.scores import Evidence, make_score

if TYPE_CHECKING:
    from xlner.tagger import Tagger

DEFAULT_ALIGNER = "layers"
FUSED_THRESHOLD = 0.2
"""Fused scores are probabilities. Two equal names share theirs, so half is too much to ask."""

Score = Callable[[Sequence[Pair], Sequence[np.ndarray], Evidence], list[np.ndarray]]


@dataclass(frozen=True)
class ProjectOptions:
    """How to project.

    Args:
        score: how candidates are scored: one of "fused", "align", "ner", "ner_spans", "nmt", "string", "embedding", or
            a weighted sum such as "align=0.5,ner_spans=0.5,nmt=1". Matchers without candidates ignore it.
        candidates: which ranges are candidates.
        nmt_languages: the translation model's own codes of the source and the target language, for "nmt".
        layer: hidden layer for "embedding".
    """

    score: str = "fused"
    candidates: CandidateOptions = field(default_factory=CandidateOptions)
    nmt_languages: tuple[str | None, str | None] = (None, None)
    layer: int = 8


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
    encoder: str = "embedded",
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
        encoder: for the aligner "layers" and the score "embedding".
        device: a torch device name.

    Returns:
        One projected sentence per target, in order, and the fate of every entity.

    Raises:
        UsageError: numbers of sentences differ, or a needed model is not given.
        DataError: an alignment does not fit its sentences.
    """
    if len(sources) != len(targets):
        raise UsageError(f"{len(sources)} source but {len(targets)} target sentences; they must go line by line")
    if alignments is not None and len(alignments) != len(sources):
        raise UsageError(f"{len(sources)} sentence pairs but {len(alignments)} alignments")
    options = options or ProjectOptions()
    name = matcher if isinstance(matcher, str) else type(matcher).__name__
    chosen: Matcher = MATCHERS.load(matcher)() if isinstance(matcher, str) else matcher
    scorer = make_score(options, tagger=tagger, nmt_model=nmt_model, encoder=encoder, device=device) if (
        "candidates" in chosen.needs
    ) else None  # fmt: skip
    if alignments is None and chosen.needs & {"alignment", "candidates"}:
        alignments = align_labelled(sources, targets, aligner, encoder=encoder, device=device)
    pairs = [
        Pair(s, t, None if alignments is None else alignments[i])
        for i, (s, t) in enumerate(zip(sources, targets, strict=True))
    ]
    problems = [Problem.bare(p) for p in pairs] if scorer is None else _problems(pairs, options, scorer, tagger)
    items: list[Projected] = [chosen.match(problem) for problem in problems]
    return ProjectionResult(tuple(items), _settings(name, chosen, options if scorer else None))


def align_labelled(
    sources: Sequence[Sentence],
    targets: Sequence[Sentence],
    aligner: str | Aligner,
    *,
    encoder: str = "embedded",
    device: str | None = None,
) -> list[Alignment]:
    """Alignments of the pairs that have entities; pairs without any need none and get no links."""
    busy = [i for i, s in enumerate(sources) if s.spans or s.missing]
    out = [Alignment.of(())] * len(sources)
    if not busy:
        return out
    worker = aligner
    if isinstance(worker, str):
        worker = _made(worker, encoder, device)
        if isinstance(worker, Fits):
            worker.fit([(s.words, t.words) for s, t in zip(sources, targets, strict=True)])
    for i, alignment in zip(busy, worker.align([(sources[i].words, targets[i].words) for i in busy]), strict=True):
        out[i] = alignment
    return out


def _made(name: str, encoder: str, device: str | None) -> Aligner:
    if name == "layers":
        from xlner.project.layers import LayersAligner

        return LayersAligner(encoder, device=device)
    made: Aligner = ALIGNERS.load(name)()
    return made


def _problems(pairs: Sequence[Pair], options: ProjectOptions, score: Score, tagger: Tagger | None) -> list[Problem]:
    evidence = Evidence.of(pairs, tagger, needs=options)
    candidates = [
        candidates_of(pair, options.candidates, evidence.spans[i] if evidence.spans else ())
        for i, pair in enumerate(pairs)
    ]
    scores = score(pairs, candidates, evidence)
    threshold = FUSED_THRESHOLD if options.score == "fused" else 0.0
    return [Problem(p, c, s, threshold) for p, c, s in zip(pairs, candidates, scores, strict=True)]


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
