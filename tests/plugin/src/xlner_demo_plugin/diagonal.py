"""An aligner of a third party: words at the same place."""

from __future__ import annotations

from xlner.align import Alignment
from xlner.component import Part, option, options


class DiagonalAligner(Part):
    """Link words that stand at the same place, or so many words further on.

    Reference: made up for a test.
    """

    @options
    class Options:
        """Settings of the aligner."""

        shift: int = option(0, "How many words further on.", ge=0, le=5, unit="words")

    def align(self, pairs):
        """One alignment per pair, in order."""
        shift = self.options.shift
        return [Alignment.of((i, i + shift) for i in range(min(len(s), len(t) - shift))) for s, t in pairs]
