"""Small and capital letters as a language pairs them: in Turkish and its like, i with İ and ı with I."""

from __future__ import annotations

_DOTTED = {"tur", "aze", "azj", "crh", "gag"}


def small(text: str, language: str) -> str:
    """The text in small letters. `language` is an ISO 639-3 code."""
    if language in _DOTTED:
        text = text.replace("I", "ı").replace("İ", "i")
    return text.lower()


def capitals(text: str, language: str) -> str:
    """The text in capital letters."""
    return (text.replace("i", "İ") if language in _DOTTED else text).upper()


def title(text: str, language: str) -> str:
    """The text with a capital at its start; the rest stays."""
    return capitals(text[:1], language) + text[1:]
