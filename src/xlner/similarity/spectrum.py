"""Whether two languages fill the space in the same shape, wherever it lies: spectra of neighbour graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from xlner.component import Part, option, options
from xlner.similarity.pairs import symmetric

if TYPE_CHECKING:
    from xlner.similarity.matrix import SimilarityMatrix
    from xlner.similarity.texts import Texts

MIN_SENTENCES = 8


class Isospectral(Part):
    """Distance between the eigenvalues of two nearest-neighbour graphs.

    Each sentence is joined with its nearest neighbours of the same language. The eigenvalues of that graph's Laplacian
    tell its shape. They do not change when the space is turned, shifted or scaled, so neither bitext nor a common space
    is needed. We take the normalised Laplacian, whose eigenvalues lie in [0, 2], and the root mean square difference of
    the two sorted spectra (the 2-Wasserstein distance), which unlike a sum over the largest few does not hang on how
    many are looked at.

    Reference:
        Soegaard, Ruder and Vulic, "On the Limitations of Unsupervised Bilingual Dictionary Induction", ACL 2018,
        section 3 (on word vectors and the unnormalised Laplacian).

    Limits:
        It sees what texts are about as much as which language they are in: compare texts of like kind. Needs at least 8
        sentences of each language.
    """

    higher_is_closer = False
    needs: ClassVar[frozenset[str]] = frozenset({"text"})

    @options
    class Options:
        """How the graph is made, and of how much text."""

        neighbours: int = option(10, "Edges that start at each sentence.", ge=1)
        sentences: int = option(
            500, "As many of every language, evenly spaced; fewer if one has fewer.", ge=MIN_SENTENCES, unit="sentences"
        )

    def matrix(self, texts: Texts) -> SimilarityMatrix:
        """Symmetric, at least 0. A language with too few sentences has no value."""
        import numpy as np

        from xlner.similarity.clouds import evenly, laplacian_spectrum

        clouds = {code: texts.vectors(code) for code in texts.languages}
        large = {code: cloud for code, cloud in clouds.items() if len(cloud) >= MIN_SENTENCES}
        size = min([self.options.sentences, *map(len, large.values())])
        spectra = {code: laplacian_spectrum(evenly(c, size), self.options.neighbours) for code, c in large.items()}

        def compare(a: str, b: str) -> float | str:
            for code in (a, b):
                if code not in spectra:
                    return f"{code} has {len(clouds[code])} sentences; at least {MIN_SENTENCES} are needed"
            return float(np.sqrt(np.square(spectra[a] - spectra[b]).mean()))

        return symmetric("embedding:isospectral", texts.languages, compare, higher_is_closer=False)
