"""How many links run between an entity and a range, against their sizes."""

from __future__ import annotations

import numpy as np

from xlner.core.types import Span
from xlner.project.pair import Pair


def dice(pair: Pair, entity: Span, candidates: np.ndarray) -> np.ndarray:
    """Dice value of links between one entity and every candidate.

        c = 2 * sum of a[k, l] for k in entity, l in candidate / (words of the entity + words of the candidate)

    a[k, l] is the link's score where the aligner gives one in [0, 1], else 1. A range linked one to one scores 1; with
    many-to-many links it can be more.

    Args:
        pair: the sentences and their alignment; without one all values are 0.
        entity: of the source sentence.
        candidates: ranges `[start, end)`. Shape: (n_candidates, 2).

    Returns:
        Shape: (n_candidates,), float64.

    Reference: Politov et al., NoDaLiDa 2025, whose code has the factor 2.
    """
    mass = np.zeros(len(pair.target) + 1)
    if pair.alignment is not None:
        links, scores = pair.alignment.pairs, pair.alignment.scores
        low, high = np.searchsorted(links[:, 0], (entity.start, entity.end))
        values = 1.0 if scores is None else np.clip(scores[low:high], 0.0, 1.0)
        np.add.at(mass, links[low:high, 1] + 1, values)
    until = mass.cumsum()
    sizes = candidates[:, 1] - candidates[:, 0] + (entity.end - entity.start)
    return 2 * (until[candidates[:, 1]] - until[candidates[:, 0]]) / sizes
