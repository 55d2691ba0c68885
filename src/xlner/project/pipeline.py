"""Label projection from sentences to their translations: align, propose, score, match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlner.align import ALIGNERS, Aligner, Alignment, Fits, InOrder, WordPair
from xlner.align.use import build_or_load
from xlner.core.costs import Costs
from xlner.core.types import Sentence
from xlner.errors import UsageError
from xlner.project.candidates import CandidateOptions, candidates_of
from xlner.project.matchers import Matcher
from xlner.project.pair import Pair, Problem, length_ratio
from xlner.project.pieces import Groups, grouped, is_unspaced, spread
from xlner.project.plan import ChosenPart, Resources, plan
from xlner.project.result import ProjectionResult
from xlner.project.scores import Evidence, Score

if TYPE_CHECKING:
    from xlner.tagger import Tagger


def project(
    sources: Sequence[Sentence],
    targets: Sequence[Sentence],
    *,
    matcher: str | Matcher | None = None,
    aligner: str | Aligner | None = None,
    score: str | Score | None = None,
    matcher_options: Mapping[str, Any] | None = None,
    aligner_options: Mapping[str, Any] | None = None,
    score_options: Mapping[str, Any] | None = None,
    alignments: Sequence[Alignment] | None = None,
    bitext: Sequence[WordPair] | None = None,
    load: str | Path | None = None,
    tagger: Tagger | None = None,
    device: str | None = None,
    costs: Costs | None = None,
) -> ProjectionResult:
    """Project the entities of labelled sentences onto their translations.

    Four steps: align the words; list candidate ranges; score them against every entity; let the matcher decide for all
    entities of a sentence together. `heuristic` needs only the first step, `markers` none.

    Args:
        sources: labelled sentences.
        targets: their translations, one per source; labels there are ignored. Marked text for `markers`.
        matcher: a name in `MATCHERS`, or a matcher; None takes `exact`.
        aligner: a name in `xlner.align.ALIGNERS`, or an aligner; one that learns is fitted on these sentences first, if
            it came by name. None takes `layers`.
        score: a name in `SCORES`, a weighted mean such as "align=0.5,ner_spans=0.5,nmt=1", or a score; None takes
            `fused`. For matchers that choose among candidates.
        matcher_options: options of a matcher by name, which candidates it chooses among included.
        aligner_options: likewise of the aligner.
        score_options: likewise; of a sum, each score takes those that it has.
        alignments: links, one alignment per pair; then no aligner is run.
        bitext: more pairs of sentences, as words, for an aligner that learns.
        load: folder of a saved aligner of that name, used as it is.
        tagger: a NER model that reads the target language, for scores and candidates that ask for one.
        device: a torch device name, for aligner and scores that come by name. A tagger has its device already.
        costs: gets the time of the steps "align" and "project".

    Returns:
        One projected sentence per target, in order, and the fate of every entity.

    Raises:
        UsageError: numbers of sentences differ, a needed model is not given, an option is wrong or has no effect, or
            the aligner cannot do what is asked of it.
        DataError: an alignment does not fit its sentences.
    """
    if len(sources) != len(targets):
        raise UsageError(f"{len(sources)} source but {len(targets)} target sentences; they must go line by line")
    if alignments is not None and len(alignments) != len(sources):
        raise UsageError(f"{len(sources)} sentence pairs but {len(alignments)} alignments")
    parts = plan(
        ChosenPart(matcher, matcher_options or {}),
        ChosenPart(aligner, aligner_options or {}),
        ChosenPart(score, score_options or {}),
        Resources(alignments is not None, bitext is not None, load, tagger is not None, device),
    )
    scorer, costs = parts.make_score(), costs or Costs()
    if parts.aligner is not None:
        worker = parts.aligner if load is None else build_or_load(parts.aligner, {}, load)
        with costs.of("align", len(sources)):
            as_learned = load is not None and isinstance(worker, Fits)
            alignments = align_labelled(
                sources, targets, worker, parts.aligner_options, bitext or (), pieces=not as_learned
            )
    with costs.of("project", len(sources)):
        ratio = length_ratio(sources, targets)
        pairs = [
            Pair(s, t, None if alignments is None else alignments[i], ratio)
            for i, (s, t) in enumerate(zip(sources, targets, strict=True))
        ]
        if scorer is None:
            problems = [Problem.bare(p) for p in pairs]
        else:
            problems = _problems(pairs, parts.ranges, scorer, tagger)
        return ProjectionResult(tuple(parts.matcher.match(p) for p in problems), parts.settings())


def align_labelled(
    sources: Sequence[Sentence],
    targets: Sequence[Sentence],
    aligner: str | Aligner,
    settings: Mapping[str, Any],
    bitext: Sequence[WordPair] = (),
    *,
    pieces: bool = True,
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
        pieces: False for an aligner that learned from the words as they are.
    """
    busy = [i for i, s in enumerate(sources) if s.spans or s.missing]
    out = [Alignment.of(())] * len(sources)
    if not busy:
        return out
    worker = ALIGNERS.build(aligner, settings) if isinstance(aligner, str) else aligner
    pupil = worker if isinstance(aligner, str) and isinstance(worker, Fits) else None
    by_position = isinstance(worker, InOrder) and bool(worker.digest())
    seen = range(len(sources)) if pupil is not None or by_position else busy
    unspaced = pieces and not by_position and any(is_unspaced(side[i]) for side in (sources, targets) for i in seen)
    tokenizer = getattr(worker, "tokenizer", None) if unspaced else None
    words: dict[int, WordPair] = {}
    groups: dict[int, tuple[Groups, Groups]] = {}
    for i in seen:
        words[i], groups[i] = grouped(sources[i], targets[i], tokenizer)
    if pupil is not None:
        pupil.fit([*words.values(), *bitext])
    if isinstance(worker, InOrder):
        worker.check(list(words.values()))
    asked = seen if by_position else busy
    for i, alignment in zip(asked, worker.align([words[i] for i in asked]), strict=True):
        if sources[i].spans or sources[i].missing:
            out[i] = alignment if tokenizer is None else spread(alignment, *groups[i])
    return out


def _problems(pairs: Sequence[Pair], ranges: CandidateOptions, score: Score, tagger: Tagger | None) -> list[Problem]:
    evidence = Evidence.of(pairs, tagger)
    candidates = [
        candidates_of(pair, ranges, evidence.spans[i] if evidence.spans else ()) for i, pair in enumerate(pairs)
    ]
    scores = score(pairs, candidates, evidence)
    threshold, support = getattr(score, "threshold", 0.0), getattr(score, "support", None)
    return [
        Problem(p, c, s, threshold, None if support is None else support(s, c))
        for p, c, s in zip(pairs, candidates, scores, strict=True)
    ]
