"""Floor 5: how near languages are to each other, and what that says about transfer between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlner.core.rooms import callable_room, lazy_names

if TYPE_CHECKING:
    from xlner.similarity.matrix import SimilarityMatrix
    from xlner.similarity.measure import SIMILARITIES, Similarity, expand
    from xlner.similarity.texts import Texts
    from xlner.similarity.vectors import SentenceEncoder

__all__ = ["SIMILARITIES", "SentenceEncoder", "Similarity", "SimilarityMatrix", "Texts", "expand"]

__getattr__ = lazy_names(
    __name__,
    {
        "matrix": ("SimilarityMatrix",),
        "measure": ("SIMILARITIES", "Similarity", "expand"),
        "texts": ("Texts",),
        "vectors": ("SentenceEncoder",),
    },
)
callable_room(__name__, "xlner.api.similarity:similarity")
