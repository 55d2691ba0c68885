"""Likeness of strings by spelling or sound, in any script."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache

_VOWELS = frozenset("aeiouy")
# Sounds that languages and scripts write in different ways fall onto one letter.
_SOUNDS = str.maketrans("cqzxvwbdgj", "kkssffptki")


@lru_cache(maxsize=200_000)
def spelling_similarity(a: str, b: str) -> float:
    """Likeness of two strings by spelling or sound, in [0, 1]; 1 for strings that romanise alike."""
    left, right = romanise(a), romanise(b)
    if not left or not right:
        return 1.0 if a == b else 0.0
    value = _dice(_bigrams(left), _bigrams(right))
    if value < 1.0 and is_latin(a) != is_latin(b):
        value = max(value, _dice(_bigrams(skeleton(left)), _bigrams(skeleton(right))))
    return value


@lru_cache(maxsize=50_000)
def romanise(text: str) -> str:
    """Lower-case Latin letters, digits and single spaces; other scripts by the names Unicode gives their letters.

    >>> romanise("Ångström"), romanise("Москва")
    ('angstrom', 'moskva')
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(_letter(c) for c in decomposed).split())


def skeleton(romanised: str) -> str:
    """The consonant sounds of a romanised string, doubles written once."""
    sounds = [c for c in romanised.translate(_SOUNDS) if c.isalnum() and c not in _VOWELS]
    return "".join(c for i, c in enumerate(sounds) if i == 0 or sounds[i - 1] != c)


def is_latin(text: str) -> bool:
    """Whether the first letter of a text is of the Latin script."""
    letter = next((c for c in text if c.isalpha()), "a")
    return ord(letter) < 0x250 or unicodedata.name(letter, "").startswith("LATIN")


@lru_cache(maxsize=10_000)
def _letter(char: str) -> str:
    """One character of a decomposed, lower-case text as Latin letters."""
    if char.isascii():
        return char if char.isalnum() else " "
    kind = unicodedata.category(char)
    if char.isspace() or kind[0] in "ZP":
        return " "
    if kind[0] == "N":
        digit = unicodedata.digit(char, None)
        return "" if digit is None else str(digit)
    name = unicodedata.name(char, "")
    script = name.partition(" ")[0]
    sound = name.split(" ")[-1].lower() if name else ""
    if script == "LATIN":
        # "LATIN SMALL LETTER O WITH STROKE", "LATIN SMALL LETTER DOTLESS I", "LATIN SMALL LETTER ETH"
        return name.split(" WITH ")[0].split(" ")[-1].lower()
    if kind == "Mn" and "VOWEL SIGN" not in name:
        return ""
    if script in ("CJK", "VARIATION", "ZERO"):
        return ""
    if script == "HANGUL" and " SYLLABLE" not in name:  # NFKD takes syllables apart into letters
        return _consonant_or_vowel(sound)
    if script in ("CYRILLIC", "GREEK", "HEBREW", "ARABIC", "ARMENIAN", "GEORGIAN", "THAI", "LAO"):
        words = name.split(" ")
        if script in ("THAI", "LAO") and len(words) > 2:
            sound = words[2].lower()
        return _by_script(script, sound)
    return sound if sound.isalpha() and sound not in ("mark", "sign", "iteration") else ""


_SOUNDS_BY_SCRIPT = {
    "CYRILLIC": {"ie": "e", "zhe": "zh", "ha": "kh", "tse": "ts", "che": "ch", "sha": "sh", "shcha": "shch", "sign": "",
                 "yeru": "y", "yu": "yu", "ya": "ya", "io": "yo"},
    "GREEK": {"eta": "i", "upsilon": "y", "omega": "o", "omicron": "o", "epsilon": "e", "iota": "i", "alpha": "a",
              "theta": "th", "phi": "f", "chi": "ch", "psi": "ps", "xi": "x", "rho": "r"},
    "HEBREW": {"alef": "a", "ayin": "a", "vav": "v", "yod": "y", "shin": "sh", "tsadi": "ts", "het": "h", "he": "h"},
    "GEORGIAN": {"an": "a", "en": "e", "in": "i", "on": "o", "un": "u"},
    "ARABIC": {"alef": "a", "waw": "w", "yeh": "y", "ain": "a", "sheen": "sh", "khah": "kh", "theh": "th", "thal": "dh",
               "ghain": "gh", "hamza": "", "marbuta": "a", "maksura": "a", "keheh": "k", "tcheh": "ch", "peh": "p"},
}  # fmt: skip


def _by_script(script: str, sound: str) -> str:
    sounds = _SOUNDS_BY_SCRIPT.get(script, {})
    return sounds[sound] if sound in sounds else _consonant_or_vowel(sound)


def _consonant_or_vowel(name: str) -> str:
    """What a letter's name says of its sound: "be" and "em" are consonants, "a" and "alpha" vowels."""
    if not name.isalpha():
        return ""
    if len(name) == 1 or all(c in _VOWELS for c in name):
        return name
    if name[0] in _VOWELS:  # el, em, en, er, es, ef
        return name[1] if len(name) == 2 else name[0]
    head = 0
    while head < len(name) and name[head] not in _VOWELS:
        head += 1
    return name[:head]


@lru_cache(maxsize=50_000)
def _bigrams(text: str) -> tuple[Counter[str], int]:
    padded = [f"^{word}$" for word in text.split()]
    counts = Counter(word[i : i + 2] for word in padded for i in range(len(word) - 1))
    return counts, sum(counts.values())


def _dice(a: tuple[Counter[str], int], b: tuple[Counter[str], int]) -> float:
    if not a[1] or not b[1]:
        return 0.0
    small, large = (a[0], b[0]) if len(a[0]) <= len(b[0]) else (b[0], a[0])
    return 2 * sum(min(n, large[g]) for g, n in small.items() if g in large) / (a[1] + b[1])
