"""What can be wrong with a translation, seen without knowing the languages."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence

EMPTY = "empty"
LOOPING = "looping"
TOO_LONG = "too long"
TOO_SHORT = "too short"
FAILED = "failed"

_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{1,6}|#x[0-9a-fA-F]{1,5});")
_BREAKS = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_WORDS, _LETTERS = 50, 12  # longest phrase and group of letters whose repetition is looked for
_WORD_REPEATS, _LETTER_REPEATS = 4, 8  # more of them than in the source, and it is a loop
_ALLOWANCE = 30  # letters by which short sentences may differ
_WIDE = 3  # letters that a Chinese, Japanese or Korean one counts for


def tidy(translation: str, source: str) -> tuple[str, list[str]]:
    """A translation as one line of plain text, and what was mended.

    Line breaks become spaces. HTML entities become letters, unless the source has some as well.
    """
    mended = []
    text = translation
    if _ENTITY.search(text) and not _ENTITY.search(source):
        text = html.unescape(html.unescape(text))  # some engines escape what is escaped already
        mended.append("HTML entities")
    if _BREAKS.search(text.strip()):
        mended.append("line breaks")
    return " ".join(_BREAKS.sub(" ", text).replace("\0", " ").split()), mended


def fault(source: str, translation: str, *, max_ratio: float = 4.0) -> str | None:
    """What is wrong with a translation, or None.

    Args:
        source: the sentence.
        translation: of it.
        max_ratio: how many times as long as the other one of them may be; some letters are forgiven.
    """
    if not translation.strip():
        return EMPTY if source.strip() else None
    loops = repeats(translation.split(), _WORDS) >= _WORD_REPEATS + repeats(source.split(), _WORDS)
    if loops or repeats(translation) >= _LETTER_REPEATS + repeats(source):
        return LOOPING
    long, short = _length(translation), _length(source)
    if long > max_ratio * short + _ALLOWANCE:
        return TOO_LONG
    return TOO_SHORT if short > max_ratio * long + _ALLOWANCE else None


def repeats(items: Sequence[str], longest: int = _LETTERS) -> int:
    """How often the most repeated phrase stands in a row; 1 if nothing is repeated.

    Args:
        items: words or letters.
        longest: words or letters of a phrase that are looked for.
    """
    most = 1
    for period in range(1, min(longest, len(items) // 2) + 1):
        run = 0
        for n in range(period, len(items)):
            run = run + 1 if items[n] == items[n - period] else 0
            most = max(most, run // period + 1)
    return most


def _length(text: str) -> int:
    return sum(_WIDE if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
