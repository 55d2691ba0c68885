"""Strict span scores, over all types and per type, and what a conlleval or a lenient reading would say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from xlner.core.tags import Scheme, read_tags
from xlner.core.types import Sentence
from xlner.errors import DataError, UsageError
from xlner.evaluate.metrics import evaluate_metric, ratio
from xlner.evaluate.pairs import Spans, check_types, counted_spans, of_types, overlaps
from xlner.evaluate.resample import Interval


@dataclass(frozen=True, slots=True)
class TypeScore:
    """Scores of one entity type, or of one way of counting. All scores are fractions, 0.0 where undefined.

    Args:
        precision: correct / predicted.
        recall: correct / gold.
        f1: their harmonic mean, 2 correct / (gold + predicted).
        gold: number of gold spans.
        predicted: number of predicted spans.
        correct: number of predicted spans that are right.
    """

    precision: float
    recall: float
    f1: float
    gold: int
    predicted: int
    correct: int

    @classmethod
    def of(cls, counts: NDArray[Any] | Sequence[int]) -> TypeScore:
        """From gold, predicted and correct numbers. Shape: (3,)."""
        array = np.asarray(counts)
        precision, recall, f1 = (float(ratio(array, name)) for name in ("precision", "recall", "f1"))
        return cls(precision, recall, f1, *(int(n) for n in array))

    def as_dict(self) -> dict[str, float | int]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of one set of predictions, with the counts per sentence that they come from.

    Args:
        types: entity types, the order of the second axis of `counts`.
        counts: gold, predicted and correct spans per sentence and type. Shape: (n_sentences, n_types, 3),
            int32.
        overlap: lenient reading: a predicted span is right if it shares a word with a gold span of its type
            (one-to-one), wherever it starts and ends.
        boundaries: lenient reading: a predicted span is right if its boundaries are, whatever its type.
        not_counted: spans left out of all of the above, by side and reason.
        differing: words that gold and predictions write differently, by kind; see `xlner.evaluate.pairs`.
    """

    types: tuple[str, ...]
    counts: NDArray[np.int32]
    overlap: TypeScore
    boundaries: TypeScore
    not_counted: Mapping[str, int] = field(default_factory=dict)
    differing: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.counts.ndim != 3 or self.counts.shape[1:] != (len(self.types), 3):
            raise UsageError(f"counts must be (n_sentences, {len(self.types)}, 3), got {self.counts.shape}")

    def __len__(self) -> int:
        """Number of sentences."""
        return int(self.counts.shape[0])

    @cached_property
    def totals(self) -> NDArray[np.int64]:
        """Counts over all sentences. Shape: (n_types, 3)."""
        return self.counts.sum(axis=0, dtype=np.int64)

    @cached_property
    def per_type(self) -> dict[str, TypeScore]:
        return {name: TypeScore.of(row) for name, row in zip(self.types, self.totals, strict=True)}

    @cached_property
    def micro(self) -> TypeScore:
        """All types added up."""
        return TypeScore.of(self.totals.sum(axis=0))

    @property
    def precision(self) -> float:
        return self.micro.precision

    @property
    def recall(self) -> float:
        return self.micro.recall

    @property
    def f1(self) -> float:
        return self.micro.f1

    @property
    def macro_precision(self) -> float:
        return self.metric("macro_precision")

    @property
    def macro_recall(self) -> float:
        return self.metric("macro_recall")

    @property
    def macro_f1(self) -> float:
        """Mean F1 over the types that occur in gold or predictions (a type only predicted counts as 0)."""
        return self.metric("macro_f1")

    def metric(self, name: str) -> float:
        """A score by its name: f1, precision, recall, macro_f1, macro_precision or macro_recall."""
        return float(evaluate_metric(self.totals, name))

    def as_dict(self, *, interval: Interval | None = None, conlleval: Scores | None = None) -> dict[str, Any]:
        """One object for `--json`.

        Args:
            interval: the bootstrap interval of `f1`, added as "interval".
            conlleval: the same predictions read as conlleval reads them, added as "conlleval".
        """
        result: dict[str, Any] = {
            "f1": self.f1,
            "precision": self.precision,
            "recall": self.recall,
            "macro_f1": self.macro_f1,
            "macro_precision": self.macro_precision,
            "macro_recall": self.macro_recall,
            "sentences": len(self),
            "gold": self.micro.gold,
            "predicted": self.micro.predicted,
            "correct": self.micro.correct,
            "per_type": {name: s.as_dict() for name, s in self.per_type.items()},
            "overlap": self.overlap.as_dict(),
            "boundaries": self.boundaries.as_dict(),
            "not_counted": dict(self.not_counted),
            "words_differing": dict(self.differing),
        }
        if conlleval is not None:
            result["conlleval"] = conlleval.micro.as_dict()
        if interval is not None:
            result["interval"] = interval.as_dict()
        return result


def score(
    gold: Sequence[Sentence],
    predicted: Sequence[Sentence],
    *,
    types: Sequence[str] | None = None,
    ignore: Collection[str] = (),
) -> Scores:
    """Strict scores: a predicted span is right when its boundaries and its type are.

    Spans that touch a word whose gold label is missing count on neither side. Words that the predictions call
    missing are words without a prediction: gold spans there are missed.

    Args:
        gold: the right answers.
        predicted: the same sentences, in the same order and split into the same words, with predicted spans.
        types: score only these types, in this order. None: all types of gold and predictions, sorted.
        ignore: types to leave out on both sides. A gold span of another type that was predicted as an ignored
            one is missed.

    Returns:
        The scores. What was left out is counted in `not_counted`.

    Raises:
        DataError: numbers of sentences or words differ, words differ, or a side has no labels; names the first such
            sentence. Words that one side writes as unknown or normalised pass, and are counted in `differing`.

    Reference:
        Tjong Kim Sang and De Meulder, "Introduction to the CoNLL-2003 Shared Task", CoNLL 2003, section 2.4.
        Agrees with seqeval (Nakayama, 2018), which the tests use as the oracle.
    """
    not_counted: Counter[str] = Counter()
    differing: Counter[str] = Counter()
    pairs = list(
        counted_spans(gold, predicted, types=types, ignore=ignore, not_counted=not_counted, differing=differing)
    )
    return _count(pairs, types, not_counted, differing)


def score_tags(
    gold: Sequence[Sequence[str]],
    predicted: Sequence[Sequence[str]],
    *,
    mode: Literal["strict", "conlleval"] = "strict",
    scheme: Scheme = "IOB2",
    types: Sequence[str] | None = None,
    ignore: Collection[str] = (),
) -> Scores:
    """Scores of raw tag sequences, which may break their scheme.

    The two modes differ only there. "strict" drops an entity that breaks the scheme, such as one that opens
    with I- in IOB2, on both sides (seqeval's `mode="strict"`). "conlleval" keeps it with the words it has, as
    the scorer of the CoNLL shared tasks does (seqeval without a mode).

    Args:
        gold: one tag per word, per sentence.
        predicted: the same for the predictions.
        mode: what to do with broken entities.
        scheme: how both sides are written.
        types: as in `score`.
        ignore: as in `score`.

    Returns:
        The scores; entities dropped as broken are counted in `not_counted`.

    Raises:
        DataError: numbers of sentences or tags differ, or a tag cannot be read.
    """
    if mode not in ("strict", "conlleval"):
        raise UsageError(f"mode is strict or conlleval, not '{mode}'")
    check_types(types, ignore)
    if len(gold) != len(predicted):
        raise DataError(f"{len(gold)} gold sentences but {len(predicted)} predicted ones")
    not_counted: Counter[str] = Counter()
    pairs: list[tuple[Spans, Spans]] = []
    for number, (g, p) in enumerate(zip(gold, predicted, strict=True), start=1):
        if len(g) != len(p):
            raise DataError(f"gold sentence {number} has {len(g)} tags, its prediction {len(p)}")
        counted: list[Spans] = []
        for side, tags in (("gold", g), ("predicted", p)):
            try:
                spans, broken = read_tags(tags, scheme, repair="discard" if mode == "strict" else "conll")
            except ValueError as error:
                raise DataError(f"{side} sentence {number}: {error}") from error
            if broken and mode == "strict":
                not_counted[f"{side}: breaks {scheme}"] += broken
            counted.append(of_types(spans, types, ignore, not_counted, side))
        pairs.append((counted[0], counted[1]))
    return _count(pairs, types, not_counted)


def _count(
    pairs: Sequence[tuple[Spans, Spans]],
    types: Sequence[str] | None,
    not_counted: Mapping[str, int],
    differing: Mapping[str, int] = {},
) -> Scores:
    labels = {span.label for gold, predicted in pairs for span in (*gold, *predicted)}
    names = tuple(types) if types is not None else tuple(sorted(labels))
    column = {name: i for i, name in enumerate(names)}
    counts = np.zeros((len(pairs), len(names), 3), dtype=np.int32)
    overlapping = same_boundaries = 0
    for row, (gold, predicted) in zip(counts, pairs, strict=True):
        right = {span.key for span in gold}
        edges = {(span.start, span.end) for span in gold}
        for span in gold:
            row[column[span.label], 0] += 1
        for span in predicted:
            row[column[span.label], 1:] += (1, span.key in right)
            same_boundaries += (span.start, span.end) in edges
        for name in {span.label for span in gold} & {span.label for span in predicted}:
            same = ([s for s in side if s.label == name] for side in (gold, predicted))
            overlapping += len(overlaps(*same))
    n_gold, n_predicted = (int(counts[..., i].sum()) for i in (0, 1))
    return Scores(
        types=names,
        counts=counts,
        overlap=TypeScore.of((n_gold, n_predicted, overlapping)),
        boundaries=TypeScore.of((n_gold, n_predicted, same_boundaries)),
        not_counted=dict(not_counted),
        differing=dict(differing),
    )
