"""Floor 5: word alignment. Which words of a sentence and of its translation belong together.

Names are looked up when they are used: looking at aligners loads no numpy.
"""

from typing import TYPE_CHECKING

from xlner.core.rooms import callable_room, lazy_names

if TYPE_CHECKING:
    from xlner.align.aligner import ALIGNERS, Aligner, Fits, InOrder, Saves
    from xlner.align.alignment import Alignment
    from xlner.align.windows import WordPair

DEFAULT_ALIGNER = "embedding"

__all__ = ["ALIGNERS", "DEFAULT_ALIGNER", "Aligner", "Alignment", "Fits", "InOrder", "Saves", "WordPair"]

callable_room(__name__, "xlner.api.align:align")
__getattr__ = lazy_names(
    __name__,
    {
        "aligner": ("ALIGNERS", "Aligner", "Fits", "InOrder", "Saves"),
        "alignment": ("Alignment",),
        "windows": ("WordPair",),
    },
)
