"""Floor 5: word alignment. Which words of a sentence and of its translation belong together."""

from xlner.align.aligner import ALIGNERS, Aligner, Fits, InOrder, Saves
from xlner.align.alignment import Alignment
from xlner.align.windows import WordPair
from xlner.core.rooms import callable_room

__all__ = ["ALIGNERS", "Aligner", "Alignment", "Fits", "InOrder", "Saves", "WordPair"]

callable_room(__name__, "xlner.api.align:align")
