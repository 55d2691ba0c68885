"""Where systems differ: paired comparisons within groups of entities, and the sentences that differ most."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from xlner.core.types import Sentence, Span
from xlner.errors import DataError
from xlner.evaluate.comparison import Comparison, compare_runs, holm
from xlner.evaluate.pairs import counted_spans
from xlner.evaluate.scores import Scores, score

Grouping = Callable[[Sentence, Span], str]
"""The group of an entity, from its sentence and its span. It must not read the score of the span."""

_LENGTHS = ("1 word", "2 words", "3 words or more")


def by_type(sentence: Sentence, span: Span) -> str:
    """Its entity type."""
    return span.label


def by_length(sentence: Sentence, span: Span) -> str:
    """How many words it has: one, two, or more."""
    return _LENGTHS[min(span.end - span.start, len(_LENGTHS)) - 1]


def by_seen(labelled: Iterable[Sentence]) -> Grouping:
    """Whether an entity of these words stands in labelled data; upper and lower case are the same, types do not matter.

    Args:
        labelled: what a model was trained on.

    Raises:
        DataError: there is no entity in it.
    """
    known = {_form(sentence, span) for sentence in labelled for span in sentence.spans}
    if not known:
        raise DataError("there is no entity in the labelled data that `seen` names, so nothing would count as seen")

    def group(sentence: Sentence, span: Span) -> str:
        return "seen" if _form(sentence, span) in known else "unseen"

    return group


def _form(sentence: Sentence, span: Span) -> str:
    return unicodedata.normalize("NFC", " ".join(sentence.words[span.start : span.end])).casefold()


def grouped(gold: Sequence[Sentence], predicted: Sequence[Sentence], group: Grouping) -> Scores:
    """Strict scores per group of entities: `types` of the scores are groups.

    A gold and a predicted entity each count in their own group; one that is right is in the same group on both sides.

    Args:
        gold: the right answers.
        predicted: the same sentences with predicted spans.
        group: what tells the groups apart.

    Raises:
        DataError: as `score` does.
    """
    names: dict[str, tuple[str, str]] = {}

    def renamed(words: Sentence, sentence: Sentence) -> Sentence:
        spans = []
        for span in sentence.spans:
            place = (group(words, span), span.label)
            names["\t".join(place)] = place
            spans.append(replace(span, label="\t".join(place)))
        return replace(sentence, spans=tuple(spans))

    sides = ([renamed(g, g) for g in gold], [renamed(g, p) for g, p in zip(gold, predicted, strict=False)])
    scores = score(sides[0], [*sides[1], *predicted[len(gold) :]])
    groups = tuple(sorted({names[name][0] for name in scores.types}))
    counts = np.zeros((len(scores), len(groups), 3), dtype=np.int32)
    for column, name in enumerate(scores.types):
        counts[:, groups.index(names[name][0])] += scores.counts[:, column]
    return replace(scores, types=groups, counts=counts)


def compare_groups(
    gold: Sequence[Sentence],
    systems: Mapping[str, Sequence[Sentence]],
    groupings: Mapping[str, Grouping],
    *,
    level: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> dict[tuple[str, str, str, str], Comparison]:
    """Paired comparisons of F1 within groups of entities.

    Args:
        gold: the right answers.
        systems: name to the same sentences with predicted spans.
        groupings: name of a grouping to the function that gives the group of an entity.
        level: coverage of the intervals.
        resamples: as in `compare`.
        seed: as in `compare`.

    Returns:
        (system a, system b, grouping, group) to the comparison. Holm's correction is over all of them. A group that
        neither gold nor a prediction has is not there.

    Raises:
        DataError: as `score` does.
    """
    found: dict[tuple[str, str, str, str], Comparison] = {}
    for name, group in groupings.items():
        scores = {system: grouped(gold, predicted, group) for system, predicted in systems.items()}
        for a, b in combinations(systems, 2):
            for part in sorted({*scores[a].types, *scores[b].types}):
                found[a, b, name, part] = compare_runs(
                    [scores[a]], [scores[b]], entity_type=part, level=level, resamples=resamples, seed=seed
                )
    corrected = holm([c.p_value for c in found.values()])
    return {key: replace(c, p_corrected=p) for (key, c), p in zip(found.items(), corrected, strict=True)}


@dataclass(frozen=True, slots=True)
class Difference:
    """A sentence on which two systems do not make equally many errors.

    Args:
        sentence: its index.
        text: its words.
        gold: the right entities, as "words (TYPE)".
        a: those of the first system.
        b: those of the second.
        errors_a: entities of gold that the first system missed, and its wrong ones.
        errors_b: likewise of the second.
        where: provenance of the gold sentence.
    """

    sentence: int
    text: str
    gold: tuple[str, ...]
    a: tuple[str, ...]
    b: tuple[str, ...]
    errors_a: int
    errors_b: int
    where: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def most_different(
    gold: Sequence[Sentence], a: Sequence[Sentence], b: Sequence[Sentence], *, number: int = 5
) -> list[Difference]:
    """The sentences where one system makes the most errors more than the other; of equal ones the first.

    Args:
        gold: the right answers.
        a: the same sentences as one system labelled them.
        b: likewise of the other.
        number: how many sentences at most.

    Raises:
        DataError: as `score` does.
    """
    ignored: Counter[str] = Counter()
    sides = [counted_spans(gold, predicted, not_counted=ignored) for predicted in (a, b)]
    found = []
    for index, ((right, of_a), (_, of_b)) in enumerate(zip(*sides, strict=True)):
        wrong = [len({s.key for s in right} ^ {s.key for s in said}) for said in (of_a, of_b)]
        if wrong[0] != wrong[1]:
            sentence = gold[index]
            named = [tuple(_named(sentence, s) for s in spans) for spans in (right, of_a, of_b)]
            text = " ".join(sentence.words)
            found.append(Difference(index, text, named[0], named[1], named[2], wrong[0], wrong[1], sentence.where))
    return sorted(found, key=lambda d: -abs(d.errors_a - d.errors_b))[:number]


def _named(sentence: Sentence, span: Span) -> str:
    return f"{' '.join(sentence.words[span.start : span.end])} ({span.label})"
