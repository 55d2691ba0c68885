"""Noise in single words: case, diacritics, typing, optical character recognition, and words that cannot be read."""

from __future__ import annotations

import unicodedata
from abc import abstractmethod
from typing import TYPE_CHECKING

from xlner.augment.augmentation import Augmentation
from xlner.augment.rewriting import rewritten
from xlner.component import option, options

if TYPE_CHECKING:
    from random import Random

    from xlner.core.types import Sentence


class WordNoise(Augmentation):
    """Base of noise that makes another word of a word; a new one writes `noisy`."""

    def change(self, sentence: Sentence, rng: Random, index: int) -> Sentence:
        """Noise in a share of the words. See `Augmentation.change`."""
        rate = getattr(self.options, "rate", 1.0)
        chosen = [rng.random() < rate and word != self.unknown for word in sentence.words]
        words = [self.noisy(w, rng) if yes else w for w, yes in zip(sentence.words, chosen, strict=True)]
        return rewritten(sentence, [(w,) for w in words])

    @abstractmethod
    def noisy(self, word: str, rng: Random) -> str:
        """One word with noise; it is not empty."""


class LowerCase(WordNoise):
    """All letters small, as in searches, chats and transcripts."""

    def noisy(self, word: str, rng: Random) -> str:
        """The word in small letters."""
        return word.lower()


class NoDiacritics(WordNoise):
    """Letters without accents, as people type without the keyboard of their language.

    Marks above and below letters of Latin, Greek and Cyrillic script go. Vowel signs of other scripts stay, since words
    are not written without them.
    """

    def noisy(self, word: str, rng: Random) -> str:
        """The word without accents."""
        plain, accented = [], False  # whether the letter before is of a script whose marks go
        for c in unicodedata.normalize("NFD", word):
            if not unicodedata.combining(c):
                accented = unicodedata.name(c, "").startswith(_ACCENTED)
            elif accented and _MARKS[0] <= unicodedata.combining(c) <= _MARKS[1]:
                continue
            plain.append(_STROKES.get(c, c))
        return unicodedata.normalize("NFC", "".join(plain)) or word


_ACCENTED = ("LATIN ", "GREEK ", "CYRILLIC ")
_MARKS = 200, 240  # Unicode's classes of marks that are written above, below and through letters of these scripts
_STROKES = dict(zip("đĐłŁøØħĦŧŦı", "dDlLoOhHtTi", strict=True))  # letters that do not come apart


class WordMasking(WordNoise):
    """A share of the words becomes unknown, so that a model learns from what stands around them.

    In files that are written the word is "<unk>"; in training it is whatever the encoder calls its unknown piece.
    """

    @options
    class Options:
        """How many words."""

        rate: float = option(0.1, "Share of words.", gt=0, le=1)

    def noisy(self, word: str, rng: Random) -> str:
        """The unknown word."""
        return self.unknown


class Typos(WordNoise):
    """One error of typing in a share of the words: two letters swapped, one left out, or one twice.

    Words of fewer than four characters, and those with a digit, stay; so does the first letter of each word.

    Limits:
        Which keys lie side by side depends on the keyboard, so no letter is replaced by another one.
    """

    @options
    class Options:
        """How many words."""

        rate: float = option(0.1, "Share of words.", gt=0, le=1)

    def noisy(self, word: str, rng: Random) -> str:
        """The word with one error."""
        if len(word) < _SHORTEST or any(c.isdigit() for c in word):
            return word
        places = [i for i in range(1, len(word)) if word[i].isalpha()]
        if not places:
            return word
        i, kind = rng.choice(places), rng.choice(("swap", "drop", "double"))
        if kind == "swap" and i + 1 < len(word) and word[i + 1].isalpha():
            return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
        return word[:i] + word[i + 1 :] if kind == "drop" else word[:i] + word[i] + word[i:]


_SHORTEST = 4


class OcrNoise(WordNoise):
    """One confusion of optical character recognition in a share of the words, such as rn for m or 1 for l.

    The confusions are of Latin letters. Words without any of them stay.
    """

    @options
    class Options:
        """How many words."""

        rate: float = option(0.1, "Share of words.", gt=0, le=1)

    def noisy(self, word: str, rng: Random) -> str:
        """The word with one confusion."""
        places = [(i, seen) for seen in _LOOKS_LIKE for i in range(len(word)) if word.startswith(seen, i)]
        if not places:
            return word
        i, seen = rng.choice(sorted(places))
        return word[:i] + rng.choice(_LOOKS_LIKE[seen]) + word[i + len(seen) :]


_LOOKS_LIKE = {
    "m": ("rn",), "rn": ("m",), "l": ("1", "I"), "I": ("l", "1"), "O": ("0",), "o": ("0", "c"), "e": ("c",),
    "c": ("e",), "h": ("b",), "b": ("h",), "cl": ("d",), "d": ("cl",), "S": ("5",), "B": ("8",), "G": ("6",),
    "u": ("ii",), "n": ("ri",), "w": ("vv",), "vv": ("w",), "t": ("f",), "f": ("t",), "g": ("q",), "i": ("j", "l"),
    "1": ("l",), "0": ("O",), "5": ("S",), "8": ("B",),
}  # fmt: skip
