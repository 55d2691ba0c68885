"""Words that are probably damage and not words."""

from __future__ import annotations

import re
import unicodedata

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ZERO_WIDTH = re.compile(r"[\u200b\u2060\ufeff]")
_DIRECTION = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
# UTF-8 that was read as Latin-1 and written again: "é" has become "Ã©", a curly quote "â€™".
_MOJIBAKE = re.compile(r"Ã[\u0080-\u00bf]|Â[\u0080-\u00bf]|â€[\u0080-\u2122œžš˜]")
_LONG = 60


def suspicion(word: str) -> str | None:
    """Why a word looks wrong, or None when it looks well."""
    if word.isascii() and word.isalnum():
        return "very long word" if len(word) > _LONG else None
    if _CONTROL.search(word):
        return "control character"
    if not any(_visible(character) for character in word):
        return "invisible word"
    if _ZERO_WIDTH.search(word):
        return "zero-width space or byte order mark inside"
    if _DIRECTION.search(word):
        return "direction mark inside"
    if "\ufffd" in word:
        return "replacement character, lost in an earlier conversion"
    if _MOJIBAKE.search(word):
        return "looks like UTF-8 read as Latin-1"
    if any(character.isspace() for character in word):
        return "white space inside"
    return "very long word" if len(word) > _LONG and "://" not in word else None


def _visible(character: str) -> bool:
    return not character.isspace() and unicodedata.category(character) not in ("Cf", "Cc", "Mn")
