"""Words that hold an apostrophe: whether it joins, and where it parts."""

from __future__ import annotations

import re

_ENGLISH = re.compile(r"(?:n['’]t|['’](?:s|m|d|re|ve|ll))$", re.IGNORECASE)
_POSSESSIVE = re.compile(r"['’]s$", re.IGNORECASE)
_ELISION = {
    "fra": re.compile(r"(?:l|d|j|m|n|s|t|c|qu|jusqu|lorsqu|puisqu|quoiqu)['’]", re.IGNORECASE),
    "ita": re.compile(r"[^\W\d_]+['’](?=[^\W\d_]{2})", re.IGNORECASE),
    "cat": re.compile(r"(?:l|d|m|n|s|t)['’]", re.IGNORECASE),
    "oci": re.compile(r"(?:l|d|m|n|s|t|qu)['’]", re.IGNORECASE),
}
_CLITIC = {"eng": _ENGLISH, "sco": _ENGLISH, "pcm": _POSSESSIVE, None: _POSSESSIVE}


def split(text: str, start: int, end: int, language: str | None) -> list[tuple[int, int]]:
    """The word `[start, end)` as one or two words.

    Args:
        text: the whole text.
        start: first code point of the word.
        end: code point after the word.
        language: ISO 639-3 code or None.
    """
    word = text[start:end]
    if "'" not in word and "’" not in word:
        return [(start, end)]
    cut = 0
    if language in _ELISION:
        match = _ELISION[language].match(word)
        cut = match.end() if match else 0
    elif language in _CLITIC:
        match = _CLITIC[language].search(word)
        cut = match.start() if match else 0
    if 0 < cut < len(word):
        return [(start, start + cut), (start + cut, end)]
    return [(start, end)]
