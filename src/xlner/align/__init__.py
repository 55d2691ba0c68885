"""Floor 5: word alignment. Which words of a sentence and of its translation belong together."""

from xlner.align.aligner import ALIGNERS, Aligner, Fits, InOrder, Saves
from xlner.align.alignment import Alignment
from xlner.align.bitext import AlignReport, align
from xlner.align.windows import Pair

__all__ = ["ALIGNERS", "AlignReport", "Aligner", "Alignment", "Fits", "InOrder", "Pair", "Saves", "align"]
