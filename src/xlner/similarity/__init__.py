"""Floor 5: how near languages are to each other, and what that says about transfer between them."""

from xlner.core.rooms import callable_room
from xlner.similarity.matrix import SimilarityMatrix
from xlner.similarity.measure import SIMILARITIES, Similarity, expand
from xlner.similarity.texts import Texts
from xlner.similarity.vectors import SentenceEncoder

__all__ = ["SIMILARITIES", "SentenceEncoder", "Similarity", "SimilarityMatrix", "Texts", "expand"]

callable_room(__name__, "xlner.api.similarity:similarity")
