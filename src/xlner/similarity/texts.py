"""What measures look at: sentences per language, bitext, and their vectors, each made once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from xlner.core.languages import iso3, name
from xlner.core.types import Sentence
from xlner.errors import DataError, UsageError
from xlner.similarity.vectors import SentenceEncoder

SentenceWords = Sequence[str]


class Texts:
    """Raw text of several languages, with bitext where there is any.

    Vectors and subword counts are made when a measure first asks for them and kept as long as this object lives, so
    any number of measures costs one pass of the encoder.

    Args:
        sentences: language -> sentences, as words or as `Sentence`; labels are never looked at. An empty sequence
            gives the code alone, which is enough for typology.
        bitext: groups of texts that translate each other line by line: language -> sentences. A group may hold two
            languages or many. Lines with an empty side are left out, pair by pair.
        encoder: makes the vectors; None takes the embedded one.

    Raises:
        UsageError: no language, one that is unknown, or one given twice.
        DataError: a group of bitext with sides of different length, or fewer than two languages.
    """

    def __init__(
        self,
        sentences: Mapping[str, Sequence[SentenceWords | Sentence]],
        *,
        bitext: Sequence[Mapping[str, Sequence[SentenceWords | Sentence]]] = (),
        encoder: SentenceEncoder | None = None,
    ) -> None:
        if not sentences:
            raise UsageError("name at least one language")
        self.encoder = encoder or SentenceEncoder()
        self._sentences = _by_code(sentences)
        self._bitext = [_by_code(group) for group in bitext]
        for group in self._bitext:
            sizes = {code: len(side) for code, side in group.items()}
            if len(sizes) < 2 or len(set(sizes.values())) > 1:
                numbers = ", ".join(f"{n} in {code}" for code, n in sizes.items())
                raise DataError(f"bitext needs two or more languages with as many sentences each; got {numbers}")
        self._vectors: dict[object, np.ndarray] = {}
        self._subwords: dict[str, Counter[str]] = {}

    @property
    def languages(self) -> tuple[str, ...]:
        """ISO 639-3 codes in the order they were given."""
        return tuple(self._sentences)

    def sentences(self, language: str) -> list[tuple[str, ...]]:
        """Sentences that have words.

        Raises:
            DataError: there is none.
        """
        full = [words for words in self._sentences[language] if words]
        if not full:
            raise DataError(f"there is no text of {name(language)} ({language}), and this measure reads text")
        return full

    def vectors(self, language: str) -> np.ndarray:
        """Mean-pooled vectors of `sentences(language)`. Shape: (n_sentences, n_dimensions), float32."""
        if language not in self._vectors:
            self._vectors[language] = self.encoder.vectors(self.sentences(language))
        return self._vectors[language]

    def subwords(self, language: str) -> Counter[str]:
        """How often each subword occurs in `sentences(language)`."""
        if language not in self._subwords:
            self._subwords[language] = self.encoder.subwords(self.sentences(language))
        return self._subwords[language]

    def parallel(self, a: str, b: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Vectors of the two sides of the largest bitext of a and b; None if there is none.

        Shapes: (n_pairs, n_dimensions) both, float32.
        """
        best: tuple[np.ndarray, np.ndarray] | None = None
        for number, group in enumerate(self._bitext):
            if a not in group or b not in group:
                continue
            complete = np.array([bool(x) and bool(y) for x, y in zip(group[a], group[b], strict=True)], bool)
            if complete.any() and (best is None or complete.sum() > len(best[0])):
                best = (self._side(number, a)[complete], self._side(number, b)[complete])
        return best

    def _side(self, number: int, language: str) -> np.ndarray:
        key = (number, language)
        if key not in self._vectors:
            lines = self._bitext[number][language]
            full = [i for i, words in enumerate(lines) if words]
            vectors = self.encoder.vectors([lines[i] for i in full], whole=True)
            spread = np.zeros((len(lines), vectors.shape[1]), np.float32)
            spread[full] = vectors
            self._vectors[key] = spread
        return self._vectors[key]


def _by_code(sentences: Mapping[str, Sequence[SentenceWords | Sentence]]) -> dict[str, list[tuple[str, ...]]]:
    out: dict[str, list[tuple[str, ...]]] = {}
    for given, items in sentences.items():
        code = iso3(given)
        if code in out:
            raise UsageError(f"{name(code)} ({code}) is given twice")
        out[code] = [tuple(s.words if isinstance(s, Sentence) else s) for s in items]
    return out
