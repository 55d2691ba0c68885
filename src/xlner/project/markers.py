"""Markers: wrap entities, let a translator carry the marks over, and read them back."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from xlner.core.types import Sentence, Span
from xlner.project.fates import Fate, Reason

_LIKE_BRACKETS = str.maketrans(dict.fromkeys("［【〔〖", "[") | dict.fromkeys("］】〕〗", "]"))
_QUOTES = str.maketrans(dict.fromkeys("「『《〈", "[") | dict.fromkeys("」』》〉", "]"))
_MARKED = re.compile(r"\[([^\[\]]*)\]")
_ENOUGH = 0.5

Translate = Callable[[Sequence[str]], Sequence[str]]


@dataclass(frozen=True)
class Decoded:
    """Marked text without its marks.

    Args:
        text: the text, marks taken out.
        spans: code points `[start, end)` of `text` for each source entity; None where it was lost. Empty tuple if the
            sentence had to be dropped.
        reason: why it was dropped; "" if it was not.
    """

    text: str
    spans: tuple[tuple[int, int] | None, ...]
    reason: str = ""


def wrap(sentence: Sentence) -> str:
    """The sentence with every entity in square brackets, the same for all types: `[Ada] lives in [London] .`

    Brackets that the text has of its own become round ones, so that they are no marks.

    Reference: Chen et al., "EasyProject", Findings of ACL 2023.
    """
    whole = sentence.with_text()
    text, offsets = whole.text or "", whole.offsets or ()
    parts, position = [], 0
    for span in whole.spans:
        start, end = offsets[span.start][0], offsets[span.end - 1][1]
        parts += [_round(text[position:start]), f"[{_round(text[start:end])}]"]
        position = end
    return "".join([*parts, _round(text[position:])])


def _round(text: str) -> str:
    return text.replace("[", "(").replace("]", ")")


def decode(
    marked: str,
    entities: Sequence[Span],
    names: Sequence[str],
    translations: Sequence[str] | None = None,
    *,
    strict: bool = True,
) -> Decoded:
    """Take the marks out of a translation and say which entity each one held.

    Marked strings and entities must be equally many. Marks are square brackets. Where these do not add up and other
    brackets of Chinese and Japanese do, those are marks too; failing that, with quotation marks, which may be the
    text's own. Else they belong to the text.

    With one entity, or one type, order decides, unless marks are quotation marks. Otherwise each marked string goes to
    the entity it is most like: the same as its separate translation, the same as its name, then by the ratio of
    difflib, above 0.5, first to translations, then to names. What is left over is given out only if all left entities
    have one type and marks are brackets. Anything else drops the sentence.

    Args:
        marked: the translation of `wrap(sentence)`.
        entities: the source entities, in order.
        names: their strings.
        translations: their strings translated alone, if anyone did.
        strict: False keeps the marked strings that found an entity when others did not, as the back-translation variant
            of Politov et al. does.

    Reference: Chen et al., "EasyProject", Findings of ACL 2023, section 3. Theirs takes the first hit; this the best.
    """
    if not entities:
        return Decoded(marked, ())
    reading, quoted = _read(marked), False
    for more in (_LIKE_BRACKETS, _LIKE_BRACKETS | _QUOTES):
        if not reading.adds_up(len(entities)):
            wider = _read(marked.translate(more))
            if wider.adds_up(len(entities)) or (not strict and not reading.ranges):
                reading, quoted = wider, more is not _LIKE_BRACKETS
    plain, ranges = reading.plain, reading.ranges
    if strict and not reading.adds_up(len(entities)):
        return Decoded(plain, (), reading.fault(len(entities)))
    if strict and not quoted and len({e.label for e in entities}) <= 1:
        return Decoded(plain, tuple(ranges))
    owners = _owners([plain[a:b] for a, b in ranges], entities, names, translations)
    if strict and -1 in owners:
        left = [i for i in range(len(entities)) if i not in owners]
        if quoted or len({entities[i].label for i in left}) > 1:
            return Decoded(plain, (), f"{owners.count(-1)} marked strings like no entity")
        rest = iter(left)
        owners = [next(rest) if o < 0 else o for o in owners]
    spans: list[tuple[int, int] | None] = [None] * len(entities)
    for owner, span in zip(owners, ranges, strict=True):
        if owner >= 0:
            spans[owner] = span
    return Decoded(plain, tuple(spans))


@dataclass(frozen=True)
class _Reading:
    """Text without its marks, what they enclosed, and how many there were."""

    plain: str
    ranges: list[tuple[int, int]]
    opening: int
    closing: int

    def adds_up(self, wanted: int) -> bool:
        return self.opening == self.closing == len(self.ranges) == wanted

    def fault(self, wanted: int) -> str:
        if not self.opening == self.closing == len(self.ranges):
            return f"{self.opening} opening and {self.closing} closing marks around {len(self.ranges)} strings"
        return f"{len(self.ranges)} marked strings for {wanted} entities"


def _read(marked: str) -> _Reading:
    """Marks doubled by a translator count once."""
    normal = re.sub(r"\[\s*\[", "[", re.sub(r"\]\s*\]", "]", marked))
    return _Reading(*_take_out(normal), normal.count("["), normal.count("]"))


def _take_out(marked: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without marks, and what they enclosed, without white space at the edges. Empty marks enclose nothing."""
    text, spans, position = "", [], 0
    for match in _MARKED.finditer(marked):
        text += re.sub(r"[\[\]]", "", marked[position : match.start()])
        inside = match.group(1)
        start = len(text) + len(inside) - len(inside.lstrip())
        end = len(text) + len(inside.rstrip())
        if start < end:
            spans.append((start, end))
        text += inside
        position = match.end()
    return text + re.sub(r"[\[\]]", "", marked[position:]), spans


def _owners(
    strings: Sequence[str], entities: Sequence[Span], names: Sequence[str], translations: Sequence[str] | None
) -> list[int]:
    """For each marked string the entity it belongs to, or -1. The most alike pairs are made first."""
    ranked = []
    for i, string in enumerate(strings):
        low = string.casefold().strip()
        for j in range(len(entities)):
            name = names[j].casefold().strip()
            translated = translations[j].casefold().strip() if translations else None
            options = [(3.0 if low == translated else 0.0), (2.0 if low == name else 0.0)]
            if translated:
                options.append(1.0 + _ratio(low, translated) if _ratio(low, translated) > _ENOUGH else 0.0)
            options.append(_ratio(low, name) if _ratio(low, name) > _ENOUGH else 0.0)
            if max(options) > 0:
                ranked.append((-max(options), abs(i - j), i, j))
    owners = [-1] * len(strings)
    for _, _, i, j in sorted(ranked):
        if owners[i] < 0 and j not in owners:
            owners[i] = j
    return owners


def _ratio(a: str, b: str) -> float:
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


def marked_translations(sentences: Sequence[Sentence], translate: Translate) -> tuple[list[str], list[tuple[str, ...]]]:
    """Translate marked sentences, and every distinct entity alone.

    Args:
        sentences: labelled sentences.
        translate: turns strings into their translations, in order.

    Returns:
        Marked translations, one per sentence; and per sentence the translations of its entities.
    """
    names = sorted({s.surface(span) for s in sentences for span in s.spans})
    alone = dict(zip(names, translate(names) if names else [], strict=True))
    marked = list(translate([wrap(s) for s in sentences])) if sentences else []
    return marked, [tuple(alone[s.surface(span)] for span in s.spans) for s in sentences]


def labelled(
    marked: str, source: Sentence, target: Sentence, translations: Sequence[str] | None = None, *, strict: bool = True
) -> tuple[Sentence, list[Fate]]:
    """The unmarked target sentence and the fates of the source entities.

    Args:
        marked: marked translation of `source`.
        source: the labelled sentence.
        target: what the sentence is, apart from its words: language and provenance are kept.
        translations: entities translated alone.
        strict: as in `decode`.
    """
    from xlner.data.segment import sentence_from_text

    names = [source.surface(e) for e in source.spans]
    decoded = decode(marked, source.spans, names, translations, strict=strict)
    sentence = sentence_from_text(decoded.text, target.language, where=target.where)
    fates = []
    for index, entity in enumerate(source.spans):
        where = decoded.spans[index] if decoded.spans else None
        words = None if where is None else _words_in(sentence, where)
        if words is None and not len(sentence):
            fates.append(Fate(entity, Reason.EMPTY_TARGET))
        elif words is None:
            fates.append(Fate(entity, Reason.MARKERS, detail=decoded.reason or "no marked string is like it"))
        else:
            fates.append(Fate(entity, Reason.PROJECTED, (Span(*words, entity.label, 1.0),), 1.0))
    return sentence, _apart(fates)


def _words_in(sentence: Sentence, where: tuple[int, int]) -> tuple[int, int] | None:
    """The words that share a character with a range of code points."""
    touched = [i for i, (a, b) in enumerate(sentence.offsets or ()) if a < where[1] and where[0] < b]
    return (touched[0], touched[-1] + 1) if touched else None


def _apart(fates: Sequence[Fate]) -> list[Fate]:
    """Two marks inside one word cannot both be spans: the later entity loses."""
    taken: list[tuple[Span, Span]] = []
    out = []
    for fate in fates:
        rival = next((e for s in fate.spans for t, e in taken if t.start < s.end and s.start < t.end), None)
        if rival is not None:
            (span,) = fate.spans
            fate = Fate(fate.entity, Reason.OVERLAP, (), fate.score, (span.start, span.end), rival)
        taken += [(s, fate.entity) for s in fate.spans]
        out.append(fate)
    return out
