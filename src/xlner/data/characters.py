"""Entities given by characters or by numbers of words, as annotation tools do, onto words."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from xlner.core.types import Sentence, Span
from xlner.data.counting import CharacterSpan, Places, better_ways, place
from xlner.data.options import ReadOptions
from xlner.data.report import ReadLog
from xlner.data.segment import split_words
from xlner.data.tagged import runs

__all__ = ["CharacterSpan", "find_words", "on_tokens", "on_words"]


def find_words(text: str, words: Sequence[str]) -> tuple[tuple[int, int], ...] | None:
    """Where words stand in a text, one after the other, in code points; None where they do not."""
    offsets: list[tuple[int, int]] = []
    position = 0
    for word in words:
        start = text.find(word, position)
        # Only white space may lie between words: a find that skips letters has found another word.
        if start < 0 or text[position:start].strip():
            return None
        position = start + len(word)
        offsets.append((start, position))
    return tuple(offsets)


def on_words(
    text: str,
    spans: Sequence[CharacterSpan],
    log: ReadLog,
    options: ReadOptions,
    *,
    line: int,
    offsets: Sequence[tuple[int, int]] | None = None,
    labelled: bool = True,
    only_marked: bool = False,
    browser: bool = False,
    unknown: Sequence[CharacterSpan] = (),
    language: str | None = None,
) -> Sentence | None:
    """One sentence from a text and the entities in it.

    White space at the edge of an entity is ignored. Of entities that overlap, the longest stays (of equally long ones
    the first) and the others are dropped, counted. Words of a dropped entity that no other one holds are missing, not
    O: the annotator saw something there. So are the words of an entity that begins or ends inside a word, or whose
    offsets contradict its text (see `xlner.data.counting`).

    Args:
        text: the text.
        spans: entities in it, in any order.
        log: takes faults and drops.
        options: language, and whether labels are wanted at all.
        line: the record's line.
        offsets: the words, where the file gives them; else the text is split.
        labelled: False when nobody looked for entities in this record.
        only_marked: nobody looked at the words outside of the entities; they are missing.
        browser: the offsets come from a browser.
        unknown: places whose entities cannot be told; their words are missing. Already counted.
        language: of the record; the options' wins.

    Returns:
        The sentence; None when it has no words, or after a fault.
    """
    language = options.language or language
    words = list(split_words(text, language) if offsets is None else offsets)
    if not words:
        log.drop("record without words", line)
        return None
    wanted = options.labelled and labelled
    entities: list[Span] = []
    missing: set[int] = set()
    if wanted and (spans or unknown):
        places = Places(text, words)
        placed, lost = place(places, spans, log, line, browser=browser)
        for span in placed:
            if span.start != span.end and not 0 <= span.start < span.end <= len(text):
                log.fault(_outside_of(text, span, better_ways(places, spans)), line)
                return None
        longest, dropped = _longest(placed, log, line)
        for span in longest:
            start, end, exact = places.words_of(span)
            if start == end:
                log.drop(f"{span.label} entity over no word", line)
            elif exact:
                entities.append(Span(start, end, span.label, span.score))
            else:
                log.drop(f"{span.label} entity that cuts a word; its words are now unknown", line)
                missing.update(range(start, end))
        for entity in lost:
            log.drop(f"{entity.label} {entity.reason}; its words are now unknown", line)
            dropped += entity.places
        for span in [*dropped, *unknown]:
            start, end, _ = places.words_of(span)
            missing.update(range(start, end))
    if wanted and only_marked:
        missing.update(range(len(words)))
    return _sentence(
        tuple(text[start:end] for start, end in words), entities, missing, log, line, text=text, offsets=tuple(words),
        labelled=wanted, language=language,
    )  # fmt: skip


def on_tokens(
    words: Sequence[str],
    spans: Sequence[CharacterSpan],
    log: ReadLog,
    options: ReadOptions,
    *,
    line: int,
    labelled: bool = True,
    unknown: Sequence[CharacterSpan] = (),
    language: str | None = None,
) -> Sentence | None:
    """One sentence from words and entities over them, `[start, end)` in words. As `on_words` otherwise.

    Words that are empty or white space are left out, counted.
    """
    at = [0]
    for word in words:
        at.append(at[-1] + bool(word.strip()))
    for _ in range(len(words) - at[-1]):
        log.drop("word that is empty or only white space", line)
    if not at[-1]:
        log.drop("record without words", line)
        return None
    placed: list[CharacterSpan] = []
    dropped: list[CharacterSpan] = []
    wanted = options.labelled and labelled
    if wanted:
        if wrong := next((s for s in [*spans, *unknown] if not 0 <= s.start < s.end <= len(words)), None):
            log.fault(f"entity [{wrong.start}, {wrong.end}) lies outside of the {len(words)} words", line)
            return None
        placed, dropped = _longest(spans, log, line)
    entities = [Span(at[s.start], at[s.end], s.label, s.score) for s in placed if at[s.start] < at[s.end]]
    for empty in (s for s in placed if at[s.start] == at[s.end]):
        log.drop(f"{empty.label} entity over no word", line)
    missing = {i for s in [*dropped, *(unknown if wanted else ())] for i in range(at[s.start], at[s.end])}
    present = tuple(word for word in words if word.strip())
    return _sentence(present, entities, missing, log, line, labelled=wanted, language=options.language or language)


def _sentence(
    words: tuple[str, ...],
    entities: Sequence[Span],
    missing: set[int],
    log: ReadLog,
    line: int,
    *,
    labelled: bool,
    language: str | None,
    text: str | None = None,
    offsets: tuple[tuple[int, int], ...] | None = None,
) -> Sentence:
    """A sentence; its missing words are those that no entity holds."""
    ranges: tuple[tuple[int, int], ...] = ()
    if missing:
        unknown = missing - {i for span in entities for i in range(span.start, span.end)}
        ranges = runs(i in unknown for i in range(len(words)))
    return Sentence(
        words=words, spans=tuple(entities), language=language, text=text, offsets=offsets, missing=ranges,
        labelled=labelled, where=log.where(line),
    )  # fmt: skip


def _longest(
    spans: Sequence[CharacterSpan], log: ReadLog, line: int
) -> tuple[list[CharacterSpan], list[CharacterSpan]]:
    """Entities that do not overlap, sorted by place, and those that overlap them; a mere repetition is neither."""
    longest: list[CharacterSpan] = []
    dropped: list[CharacterSpan] = []
    starts: list[int] = []
    seen: set[tuple[int, int, str]] = set()
    for span in sorted(spans, key=lambda s: s.start - s.end):  # a stable sort: equally long ones keep their order
        if (key := (span.start, span.end, span.label)) in seen:
            continue
        seen.add(key)
        if span.start == span.end:
            log.drop("entity of no characters", line)
            continue
        at = bisect_left(starts, span.start)
        before = at > 0 and longest[at - 1].end > span.start
        after = at < len(longest) and longest[at].start < span.end
        if before or after:
            log.drop("entity that overlaps a longer one", line)
            dropped.append(span)
        else:
            longest.insert(at, span)
            starts.insert(at, span.start)
    return longest, dropped


def _outside_of(text: str, span: CharacterSpan, ways: Sequence[str]) -> str:
    hint = f"; counted as {ways[0]} the entities fit" if ways else ""
    return f"entity [{span.start}, {span.end}) lies outside of the text, which has {len(text)} characters{hint}"
