"""Entities given by characters, as annotation tools do, onto words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from xlner.core.types import Sentence, Span
from xlner.data.options import ReadOptions
from xlner.data.report import ReadLog
from xlner.data.segment import split_words


@dataclass(frozen=True, slots=True)
class CharacterSpan:
    """An entity over code points `[start, end)` of a text."""

    start: int
    end: int
    label: str
    score: float | None = None


def on_words(
    text: str,
    spans: Sequence[CharacterSpan],
    log: ReadLog,
    options: ReadOptions,
    *,
    line: int,
    offsets: Sequence[tuple[int, int]] | None = None,
    labelled: bool = True,
) -> Sentence | None:
    """One sentence from a text and the entities in it.

    White space at the edge of an entity is ignored. Of entities that overlap, the longest stays (of equally long ones
    the first) and the others are dropped, counted. An entity that begins or ends inside a word makes the words it
    touches missing, not O: the annotator saw something there that words cannot say.

    Args:
        text: the text.
        spans: entities in it, in any order.
        log: takes faults and drops.
        options: language, and whether labels are wanted at all.
        line: the record's line.
        offsets: the words, where the file gives them; else the text is split.
        labelled: False when nobody looked for entities in this record.

    Returns:
        The sentence; None when it has no words, or after a fault.
    """
    words = list(split_words(text, options.language) if offsets is None else offsets)
    if not words:
        log.drop("record without words", line)
        return None
    wanted = options.labelled and labelled
    found: list[Span] = []
    missing: list[tuple[int, int]] = []
    if wanted:
        for span in spans:
            if not 0 <= span.start < span.end <= len(text):
                log.fault(
                    f"entity [{span.start}, {span.end}) lies outside of the text, which has {len(text)} characters",
                    line,
                )
                return None
        for span in _longest(spans, log, line):
            start, end, exact = _words_of(text, words, span)
            if start == end:
                log.drop(f"{span.label} entity over no word", line)
            elif exact:
                found.append(Span(start, end, span.label, span.score))
            else:
                log.drop(f"{span.label} entity that cuts a word; its words are now unknown", line)
                missing.append((start, end))
    return Sentence(
        words=tuple(text[start:end] for start, end in words),
        spans=tuple(found),
        language=options.language,
        text=text,
        offsets=tuple(words),
        missing=_outside(missing, found),
        labelled=wanted,
        where=log.where(line),
    )


def _longest(spans: Sequence[CharacterSpan], log: ReadLog, line: int) -> list[CharacterSpan]:
    """Entities that do not overlap, sorted by place."""
    kept: list[CharacterSpan] = []
    starts: list[int] = []
    for span in sorted(spans, key=lambda s: s.start - s.end):  # a stable sort: equally long ones keep their order
        at = bisect_left(starts, span.start)
        before = at > 0 and kept[at - 1].end > span.start
        after = at < len(kept) and kept[at].start < span.end
        if before or after:
            log.drop("entity that overlaps a longer one", line)
        else:
            kept.insert(at, span)
            starts.insert(at, span.start)
    return kept


def _words_of(text: str, words: list[tuple[int, int]], span: CharacterSpan) -> tuple[int, int, bool]:
    """First word, word after the last, and whether the entity's edges are word edges."""
    start, end = span.start, span.end
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    first = bisect_right(words, start, key=lambda w: w[1])
    after = bisect_left(words, end, key=lambda w: w[0])
    if first >= after:
        return first, first, False
    # What lies between words is invisible (zero-width marks), so an edge there is as good as on the word.
    return first, after, words[first][0] >= start and words[after - 1][1] <= end


def _outside(missing: list[tuple[int, int]], found: list[Span]) -> tuple[tuple[int, int], ...]:
    """Missing ranges merged, without the words that another entity holds."""
    unknown = {i for start, end in missing for i in range(start, end)}
    unknown -= {i for span in found for i in range(span.start, span.end)}
    merged: list[tuple[int, int]] = []
    for i in sorted(unknown):
        if merged and merged[-1][1] == i:
            merged[-1] = (merged[-1][0], i + 1)
        else:
            merged.append((i, i + 1))
    return tuple(merged)
