"""Bring gold and predicted sentences together: check that they fit, and say which spans count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from xlner.core.types import Sentence, Span
from xlner.errors import DataError, UsageError

Spans = tuple[Span, ...]


def check_parallel(gold: Sequence[Sentence], predicted: Sequence[Sentence]) -> None:
    """Require the same number of sentences, the same number of words in each, and labels on both sides.

    Raises:
        DataError: names the first sentence that differs, by number and by `where`.
    """
    for number, (g, p) in enumerate(zip(gold, predicted, strict=False), start=1):
        if len(g) != len(p):
            raise DataError(
                f"gold sentence {number} has {len(g)} words, its prediction {len(p)} "
                f"(gold {_start(g)}, predicted {_start(p)}); "
                "both must hold the same sentences, split into the same words",
                path=g.where or p.where,
            )
        for side, sentence in (("gold", g), ("predicted", p)):
            if not sentence.labelled:
                raise DataError(
                    f"{side} sentence {number} is raw text without labels; scores need labels on both sides",
                    path=sentence.where,
                )
    if len(gold) != len(predicted):
        longer = max(gold, predicted, key=len)
        extra = longer[min(len(gold), len(predicted))]
        raise DataError(
            f"{len(gold)} gold sentences but {len(predicted)} predicted ones; the first without a partner is "
            f"sentence {min(len(gold), len(predicted)) + 1} ({_start(extra)})",
            path=extra.where,
        )


def _start(sentence: Sentence) -> str:
    words = " ".join(sentence.words[:5])
    return f"'{words} ...'" if len(sentence) > 5 else f"'{words}'"


def counted_spans(
    gold: Sequence[Sentence],
    predicted: Sequence[Sentence],
    *,
    types: Sequence[str] | None = None,
    ignore: Collection[str] = (),
    not_counted: Counter[str] | None = None,
) -> Iterator[tuple[Spans, Spans]]:
    """Per sentence the gold and the predicted spans that count.

    A span on either side does not count when it touches a word that is `missing` in gold (nobody knows what
    is right there), when its type is not among `types`, or when its type is in `ignore`.

    Args:
        gold: the right answers.
        predicted: the same sentences with predicted spans.
        types: only these types count; None means all.
        ignore: types that do not count.
        not_counted: gets the numbers of spans left out, by side and reason.
    """
    check_parallel(gold, predicted)
    check_types(types, ignore)
    tally: Counter[str] = Counter() if not_counted is None else not_counted
    for g, p in zip(gold, predicted, strict=True):
        kept: list[Spans] = []
        for side, spans in (("gold", g.spans), ("predicted", p.spans)):
            if g.missing:
                spans = _without(spans, g.missing, tally, f"{side}: touches missing words")
            kept.append(of_types(spans, types, ignore, tally, side))
        yield kept[0], kept[1]


def check_types(types: Sequence[str] | None, ignore: Collection[str] = ()) -> None:
    """Raises UsageError for a single string or for a type named twice."""
    if isinstance(ignore, str):
        raise UsageError(f"ignore must be a list of names, such as ['MISC']; got '{ignore}'")
    if types is not None and (isinstance(types, str) or len(set(types)) != len(types)):
        raise UsageError(f"types must be a list of different names, such as ['PER', 'LOC']; got {types!r}")


def of_types(
    spans: Spans, types: Sequence[str] | None, ignore: Collection[str], tally: Counter[str], side: str
) -> Spans:
    """The spans whose type counts; the others go into `tally`."""
    if types is None and not ignore:
        return spans
    kept = tuple(s for s in spans if s.label not in ignore and (types is None or s.label in types))
    if len(kept) < len(spans):
        tally[f"{side}: type left out"] += len(spans) - len(kept)
    return kept


def _without(spans: Spans, missing: Sequence[tuple[int, int]], tally: Counter[str], reason: str) -> Spans:
    kept = tuple(s for s in spans if not any(s.start < end and start < s.end for start, end in missing))
    if len(kept) < len(spans):
        tally[reason] += len(spans) - len(kept)
    return kept


def overlaps(gold: Sequence[Span], predicted: Sequence[Span]) -> list[tuple[Span, Span]]:
    """A largest one-to-one pairing of overlapping spans.

    Both sides are sorted and free of overlaps within themselves. Then pairing the first two spans that
    overlap never costs a pair: if both had other partners, those would have to cross.

    Args:
        gold: sorted spans that do not overlap each other.
        predicted: likewise.
    """
    found: list[tuple[Span, Span]] = []
    i = j = 0
    while i < len(gold) and j < len(predicted):
        g, p = gold[i], predicted[j]
        if g.start < p.end and p.start < g.end:
            found.append((g, p))
            i, j = i + 1, j + 1
        elif g.end <= p.start:
            i += 1
        else:
            j += 1
    return found
