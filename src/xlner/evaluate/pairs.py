"""Bring gold and predicted sentences together: check that they fit, and say which spans count."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import NoReturn

from xlner.core.types import Sentence, Span
from xlner.errors import DataError, UsageError

Spans = tuple[Span, ...]

# How tools write a word that their vocabulary lacks: [UNK], <unk>, UNK, and SentencePiece's sign. "unknown" is a word.
_UNKNOWN = re.compile(r"unk|oov|[\[<(](unk|oov|unknown)[\])>]|\u2047|\ufffd", re.IGNORECASE)
# What tokenizers of treebanks and tools that clean text write instead.
_REWRITTEN = {"-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}", "``": '"', "''": '"'}
_QUOTES = {ord(c): plain for plain, signs in (("'", "‘’‚`"), ('"', "“”„«»"), ("-", "–—")) for c in signs}


def check_parallel(gold: Sequence[Sentence], predicted: Sequence[Sentence]) -> Counter[str]:
    """Require the same sentences on both sides, split into the same words, and labels on both.

    Some sentences of gold may have no labels, but not all of them.

    Words are compared after Unicode normalisation (NFC). A word that one side calls unknown, such as [UNK], and one
    that a tool has normalised (case, width, accents, digits to 0, brackets as -LRB-, quotes) pass, and are counted.

    Returns:
        How many words passed although they are written differently, by kind.

    Raises:
        DataError: names the first sentence that differs, by number and by `where`.
    """
    differing: Counter[str] = Counter()
    if gold and not any(g.labelled or g.spans for g in gold):
        _refuse_raw("gold", 1, gold[0])
    for number, (g, p) in enumerate(zip(gold, predicted, strict=False), start=1):
        if len(g) != len(p):
            raise DataError(
                f"gold sentence {number} has {len(g)} words, its prediction {len(p)} "
                f"(gold {_start(g)}, predicted {_start(p)}); "
                "both must hold the same sentences, split into the same words",
                path=g.where or p.where,
            )
        if not p.labelled:
            _refuse_raw("predicted", number, p)
        if g.words != p.words:
            _compare_words(number, g, p, differing)
    if len(gold) != len(predicted):
        longer = max(gold, predicted, key=len)
        extra = longer[min(len(gold), len(predicted))]
        raise DataError(
            f"{len(gold)} gold sentences but {len(predicted)} predicted ones; the first without a partner is "
            f"sentence {min(len(gold), len(predicted)) + 1} ({_start(extra)})",
            path=extra.where,
        )
    return differing


def _refuse_raw(side: str, number: int, sentence: Sentence) -> NoReturn:
    raise DataError(
        f"{side} sentence {number} is raw text without labels; scores need labels on both sides", path=sentence.where
    )


def _compare_words(number: int, gold: Sentence, predicted: Sentence, differing: Counter[str]) -> None:
    for place, (g, p) in enumerate(zip(gold.words, predicted.words, strict=True), start=1):
        if g == p or unicodedata.normalize("NFC", g) == unicodedata.normalize("NFC", p):
            continue
        if _UNKNOWN.fullmatch(g) or _UNKNOWN.fullmatch(p):
            differing["written as unknown on one side"] += 1
        elif _alike(g, p):
            differing["normalised on one side"] += 1
        else:
            raise DataError(
                f"word {place} of gold sentence {number} is '{g}', of its prediction '{p}' (gold {_start(gold)}, "
                f"predicted {_start(predicted)}); both must hold the same sentences in the same order",
                path=gold.where or predicted.where,
            )


def _alike(g: str, p: str) -> bool:
    """Whether two words differ only in what tools change. Digits may stand as 0 on one side."""
    a, b = _plain(g), _plain(p)
    zero_a, zero_b = (re.sub(r"\d", "0", word) for word in (a, b))
    return a == b or (zero_a == zero_b and (a == zero_a or b == zero_b))


def _plain(word: str) -> str:
    """A word without what tools change: case, width, accents, invisible characters, ways to write brackets, quotes."""
    plain = unicodedata.normalize("NFKD", _REWRITTEN.get(word, word).translate(_QUOTES)).casefold()
    return "".join(c for c in plain if unicodedata.category(c) not in ("Mn", "Cf"))


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
    differing: Counter[str] | None = None,
) -> Iterator[tuple[Spans, Spans]]:
    """Per sentence the gold and the predicted spans that count.

    A span on either side does not count when it touches a word whose label is unknown in gold (nobody knows what
    is right there), when its type is not among `types`, or when its type is in `ignore`. Unknown are words that are
    `missing`, and those outside of spans in a sentence that nobody labelled.

    Args:
        gold: the right answers.
        predicted: the same sentences with predicted spans.
        types: only these types count; None means all.
        ignore: types that do not count.
        not_counted: gets the numbers of spans left out, by side and reason.
        differing: gets the numbers of words that are written differently, by kind; see `check_parallel`.
    """
    written = check_parallel(gold, predicted)
    if differing is not None:
        differing.update(written)
    check_types(types, ignore)
    tally: Counter[str] = Counter() if not_counted is None else not_counted
    for g, p in zip(gold, predicted, strict=True):
        counted: list[Spans] = []
        unknown = _unknown(g)
        if not g.labelled:
            tally["gold: sentence that nobody labelled"] += 1
        for side, spans in (("gold", g.spans), ("predicted", p.spans)):
            if unknown:
                spans = _without(spans, unknown, tally, f"{side}: touches missing words")
            counted.append(of_types(spans, types, ignore, tally, side))
        yield counted[0], counted[1]


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
    counted = tuple(s for s in spans if s.label not in ignore and (types is None or s.label in types))
    if len(counted) < len(spans):
        tally[f"{side}: type left out"] += len(spans) - len(counted)
    return counted


def _unknown(gold: Sentence) -> Sequence[tuple[int, int]]:
    """Ranges of words whose label nobody knows."""
    if gold.labelled:
        return gold.missing
    edges = [0, *(edge for span in gold.spans for edge in (span.start, span.end)), len(gold)]
    outside = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]
    return [*gold.missing, *outside]


def _without(spans: Spans, missing: Sequence[tuple[int, int]], tally: Counter[str], reason: str) -> Spans:
    counted = tuple(s for s in spans if not any(s.start < end and start < s.end for start, end in missing))
    if len(counted) < len(spans):
        tally[reason] += len(spans) - len(counted)
    return counted


def overlaps(gold: Sequence[Span], predicted: Sequence[Span]) -> list[tuple[Span, Span]]:
    """A largest one-to-one pairing of overlapping spans.

    Both sides are sorted and free of overlaps within themselves. Then pairing the first two spans that
    overlap never costs a pair: if both had other partners, those would have to cross.

    Args:
        gold: sorted spans that do not overlap each other.
        predicted: likewise.
    """
    pairs: list[tuple[Span, Span]] = []
    i = j = 0
    while i < len(gold) and j < len(predicted):
        g, p = gold[i], predicted[j]
        if g.start < p.end and p.start < g.end:
            pairs.append((g, p))
            i, j = i + 1, j + 1
        elif g.end <= p.start:
            i += 1
        else:
            j += 1
    return pairs
