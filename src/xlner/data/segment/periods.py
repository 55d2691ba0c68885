"""The period after a word: part of an abbreviation, or the end of something."""

from __future__ import annotations

import re

from xlner.data.segment import abbreviations

_DOTTED = re.compile(r"[^\W\d_]{1,3}(?:\.[^\W\d_]{1,3})+")  # bl.a, t.ex, f.eks, sig.ra
_LOOK_AHEAD = 40


def end_with_period(text: str, start: int, end: int, language: str | None) -> int:
    """End of the word `[start, end)`, with the period after it when that belongs to the word."""
    if text[end : end + 1] != "." or text[end + 1 : end + 2] == "." or end - start > 20:
        return end
    word = text[start:end]
    return end + 1 if keeps_period(word, text[end + 1 : end + 1 + _LOOK_AHEAD], language) else end


def keeps_period(word: str, after: str, language: str | None) -> bool:
    """Whether a period belongs to the word before it: abbreviation, initial, ordinal.

    Args:
        word: the word without its period.
        after: what follows the period.
        language: ISO 639-3 code or None.
    """
    following = after.lstrip()
    if word.isdecimal():
        return is_ordinal(word, after, language)
    if len(word) == 1 and word.isupper():
        return bool(following) and (following[0].isupper() or following[0] in ",-")
    lower = word.casefold()
    if lower in abbreviations.titles(language) or lower in abbreviations.final(language):
        return True
    if lower in abbreviations.numbered(language):
        return following[:1].isdecimal()
    return bool(_DOTTED.fullmatch(word)) and (not after or not after[0].isalnum())


def is_ordinal(number: str, after: str, language: str | None) -> bool:
    """Whether "5." is the fifth: in languages that write so, before a word, for days and low ranks.

    German writes its months and nouns with a capital, elsewhere a capital speaks for a new sentence. South Slavic years
    are ordinals, too ("1996. godine").
    """
    if language not in abbreviations.ORDINAL_PERIOD or not after[:1].isspace():
        return False
    following = after.lstrip()[:1]
    return following.isalpha() and (following.islower() or (language == "deu" and len(number) <= 2))
