"""Several alignments of one sentence pair as one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xlner.align.alignment import Alignment


def merge(alignments: Sequence[Alignment], needed: int) -> Alignment:
    """Links that at least `needed` of several alignments of one pair have, with the mean of their scores."""
    pairs = np.concatenate([a.pairs for a in alignments])
    scores = np.concatenate([np.ones(len(a), np.float32) if a.scores is None else a.scores for a in alignments])
    links, member, count = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    sums = np.bincount(member.reshape(-1), weights=scores, minlength=len(links))
    keep = count >= needed
    return Alignment(links[keep], (sums[keep] / len(alignments)).astype(np.float32))


def backed(prior: Alignment, others: Sequence[Alignment], bonus: float, threshold: float) -> Alignment:
    """Links of one alignment whose confidence, with a bonus for each other one that has the link, passes a bar."""
    scores = np.ones(len(prior), np.float32) if prior.scores is None else prior.scores.copy()
    for other in others:
        theirs = set(other.links())
        scores += np.array([bonus * (link in theirs) for link in prior.links()], np.float32)
    keep = scores > threshold
    return Alignment(prior.pairs[keep], np.minimum(scores[keep], 1.0))


def mixed(soft: Alignment, others: Sequence[Alignment], share: float) -> Alignment:
    """Links of all, scored by the first less `share`, plus `share` for those that all others have."""
    scores = np.ones(len(soft), np.float32) if soft.scores is None else soft.scores
    parts = [(1 - share) * scores, *(np.full(len(a), share / len(others), np.float32) for a in others)]
    links, member = np.unique(np.concatenate([soft.pairs, *(a.pairs for a in others)]), axis=0, return_inverse=True)
    sums = np.bincount(member.reshape(-1), weights=np.concatenate(parts), minlength=len(links)).astype(np.float32)
    keep = sums > 0
    return Alignment(links[keep], sums[keep])
