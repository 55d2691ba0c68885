"""From a function of two languages to a matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlner.similarity.matrix import SimilarityMatrix

Value = float | str
"""A value, or why there is none."""


def symmetric(
    measure: str,
    languages: tuple[str, ...],
    compare: Callable[[str, str], Value],
    *,
    higher_is_closer: bool,
    of_itself: float | None = None,
) -> SimilarityMatrix:
    """Compare every pair once.

    Args:
        measure: name of the measure.
        languages: rows and columns.
        compare: the value of two languages, or the reason why there is none.
        higher_is_closer: what a greater value means.
        of_itself: value of a language with itself; None asks `compare`.
    """
    import numpy as np

    from xlner.similarity.matrix import SimilarityMatrix

    n = len(languages)
    values, missing = np.full((n, n), np.nan), {}
    for i, a in enumerate(languages):
        for j, b in enumerate(languages[: i + 1]):
            value = of_itself if i == j and of_itself is not None else compare(a, b)
            if isinstance(value, str):
                missing[a, b] = missing[b, a] = value
            else:
                values[i, j] = values[j, i] = value
    return SimilarityMatrix(measure, languages, values, higher_is_closer, missing)
