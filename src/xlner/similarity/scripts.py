"""Which scripts texts are written in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

import regex

from xlner.component import Part
from xlner.core.languages import bcp47
from xlner.similarity.lexical import overlap
from xlner.similarity.pairs import symmetric

if TYPE_CHECKING:
    from xlner.similarity.matrix import SimilarityMatrix
    from xlner.similarity.texts import Texts

SCRIPTS = (
    "Latin", "Cyrillic", "Arabic", "Han", "Devanagari", "Greek", "Hebrew", "Hiragana", "Katakana", "Hangul", "Thai",
    "Bengali", "Tamil", "Telugu", "Kannada", "Malayalam", "Gujarati", "Gurmukhi", "Oriya", "Sinhala", "Ethiopic",
    "Armenian", "Georgian", "Khmer", "Lao", "Myanmar", "Tibetan", "Mongolian", "Thaana", "Syriac", "Nko", "Adlam",
    "Tifinagh", "Vai", "Cherokee", "Canadian_Aboriginal", "Ol_Chiki", "Meetei_Mayek", "Yi", "Javanese", "Balinese",
    "Sundanese", "Bopomofo", "Coptic", "Gothic", "Osmanya",
)  # fmt: skip
OTHER = "other"


class ScriptOverlap(Part):
    """How much of two texts is written in the same scripts: `sum_s min(p(s), q(s))` over shares of letters.

    Letters that belong to no script of their own, punctuation and digits do not count. Scripts beyond the list in this
    file count as one. 1 for the same script, 0 for different ones, between for mixed text such as Japanese.
    """

    higher_is_closer = True
    needs: ClassVar[frozenset[str]] = frozenset({"text"})

    def matrix(self, texts: Texts) -> SimilarityMatrix:
        """Symmetric, in [0, 1]; no value for a text without letters."""
        shares = {code: script_shares(texts.sentences(code)) for code in texts.languages}

        def compare(a: str, b: str) -> float | str:
            empty = next((code for code in (b, a) if not shares[code]), None)
            return f"no letters in the text of {bcp47(empty)}" if empty else overlap(shares[a], shares[b])

        return symmetric("lexical:script", texts.languages, compare, higher_is_closer=True)


def script_shares(sentences: Iterable[Iterable[str]]) -> dict[str, float]:
    """Share of letters per script, largest first; empty if there are no letters."""
    characters: Counter[str] = Counter()
    for words in sentences:
        for word in words:
            characters.update(word)
    counts: Counter[str] = Counter()
    for character, times in characters.items():
        if character.isalpha() and (script := script_of(character)):
            counts[script] += times
    return {script: n / counts.total() for script, n in counts.most_common()}


@lru_cache(maxsize=1 << 16)
def script_of(character: str) -> str:
    """Unicode script of a character; "" for those that many scripts share, "other" for a script we have no name for."""
    for script, pattern in _patterns():
        if pattern.match(character):
            return script
    return "" if regex.match(r"[\p{Script=Common}\p{Script=Inherited}]", character) else OTHER


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[str, regex.Pattern[str]]]:
    return [(script, regex.compile(rf"\p{{Script={script}}}")) for script in SCRIPTS]
