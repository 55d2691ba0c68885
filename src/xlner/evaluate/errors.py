"""What kind of errors a system makes, with counts, confusions and examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from xlner.core.types import Sentence, Span
from xlner.evaluate.pairs import Spans, counted_spans, overlaps

ErrorKind = Literal["missed", "spurious", "type", "boundary", "both"]
KINDS: tuple[ErrorKind, ...] = get_args(ErrorKind)


@dataclass(frozen=True, slots=True)
class SpanError:
    """One error.

    Args:
        kind: "missed" (nothing predicted there), "spurious" (nothing in gold there), "type" (right
            boundaries), "boundary" (right type, overlapping), or "both" wrong but overlapping.
        sentence: index of the sentence.
        gold: the gold span; None if spurious.
        predicted: the predicted span; None if missed.
        text: the words that either of them covers.
        where: provenance of the gold sentence.
    """

    kind: ErrorKind
    sentence: int
    gold: Span | None
    predicted: Span | None
    text: str
    where: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ErrorCounts:
    """All errors of one set of predictions.

    Args:
        correct: spans without error.
        counts: number of errors of each kind.
        per_type: gold type (predicted type if spurious) to numbers of each kind.
        confusions: (gold type, predicted type) to number of errors of kinds "type" and "both".
        examples: up to the asked number of each kind, in the order of the text.
        not_counted: spans left out, by side and reason.
    """

    correct: int
    counts: Mapping[ErrorKind, int]
    per_type: Mapping[str, Mapping[ErrorKind, int]]
    confusions: Mapping[tuple[str, str], int]
    examples: tuple[SpanError, ...]
    not_counted: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        return {
            "correct": self.correct,
            **{kind: self.counts[kind] for kind in KINDS},
            "per_type": {name: dict(kinds) for name, kinds in self.per_type.items()},
            "confusions": [
                {"gold": gold, "predicted": predicted, "count": n}
                for (gold, predicted), n in sorted(self.confusions.items(), key=lambda item: (-item[1], item[0]))
            ],
            "examples": [e.as_dict() for e in self.examples],
            "not_counted": dict(self.not_counted),
        }


def span_errors(
    gold: Sequence[Sentence],
    predicted: Sequence[Sentence],
    *,
    examples: int = 5,
    types: Sequence[str] | None = None,
    ignore: Collection[str] = (),
) -> ErrorCounts:
    """Sort every wrong span into one kind of error.

    Spans that are right go first. The rest is paired one-to-one, the mildest error first: same boundaries,
    then same type and overlapping, then overlapping. What finds no partner is missed or spurious. So every
    gold and every predicted span stands in exactly one place: gold = correct + type + boundary + both +
    missed.

    Args:
        gold: the right answers.
        predicted: the same sentences with predicted spans.
        examples: how many of each kind to keep.
        types: as in `score`.
        ignore: as in `score`.

    Raises:
        DataError: as `score` does.
    """
    not_counted: Counter[str] = Counter()
    pairs = counted_spans(gold, predicted, types=types, ignore=ignore, not_counted=not_counted)
    correct = 0
    counts: Counter[ErrorKind] = Counter()
    per_type: dict[str, Counter[ErrorKind]] = {}
    confusions: Counter[tuple[str, str]] = Counter()
    shown: list[SpanError] = []
    for index, (golds, guesses) in enumerate(pairs):
        right, wrong = _sort(golds, guesses)
        correct += right
        for kind, g, p in wrong:
            counts[kind] += 1
            label = g.label if g else p.label if p else ""
            per_type.setdefault(label, Counter())[kind] += 1
            if g and p and g.label != p.label:
                confusions[g.label, p.label] += 1
            if counts[kind] <= examples:
                shown.append(_example(kind, index, g, p, gold[index]))
    return ErrorCounts(
        correct=correct,
        counts={kind: counts[kind] for kind in KINDS},
        per_type={name: {kind: per_type[name][kind] for kind in KINDS} for name in sorted(per_type)},
        confusions=dict(confusions),
        examples=tuple(shown),
        not_counted=dict(not_counted),
    )


def _sort(gold: Spans, predicted: Spans) -> tuple[int, list[tuple[ErrorKind, Span | None, Span | None]]]:
    """Number of right spans, and the errors of one sentence in the order of the words."""
    right = {s.key for s in gold} & {s.key for s in predicted}
    golds = [s for s in gold if s.key not in right]
    guesses = [s for s in predicted if s.key not in right]
    errors: list[tuple[ErrorKind, Span | None, Span | None]] = []

    def take(kind: ErrorKind, pairs: Sequence[tuple[Span, Span]]) -> None:
        for g, p in pairs:
            errors.append((kind, g, p))
            golds.remove(g)
            guesses.remove(p)

    at = {(s.start, s.end): s for s in guesses}
    take("type", [(g, at[g.start, g.end]) for g in golds if (g.start, g.end) in at])
    for label in sorted({s.label for s in golds} & {s.label for s in guesses}):
        take("boundary", overlaps(*([s for s in side if s.label == label] for side in (golds, guesses))))
    take("both", overlaps(golds, guesses))
    errors += [("missed", g, None) for g in golds] + [("spurious", None, p) for p in guesses]
    return len(right), sorted(errors, key=lambda e: min(s.start for s in e[1:] if s is not None))


def _example(kind: ErrorKind, index: int, gold: Span | None, predicted: Span | None, sentence: Sentence) -> SpanError:
    spans = [s for s in (gold, predicted) if s is not None]
    words = sentence.words[min(s.start for s in spans) : max(s.end for s in spans)]
    return SpanError(kind, index, gold, predicted, " ".join(words), sentence.where)
