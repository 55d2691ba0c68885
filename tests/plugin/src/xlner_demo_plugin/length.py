"""A score of a third party: equal lengths."""

from __future__ import annotations

import numpy as np

from xlner.component import Part, option, options


class LengthScore(Part):
    """Candidates as long as the entity score high.

    Reference: made up for a test.
    """

    @options
    class Options:
        """Settings of the score."""

        softness: float = option(1.0, "How little a difference counts.", gt=0)

    def __call__(self, pairs, candidates, evidence):
        """One array per pair. Shape: (n_entities, n_candidates), float64."""
        out = []
        for pair, ranges in zip(pairs, candidates, strict=True):
            own = np.array([e.end - e.start for e in pair.entities], float)[:, None]
            theirs = (ranges[:, 1] - ranges[:, 0]).astype(float)[None]
            out.append(1 / (1 + np.abs(own - theirs) / self.options.softness))
        return out
