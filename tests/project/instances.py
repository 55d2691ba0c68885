"""Random instances of the matching problem."""

from __future__ import annotations

from itertools import pairwise

import numpy as np


def random_instance(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Scores (n_entities, n_candidates) and candidates (n_candidates, 2), from sparse to crowded, with ties."""
    n_words = int(rng.integers(1, 13))
    n_entities = int(rng.integers(1, 6))
    every = [(i, j) for i in range(n_words) for j in range(i + 1, min(n_words, i + 6) + 1)]
    take = rng.random(len(every)) < rng.uniform(0.1, 1.0)
    candidates = np.array([r for r, keep in zip(every, take, strict=True) if keep], np.int32).reshape(-1, 2)
    scores = rng.random((n_entities, len(candidates)))
    if rng.random() < 0.4:
        scores = np.round(scores * 4) / 4
    scores[rng.random(scores.shape) < rng.uniform(0.0, 0.8)] = 0.0
    return scores, candidates


def value(scores: np.ndarray, chosen: np.ndarray) -> float:
    return float(scores[chosen].sum())


def is_legal(chosen: np.ndarray, candidates: np.ndarray, scores: np.ndarray, n_proj: int | None = 1) -> bool:
    """No overlap, only positive scores, at most `n_proj` per entity."""
    ranges = sorted(tuple(candidates[c].tolist()) for _, c in np.argwhere(chosen))
    apart = all(a[1] <= b[0] for a, b in pairwise(ranges))
    few = n_proj is None or bool((chosen.sum(1) <= n_proj).all())
    return apart and few and bool((scores[chosen] > 0).all())
