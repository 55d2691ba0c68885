"""Where an entity is when its offsets and its text do not agree: tools count characters in different ways.

Browsers count UTF-16 units, so an emoji is two; some count a CRLF as one, because a browser shows it as one line break;
others count bytes. What an export says the entity's text is, is believed more than its offsets.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, chain

from xlner.data.report import ReadLog

CODE_POINTS = "code points"
UTF16 = "UTF-16 units"
BYTES = "bytes of UTF-8"
_NEAR = 40  # code points that offsets may be away from the text which they mean, where it occurs more than once


@dataclass(frozen=True, slots=True)
class CharacterSpan:
    """An entity over code points `[start, end)` of a text.

    Args:
        start: its first character.
        end: the one after its last.
        label: its type.
        score: how sure somebody was; None for nobody said.
        surface: its text, where the file gives that.
    """

    start: int
    end: int
    label: str
    score: float | None = None
    surface: str | None = None


class Places:
    """The places of one text, in every way of counting that differs from code points.

    Args:
        text: the text.
        words: its words, as offsets in code points.
    """

    def __init__(self, text: str, words: Sequence[tuple[int, int]]) -> None:
        self.text = text
        self.starts = [start for start, _ in words]
        self.ends = [end for _, end in words]
        self.astral = not text.isascii() and max(text) > "\uffff"
        self.crlf = "\r\n" in text

    @cached_property
    def ways(self) -> Mapping[str, Sequence[int]]:
        """Name of a way of counting -> how many units stand before each code point, and before the end."""
        text, astral, crlf = self.text, self.astral, self.crlf
        wide = [1 + (c > "\uffff") for c in text] if astral else [1] * len(text)
        short = [not text.startswith("\r\n", i) for i in range(len(text))] if crlf else []
        widths_of: dict[str, Iterable[int]] = {}
        if astral:
            widths_of[UTF16] = wide
        if crlf:
            widths_of["CRLF as one character"] = short
        if astral and crlf:
            widths_of["UTF-16 units with CRLF as one"] = [w if s else 0 for w, s in zip(wide, short, strict=True)]
        if "\n" in text and not crlf:
            widths_of["a line break as two characters"] = [1 + (c == "\n") for c in text]
        if not text.isascii():
            widths_of[BYTES] = [1 + (c > "\x7f") + (c > "\u07ff") + (c > "\uffff") for c in text]
        return {name: list(accumulate(chain((0,), widths))) for name, widths in widths_of.items()}

    def words_of(self, span: CharacterSpan) -> tuple[int, int, bool]:
        """First word, word after the last, and whether a span's edges, without white space, are word edges."""
        start, end = max(span.start, 0), min(span.end, len(self.text))
        while start < end and self.text[start].isspace():
            start += 1
        while start < end and self.text[end - 1].isspace():
            end -= 1
        first, after = bisect_right(self.ends, start), bisect_left(self.starts, end)
        if first >= after:
            return first, first, False
        # What lies between words is invisible (zero-width marks), so an edge there is as good as on the word.
        return first, after, self.starts[first] >= start and self.ends[after - 1] <= end

    def moved(self, span: CharacterSpan, way: str) -> CharacterSpan | None:
        """A span counted in some way, in code points; None where its edges lie inside of characters or outside."""
        if way == CODE_POINTS:
            return span if 0 <= span.start <= span.end <= len(self.text) else None
        units = self.ways[way]
        start, end = bisect_left(units, span.start), bisect_left(units, span.end)
        if not 0 <= start <= end < len(units) or units[start] != span.start or units[end] != span.end:
            return None
        return replace(span, start=start, end=end)

    def holds(self, span: CharacterSpan) -> bool:
        """Whether the text at a span is what the span says; of a span that says nothing, whether it is whole words."""
        start, end = span.start, span.end
        here = self.text[start:end]
        if span.surface is not None:
            return here == span.surface or (bool(here.strip()) and _loose(here) == _loose(span.surface))
        if not here.strip():
            return False
        start, end = start + len(here) - len(here.lstrip()), end - len(here) + len(here.rstrip())
        first, last = bisect_left(self.starts, start), bisect_left(self.ends, end)
        return first <= last < len(self.ends) and self.starts[first] == start and self.ends[last] == end

    def fits(self, spans: Iterable[CharacterSpan], way: str) -> list[CharacterSpan] | None:
        """All spans in code points, when each one holds if counted in that way."""
        moved = [self.moved(span, way) for span in spans]
        return [m for m in moved if m] if all(m is not None and self.holds(m) for m in moved) else None

    def nearest(self, span: CharacterSpan) -> CharacterSpan | None:
        """The place of a span's text that is nearest to its offsets; None without one, or with two about as near."""
        starts = self.occurrences(span.surface or "")
        size = len(span.surface or "")
        begins, ends = set(self.starts), set(self.ends)
        whole = [at for at in starts if at in begins and at + size in ends]
        ranked = sorted(whole or starts, key=lambda at: abs(at - span.start))
        if not ranked:
            return None
        distance = abs(ranked[0] - span.start)
        if len(ranked) > 1 and (distance > _NEAR or 2 * distance >= abs(ranked[1] - span.start)):
            return None
        return replace(span, start=ranked[0], end=ranked[0] + size)

    def occurrences(self, surface: str) -> list[int]:
        """Where a piece of text stands."""
        places: list[int] = []
        at = self.text.find(surface) if surface.strip() else -1
        while at >= 0:
            places.append(at)
            at = self.text.find(surface, at + 1)
        return places


@dataclass(frozen=True, slots=True)
class Lost:
    """An entity that cannot be placed.

    Args:
        reason: why, to follow its label.
        places: where it may be; nobody knows the labels of the words there.
    """

    label: str
    reason: str
    places: tuple[CharacterSpan, ...]


def place(
    places: Places, spans: Sequence[CharacterSpan], log: ReadLog, line: int, *, browser: bool = False
) -> tuple[list[CharacterSpan], list[Lost]]:
    """Spans where they belong, and those of which that cannot be told.

    All entities of a record are counted alike, so the way that suits all of them is taken. Where none does, each is
    looked up by itself, then near its offsets. Without texts to compare, code points are taken, and a note says where
    another way suits as well. Where only another way suits, the entities that it moves are unknown.

    Args:
        places: the text.
        spans: entities with offsets as the file has them.
        log: takes the findings.
        line: the record's line.
        browser: the tool is known to run in a browser, so of two ways that suit, UTF-16 is the better guess.
    """
    telling = [span for span in spans if span.surface is not None]
    if not telling:
        return _doubtful(places, spans, log, line)
    size = len(places.text)
    exact = all(s.start >= 0 and s.end <= size and places.text[s.start : s.end] == s.surface for s in telling)
    if exact and not places.astral and not places.crlf:
        return list(spans), []
    order = [CODE_POINTS, *places.ways]
    if browser and UTF16 in order:
        order.insert(0, order.pop(order.index(UTF16)))
    suiting = {way: fit for way in order if (fit := places.fits(telling, way)) is not None}
    if suiting:
        way, fit = next(iter(suiting.items()))
        if other := next((w for w, f in suiting.items() if _edges(f) != _edges(fit)), None):
            log.note_place(f"records whose offsets suit their entities as {way} and as {other}; read as {way}", line)
        elif _edges(fit) != _edges(telling):
            log.note_place(f"records whose offsets count {way}; their entities were placed so", line)
        moved = iter(fit)
        return [next(moved) if s.surface is not None else places.moved(s, way) or s for s in spans], []
    placed: list[CharacterSpan] = []
    lost: list[Lost] = []
    for span in spans:
        alone = _alone(places, span, order) if span.surface is not None else span
        if alone is None:
            size = len(span.surface or "")
            candidates = [replace(span, start=at, end=at + size) for at in places.occurrences(span.surface or "")]
            lost.append(Lost(span.label, "entity whose text is not at its offsets", (span, *candidates)))
            continue
        if _edges([alone]) != _edges([span]):
            log.note_place("entities whose offsets contradict their text; they were found by their text", line)
        placed.append(alone)
    return placed, lost


def _doubtful(
    places: Places, spans: Sequence[CharacterSpan], log: ReadLog, line: int
) -> tuple[list[CharacterSpan], list[Lost]]:
    """Spans without a text to compare: as they are, unless only another way of counting suits them."""
    plain = places.fits(spans, CODE_POINTS)
    if plain is not None and not places.astral and not places.crlf:
        return plain, []
    ways = better_ways(places, spans)
    if plain is not None:
        # Bytes differ from code points in every text with an accent; what suits both ways then is mere chance.
        ways = [way for way in ways if way != BYTES and _edges(places.fits(spans, way) or ()) != _edges(plain)]
        if ways:
            what = f"records whose entities are whole words as {CODE_POINTS} and, elsewhere, as {ways[0]}"
            log.note_place(f"{what}; read as {CODE_POINTS}", line)
        return plain, []
    if not ways:
        return list(spans), []
    log.note_place(f"records whose entities are whole words only if offsets count {ways[0]}, not {CODE_POINTS}", line)
    placed: list[CharacterSpan] = []
    lost: list[Lost] = []
    for span, moved in zip(spans, places.fits(spans, ways[0]) or (), strict=True):
        if _edges([span]) == _edges([moved]) or span.end > len(places.text):
            placed.append(span)
        else:
            lost.append(Lost(span.label, f"entity at another place if offsets count {ways[0]}", (span, moved)))
    return placed, lost


def better_ways(places: Places, spans: Sequence[CharacterSpan]) -> list[str]:
    """Ways of counting other than code points in which all spans are whole words."""
    return [way for way in places.ways if places.fits(spans, way) is not None] if spans else []


def _alone(places: Places, span: CharacterSpan, order: Sequence[str]) -> CharacterSpan | None:
    for way in order:
        if (fit := places.fits([span], way)) is not None:
            return fit[0]
    inclusive = replace(span, end=span.end + 1)  # some tools name the last character instead of the one after it
    if (fit := places.fits([inclusive], CODE_POINTS)) is not None:
        return fit[0]
    return places.nearest(span)


def _edges(spans: Iterable[CharacterSpan]) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in spans]


def _loose(text: str) -> str:
    """A text without white space and in composed form, in which exports and their texts differ."""
    return unicodedata.normalize("NFC", "".join(text.split()))
