"""Whether two languages fill the space in the same shape, wherever it lies: spectra of neighbour graphs."""

from __future__ import annotations

from typing import Literal

import numpy as np

from xlner.errors import UsageError
from xlner.similarity.embedding import evenly, squared_distances
from xlner.similarity.matrix import SimilarityMatrix
from xlner.similarity.pairs import symmetric
from xlner.similarity.texts import Texts

LEAST = 8


class Isospectral:
    """Distance between the eigenvalues of two nearest-neighbour graphs.

    Each sentence is joined with its nearest neighbours of the same language. The eigenvalues of that graph's Laplacian
    tell its shape. They do not change when the space is turned, shifted or scaled, so neither bitext nor a common space
    is needed. We take the normalised Laplacian, whose eigenvalues lie in [0, 2], and the root mean square difference of
    the two sorted spectra (the 2-Wasserstein distance), which unlike a sum over the largest few does not hang on how
    many are looked at.

    Args:
        neighbours: edges that start at each sentence.
        sentences: as many of every language, evenly spaced: so many, or as many as the smallest has.

    Reference:
        Soegaard, Ruder and Vulic, "On the Limitations of Unsupervised Bilingual Dictionary Induction", ACL 2018,
        section 3 (on word vectors and the unnormalised Laplacian).

    Limits:
        It sees what texts are about as much as which language they are in: compare texts of like kind. Needs at least 8
        sentences of each language.
    """

    higher_is_closer = False
    needs: Literal["text"] = "text"

    def __init__(self, *, neighbours: int = 10, sentences: int = 500) -> None:
        if neighbours < 1 or sentences < LEAST:
            raise UsageError(
                f"isospectral needs at least 1 neighbour and {LEAST} sentences, got {neighbours} and {sentences}"
            )
        self.neighbours, self.sentences = neighbours, sentences

    def matrix(self, texts: Texts) -> SimilarityMatrix:
        """Symmetric, at least 0. A language with too few sentences has no value."""
        clouds = {code: texts.vectors(code) for code in texts.languages}
        enough = [len(c) for c in clouds.values() if len(c) >= LEAST]
        size = min([self.sentences, *enough])
        spectra = {code: self._spectrum(evenly(c, size)) for code, c in clouds.items() if len(c) >= LEAST}

        def compare(a: str, b: str) -> float | str:
            for code in (a, b):
                if code not in spectra:
                    return f"{code} has {len(clouds[code])} sentences; at least {LEAST} are needed"
            return float(np.sqrt(np.square(spectra[a] - spectra[b]).mean()))

        return symmetric("embedding:isospectral", texts.languages, compare, higher_is_closer=False)

    def _spectrum(self, cloud: np.ndarray) -> np.ndarray:
        """Eigenvalues of the normalised Laplacian, ascending. Shape: (n_sentences,), float64."""
        n = len(cloud)
        distances = squared_distances(cloud, cloud)
        np.fill_diagonal(distances, np.inf)
        nearest = np.argsort(distances, 1, kind="stable")[:, : min(self.neighbours, n - 1)]
        edges = np.zeros((n, n))
        edges[np.arange(n)[:, None], nearest] = 1
        edges = np.maximum(edges, edges.T)
        root = edges.sum(1) ** -0.5
        return np.linalg.eigvalsh(np.eye(n) - root[:, None] * edges * root[None])
