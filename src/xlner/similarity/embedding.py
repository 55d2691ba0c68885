"""Distances between the clouds of sentence vectors of two languages; no bitext needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from xlner.component import Part, option, options
from xlner.similarity.pairs import symmetric

if TYPE_CHECKING:
    from xlner.similarity.matrix import SimilarityMatrix
    from xlner.similarity.texts import Texts


class Centroid(Part):
    """Cosine of the mean sentence vectors.

    Reference:
        Wu et al., ACL 2020, who use it as a baseline ("cosine" on pooled features).

    Limits:
        Mean vectors of most encoders share a large common part, so values lie close together; their order says more
        than their size.
    """

    higher_is_closer = True
    needs: ClassVar[frozenset[str]] = frozenset({"text"})

    def matrix(self, texts: Texts) -> SimilarityMatrix:
        """Symmetric, in [-1, 1]."""
        import numpy as np

        means = {}
        for code in texts.languages:
            mean = texts.vectors(code).mean(0, dtype=np.float64)
            means[code] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return symmetric(
            "embedding:centroid", texts.languages, lambda a, b: float(means[a] @ means[b]), higher_is_closer=True
        )


class MeanDiscrepancy(Part):
    """Maximum mean discrepancy: how far apart two clouds of sentence vectors lie, as a kernel sees them.

    With the RBF kernel it is 0 only for equal distributions; shape and spread count as well as the middle. The width of
    the kernel is the median distance between sentences of all languages together, so that all pairs are seen alike.
    The linear kernel gives the distance of the means.

    Reference:
        Gretton, Borgwardt, Rasch, Schoelkopf and Smola, "A Kernel Two-Sample Test", JMLR 2012, equation 5 (the biased
        estimate, whose root is taken).

    Limits:
        The biased estimate grows as samples shrink; give each language about as many sentences.
    """

    higher_is_closer = False
    needs: ClassVar[frozenset[str]] = frozenset({"text"})

    @options
    class Options:
        """Which kernel, and how much text."""

        kernel: Literal["rbf", "linear"] = option("rbf", "The kernel; linear gives the distance of the means.")
        sentences: int = option(500, "At most so many of each language, evenly spaced.", ge=1, unit="sentences")

    def matrix(self, texts: Texts) -> SimilarityMatrix:
        """Symmetric, at least 0."""
        import numpy as np

        from xlner.similarity.clouds import evenly, mean_kernel, median_distance

        clouds = {code: evenly(texts.vectors(code), self.options.sentences) for code in texts.languages}
        if self.options.kernel == "linear":
            means = {code: cloud.mean(0, dtype=np.float64) for code, cloud in clouds.items()}

            def compare(a: str, b: str) -> float:
                return float(np.linalg.norm(means[a] - means[b]))
        else:
            width = median_distance(list(clouds.values()))
            inner = {code: mean_kernel(cloud, cloud, width) for code, cloud in clouds.items()}

            def compare(a: str, b: str) -> float:
                square = inner[a] + inner[b] - 2 * mean_kernel(clouds[a], clouds[b], width)
                return max(square, 0.0) ** 0.5

        return symmetric("embedding:mmd", texts.languages, compare, higher_is_closer=False, of_itself=0.0)
