"""The result of a measure: a value per pair of languages, and reasons where there is none."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from xlner.core.languages import bcp47
from xlner.errors import OptionError, UsageError


@dataclass(frozen=True)
class SimilarityMatrix:
    """What one measure says of several languages.

    Args:
        measure: its name.
        languages: ISO 639-3 codes, in the order of rows and columns.
        values: row = source, column = target; NaN where nothing can be said. Shape: (n_languages, n_languages),
            float64.
        higher_is_closer: whether a greater value means nearer languages.
        missing: (source, target) -> why there is no value.
    """

    measure: str
    languages: tuple[str, ...]
    values: np.ndarray
    higher_is_closer: bool
    missing: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.languages)
        if self.values.shape != (n, n):
            raise ValueError(f"{self.measure}: {n} languages, but values of shape {self.values.shape}")

    def value(self, source: str, target: str) -> float:
        """The value for one pair. NaN where there is none."""
        return float(self.values[self._index(source), self._index(target)])

    def closeness(self) -> np.ndarray:
        """Values turned so that greater is closer, without those of a language with itself.

        Shape: (n_languages, n_languages), float64, NaN on the diagonal.
        """
        turned = self.values.astype(np.float64) * (1 if self.higher_is_closer else -1)
        np.fill_diagonal(turned, np.nan)
        return turned

    def ranking(self, target: str) -> list[tuple[str, float]]:
        """The other languages as sources for `target` with their values, nearest first; those without a value last."""
        j = self._index(target)
        column = self.closeness()[:, j]
        order = sorted((i for i in range(len(column)) if i != j), key=lambda i: (np.isnan(column[i]), -column[i]))
        return [(self.languages[i], float(self.values[i, j])) for i in order]

    def weights(self, target: str, sources: Sequence[str], *, temperature: float = 1.0) -> np.ndarray:
        """How much each source should count for the target.

        Softmax of closeness in standard deviations over all pairs of the matrix, so that measures on different scales
        give weights alike. A source without a value counts as an average one.

        Args:
            target: a language of the matrix.
            sources: languages of the matrix.
            temperature: greater is more even.

        Returns:
            Shape: (n_sources,), float64, sums to 1.
        """
        if temperature <= 0:
            raise OptionError("temperature", f"must be above 0, got {temperature}")
        close = self.closeness()
        known = close[np.isfinite(close)]
        spread = known.std() if len(known) else 0.0
        column = close[[self._index(s) for s in sources], self._index(target)]
        z = np.zeros(len(sources)) if spread < 1e-12 else np.nan_to_num((column - known.mean()) / spread)
        e = np.exp((z - z.max()) / temperature)
        return e / e.sum()

    def distances(self) -> np.ndarray:
        """Symmetric distances for drawing and clustering, 0 being the nearest a language can be to itself.

        Both directions are averaged. Of a measure that only changes its sign in the other direction, the size counts.
        Pairs without a value are as far as the farthest pair.

        Shape: (n_languages, n_languages), float64, 0 on the diagonal.
        """
        sign = 1 if self.higher_is_closer else -1
        close = self.closeness()
        if np.array_equal(close, -close.T, equal_nan=True):
            close = -np.abs(close)
        directions = np.stack([close, close.T])
        known = np.isfinite(directions)
        mean = np.where(known, directions, 0).sum(0) / np.maximum(known.sum(0), 1)
        some = known.any(0)
        of_itself = sign * np.diag(self.values)
        candidates = np.concatenate([of_itself[np.isfinite(of_itself)], mean[some]])
        top = candidates.max() if len(candidates) else 0.0
        far = top - mean[some].min() if some.any() else 1.0
        out = np.where(some, top - mean, far)
        np.fill_diagonal(out, 0)
        return out

    def order(self) -> list[int]:
        """Indices of the languages such that near ones stand together (leaves of the clustering)."""
        if len(self.languages) < 3:
            return list(range(len(self.languages)))
        from scipy.cluster.hierarchy import leaves_list

        return [int(i) for i in leaves_list(self.linkage())]

    def linkage(self) -> np.ndarray:
        """Average-linkage clustering, as scipy has it. Shape: (n_languages - 1, 4), float64."""
        from scipy.cluster.hierarchy import linkage
        from scipy.spatial.distance import squareform

        return linkage(squareform(self.distances(), checks=False), "average", optimal_ordering=True)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, NaN as None."""
        cells = [[None if np.isnan(v) else float(v) for v in row] for row in self.values]
        return {
            "higher_is_closer": self.higher_is_closer,
            "matrix": cells,
            "missing": [{"source": bcp47(s), "target": bcp47(t), "reason": r} for (s, t), r in self.missing.items()],
        }

    def to_csv(self) -> str:
        """A table with a header of targets and a first column of sources; cells without a value are empty."""
        codes = [bcp47(c) for c in self.languages]
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["source", *codes])
        for code, row in zip(codes, self.values, strict=True):
            writer.writerow([code, *("" if np.isnan(v) else f"{v:.6g}" for v in row)])
        return out.getvalue()

    def _index(self, language: str) -> int:
        try:
            return self.languages.index(language)
        except ValueError:
            raise UsageError(f"no language {language} in this matrix; there are {', '.join(self.languages)}") from None
