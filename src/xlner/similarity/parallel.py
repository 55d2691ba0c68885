"""Measures on bitext: how alike the encoder sees sentences that mean the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from xlner.component import Part, option, options
from xlner.core.languages import bcp47
from xlner.similarity.pairs import symmetric

if TYPE_CHECKING:
    import numpy as np

    from xlner.similarity.matrix import SimilarityMatrix
    from xlner.similarity.texts import Texts

MIN_PAIRS = 2


class KernelAlignment(Part):
    """Linear centred kernel alignment (CKA) of the two sides of a bitext.

    `||Y^T X||_F^2 / (||X^T X||_F ||Y^T Y||_F)` on features whose columns have mean 0: 1 when the two sides are the
    same but for a rotation and a scale.

    Reference:
        Kornblith, Norouzi, Lee and Hinton, "Similarity of Neural Network Representations Revisited", ICML 2019.
        Conneau, Wu et al., "Emerging Cross-lingual Structure in Pretrained Language Models", ACL 2020.

    Limits:
        Biased towards 1 when there are fewer sentence pairs than dimensions; compare values from as many pairs.
    """

    higher_is_closer = True
    needs: ClassVar[frozenset[str]] = frozenset({"bitext"})

    def matrix(self, texts: Texts) -> SimilarityMatrix:
        """Symmetric, in [0, 1]; no value for a pair without bitext."""
        from xlner.similarity.clouds import linear_cka

        def compare(a: str, b: str) -> float | str:
            sides = texts.parallel(a, b)
            return linear_cka(*sides) if sides is not None and len(sides[0]) >= MIN_PAIRS else _missing(a, b, sides)

        return symmetric("embedding:cka", texts.languages, compare, higher_is_closer=True, of_itself=1.0)


class Retrieval(Part):
    """Share of sentences whose nearest sentence of the other side is their translation, mean of both directions.

    Vectors are compared by cosine after the mean of their side is taken off: in middle layers, what all sentences of a
    language share would otherwise hide the rest.

    Reference:
        Tatoeba task of Artetxe and Schwenk, "Massively Multilingual Sentence Embeddings", TACL 2019. Centring:
        Libovicky, Rosa and Fraser, "On the Language Neutrality of Pre-trained Multilingual Representations", 2020.

    Limits:
        Falls as the bitext grows; compare values from as many pairs.
    """

    higher_is_closer = True
    needs: ClassVar[frozenset[str]] = frozenset({"bitext"})

    @options
    class Options:
        """What is done to vectors first."""

        centre: bool = option(True, "Take the mean of each side off.")

    def matrix(self, texts: Texts) -> SimilarityMatrix:
        """Symmetric, in [0, 1]; no value for a pair without bitext."""
        from xlner.similarity.clouds import retrieved

        def compare(a: str, b: str) -> float | str:
            sides = texts.parallel(a, b)
            if sides is None or len(sides[0]) < MIN_PAIRS:
                return _missing(a, b, sides)
            return retrieved(*(side - side.mean(0) if self.options.centre else side for side in sides))

        return symmetric("embedding:retrieval", texts.languages, compare, higher_is_closer=True, of_itself=1.0)


def _missing(a: str, b: str, sides: tuple[np.ndarray, np.ndarray] | None) -> str:
    pair = f"{bcp47(b)} and {bcp47(a)}"
    if sides is None:
        return f"no bitext of {pair}"
    return f"the bitext of {pair} has fewer than {MIN_PAIRS} sentence pairs"
