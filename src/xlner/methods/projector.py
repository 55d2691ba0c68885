"""From sentence pairs to labelled target sentences: tag, align, score, match, select."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from xlner.align import ALIGNERS, Alignment, Fits, InOrder
from xlner.core.costs import Costs
from xlner.core.types import Sentence
from xlner.methods.certainty import SourceTags
from xlner.methods.marked import MarkedProjection
from xlner.methods.projection_options import ProjectionOptions, check_known, projection_plan
from xlner.project import ProjectionResult, project, select
from xlner.project.capitals import without_lost_capitals
from xlner.project.missing import ranges_of
from xlner.project.pieces import grouped
from xlner.project.scores import Score
from xlner.tagger import Tagger
from xlner.tagger.decode import decode, legal_transitions
from xlner.train import TrainOptions


@dataclass(frozen=True, kw_only=True)
class Projector:
    """Projects many chunks of pairs with parts that are made once.

    Args:
        options: of the projection.
        tagger: labels the source side; None if that is labelled.
        matcher: decides where entities go.
        aligner: made, and fitted on all pairs if it learns; None if nothing is aligned or `alignments` are there.
        alignments: of all pairs with two filled sides, from an aligner that answers by position.
        score: of candidates; None if the matcher reads none.
        marked: projects through marked translations; None if no projection does.
        costs: of the steps "tag", "align" and "project".
    """

    options: ProjectionOptions
    tagger: Tagger | None
    matcher: Any
    aligner: Any
    alignments: list[Alignment] | None
    score: Score | None
    marked: MarkedProjection | None = None
    costs: Costs = field(default_factory=Costs)

    @classmethod
    def of(cls, pairs: Any, options: ProjectionOptions, training: TrainOptions, store: Path) -> Projector:
        """The parts that the options name, on the device of `training`; marked translations are kept in `store`."""
        tagger = None if pairs.teacher is None else pairs.teacher.load(training)
        if tagger is not None:
            check_known(pairs.name, tagger.outputs.known, tagger.labels.types)
        reads = options.read_target and tagger is not None
        plan = projection_plan(options, device=training.device, tagger=reads)
        aligner: Any = plan.aligner
        if isinstance(aligner, str):
            aligner = ALIGNERS.build(aligner, plan.aligner_options)
        worker, alignments, costs = aligner, None, Costs()
        by_position = isinstance(aligner, InOrder) and bool(aligner.digest())
        if isinstance(aligner, Fits):
            tokenizer = None if by_position else getattr(aligner, "tokenizer", None)
            with costs.of("align"):
                aligner.fit([grouped(s, t, tokenizer)[0] for s, t in pairs if s.words and t.words])
        if by_position:
            every = [(s.words, t.words) for s, t in pairs]
            aligner.check(every)
            with costs.of("align", len(every)):
                every_alignment = worker.align(every)
            aligner, alignments = None, [a for a, (s, t) in zip(every_alignment, every, strict=True) if s and t]
        return cls(
            options=options, tagger=tagger, matcher=plan.matcher, aligner=aligner, alignments=alignments,
            score=plan.make_score(), marked=MarkedProjection.of(options, pairs.languages, store, costs), costs=costs,
        )  # fmt: skip

    def __call__(
        self, pairs: Sequence[tuple[Sentence, Sentence]], first: int
    ) -> tuple[ProjectionResult, SourceTags | None, Counter[str]]:
        """The projection of a chunk of pairs, none of which has an empty side.

        Args:
            pairs: sentences and their translations.
            first: how many pairs with two filled sides come before them.

        Returns:
            The projection; what the tagger found probable on the source side, if there is a tagger; and what became of
            marks.
        """
        sources, targets = [s for s, _ in pairs], [t for _, t in pairs]
        tags = None
        if self.tagger is not None:
            with self.costs.of("tag", len(sources)):
                labelled = list(tagged(self.tagger, sources, self.options.source_floor))
            sources = [sentence for sentence, _ in labelled]
            tags = SourceTags(labels=self.tagger.labels, sentences=sources, rows=[rows for _, rows in labelled])
        given = None if self.alignments is None else self.alignments[first : first + len(pairs)]
        result, marks = self._project(sources, targets, given), Counter[str]()
        if self.marked is not None:
            result, marks = self.marked(result, targets, self._project)
        if self.options.min_score:
            result = select(result, threshold=self.options.min_score)
        if self.options.lost_capitals != "entity":
            result = without_lost_capitals(result, unknown=self.options.lost_capitals == "unknown")
        return result, tags, marks

    def _project(
        self, sources: Sequence[Sentence], targets: Sequence[Sentence], alignments: list[Alignment] | None = None
    ) -> ProjectionResult:
        return project(
            sources,
            targets,
            matcher=self.matcher,
            aligner=self.aligner,
            score=self.score,
            alignments=alignments,
            tagger=self.tagger if self.options.read_target else None,
            costs=self.costs,
        )


def tagged(
    tagger: Tagger, sentences: Iterable[Sentence], floor: float, *, chunk: int = 512
) -> Iterable[tuple[Sentence, np.ndarray]]:
    """Sentences with the tagger's entities, in which what it is not sure of is missing, and its tag probabilities.

    Args:
        tagger: of their language.
        sentences: any; labels of theirs are not read.
        floor: entities with a lower score, and words outside entities that are O with less probability, are missing.
        chunk: sentences at a time.
    """
    stream, allowed = iter(sentences), legal_transitions(tagger.labels.tags)
    while block := list(islice(stream, chunk)):
        for sentence, rows in zip(block, tagger.probabilities(block), strict=True):
            yield doubted(sentence.with_spans(decode(rows, tagger.labels, allowed)), rows, floor), rows


def doubted(sentence: Sentence, rows: np.ndarray, floor: float) -> Sentence:
    """A tagged sentence in which entities and words that are less sure than `floor` are missing.

    Args:
        sentence: with entities that have scores.
        rows: tag probabilities, O first. Shape: (n_words, n_tags).
        floor: a probability.
    """
    if floor <= 0:
        return sentence
    unsure = rows[:, 0] < floor
    sure = []
    for span in sentence.spans:
        believed = span.score is None or span.score >= floor
        unsure[span.start : span.end] = not believed
        sure += [span] if believed else []
    return replace(sentence, spans=tuple(sure), missing=ranges_of(unsure))
