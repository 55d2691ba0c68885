"""Words of scripts without spaces between words: Thai, Lao, Khmer, Myanmar and their neighbours.

With the `segment` extra (icu4py, one wheel with ICU's dictionaries) the words are those of ICU. Without it they are
orthographic syllables: shorter than words, but every entity still begins and ends at one, and nothing is lost. Train
and predict with the same choice.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import regex

# One syllable as written. Thai and Lao: vowels that stand before their consonant belong to it. Khmer: a coeng and the
# Myanmar virama tie the next consonant to the one before; a Myanmar consonant under asat closes its syllable.
_SYLLABLE = regex.compile(
    r"""
      [\u0E40-\u0E44\u0EC0-\u0EC4]?
      (?: \u17D2\p{L} | [\u1039\u1A60]\p{L} | [\u1000-\u102A\u103F](?=\u103A|\u1039) | \X )
      (?: \p{M} | [\u200C\u200D] | \u17D2\p{L} | [\u1039\u1A60]\p{L} | [\u0E30\u0E32\u0E33\u0E45\u0EB0\u0EB2\u0EB3]
        | [\u1000-\u1021\u103F](?=\u1037?\u103A|\u1039) )*+
    """,
    regex.VERBOSE,
)


def split_run(run: str, language: str | None) -> list[int]:
    """Lengths of the words of a run of one complex script; they add up to its length."""
    breaker = _icu()
    if breaker is None:
        return syllables(run)
    # Lengths and not ICU's offsets, which count UTF-16 units.
    return [len(piece) for piece in breaker(run, language or "en")]


def syllables(run: str) -> list[int]:
    """Lengths of the orthographic syllables of a run."""
    lengths: list[int] = []
    position = 0
    while position < len(run):
        match = _SYLLABLE.match(run, position)
        end = max(match.end() if match else 0, position + 1)
        lengths.append(end - position)
        position = end
    return lengths


def uses_dictionary() -> bool:
    """Whether words come from ICU's dictionaries rather than from spelling."""
    return _icu() is not None


@lru_cache(maxsize=1)
def _icu() -> Any:
    try:
        from icu4py.breakers import WordBreaker
    except ImportError:
        return None
    return WordBreaker
