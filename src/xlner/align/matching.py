"""From similarities to links, for a whole batch of sentence pairs at once.

Every function takes similarities of padded pairs and gives one confidence per cell, 0 where there is no link.
"""

from __future__ import annotations

import numpy as np
import torch

from xlner.errors import MissingExtraError

FAR = -1e4
"""Below any similarity; finite, so that a row of padding stays free of NaN."""


def match(
    similarity: torch.Tensor,
    inside: torch.Tensor,
    *,
    method: str = "softmax",
    threshold: float = 0.0,
    temperature: float = 1.0,
    rounds: int = 2,
) -> torch.Tensor:
    """Links of every pair of a batch.

    Args:
        similarity: similarities of source and target items. Shape: (n_pairs, n_source, n_target), float.
        inside: which cells are no padding. Shape: (n_pairs, n_source, n_target), bool.
        method: "softmax" (both directions above a threshold), "mutual" (each is the other's best), "itermax" (mutual,
            repeated over what is left), "optimal" (one to one with the highest sum), "source" (every source
            item's best target) or "target" (every target item's best source).
        threshold: softmax: least probability in both directions; others: least confidence.
        temperature: softmax: similarities are divided by it first.
        rounds: itermax: how many rounds.

    Returns:
        Confidence per cell, 0 for no link. softmax: the geometric mean of both probabilities; the others:
        `(1 + similarity) / 2`, kept in (0, 1]. Shape: (n_pairs, n_source, n_target), float32.

    References:
        softmax: Dou and Neubig, "Word Alignment by Fine-tuning Embeddings on Parallel Corpora", EACL 2021, section 2.2.
        mutual, itermax, optimal: Jalili Sabet, Dufter, Yvon and Schütze, "SimAlign", Findings of EMNLP 2020,
        section 3.2 (there: Argmax, IterMax, Match).
    """
    similarity = similarity.float().masked_fill(~inside, FAR)
    if method == "softmax":
        return soft_both(similarity / temperature, inside, threshold)
    if method == "mutual":
        links = mutual(similarity, inside)
    elif method == "itermax":
        links = itermax(similarity, inside, rounds)
    elif method == "optimal":
        links = optimal(similarity, inside)
    elif method == "source":
        links = _best(similarity, 2) & inside
    else:
        links = _best(similarity, 1) & inside
    confidence = ((1 + similarity) / 2).clamp(1e-6, 1.0) * links
    return confidence * (confidence > threshold)


def refine(similarity: torch.Tensor, inside: torch.Tensor, *, hubs: int = 5, diagonal: float = 0.1) -> torch.Tensor:
    """Similarities that count against items which are like everything, and for links that continue each other.

    First each cell loses the mean of the `hubs` highest similarities of its row and of its column (so a comma, which
    is like any comma, no longer wins everywhere); then it gains a share of its two neighbours along the
    diagonal, since most words keep the order of those beside them.

    Args:
        similarity: cosines. Shape: (n_pairs, n_source, n_target), float32.
        inside: which cells are no padding. Shape: same, bool.
        hubs: how many neighbours make the mean; 0 leaves it out. Missing and negative ones count 0.
        diagonal: share of each neighbour; 0 leaves it out.

    Returns:
        Refined similarities, 0 in the padding; `2 cos - mean - mean` and its neighbours' share. Shape: same, float32.

    Reference: Lample, Conneau, Ranzato, Denoyer and Jégou, "Word Translation Without Parallel Data", ICLR 2018,
    section 2.3 (cross-domain similarity local scaling; there over a vocabulary, here over one sentence pair).
    """
    out = similarity.float() * inside
    if hubs:
        means = [out.topk(min(hubs, out.shape[dim]), dim).values.clamp_min(0).sum(dim, keepdim=True) for dim in (1, 2)]
        out = (2 * out - (means[0] + means[1]) / hubs) * inside
    if diagonal:
        plain = out
        out = plain.clone()
        out[:, 1:, 1:] += diagonal * plain[:, :-1, :-1]
        out[:, :-1, :-1] += diagonal * plain[:, 1:, 1:]
        out *= inside
    return out


def soft_both(logits: torch.Tensor, inside: torch.Tensor, threshold: float) -> torch.Tensor:
    """Cells whose softmax over targets and over sources both exceed the threshold; their geometric mean.

    Args:
        logits: similarities, padding far below. Shape: (n_pairs, n_source, n_target), float32.
        inside: which cells are no padding. Shape: same, bool.
        threshold: least probability.
    """
    forward = logits.softmax(2)
    backward = logits.softmax(1)
    keep = (forward > threshold) & (backward > threshold) & inside
    return (forward * backward).sqrt_() * keep


def rivals(similarity: torch.Tensor, inside: torch.Tensor, margin: float) -> torch.Tensor:
    """Cells that are as similar as the best of their row and of their column, or nearly.

    Args:
        similarity: Shape: (n_pairs, n_source, n_target), float32.
        inside: which cells are no padding. Shape: same, bool.
        margin: how far below the best.

    Returns:
        Shape: same, bool.
    """
    similarity = similarity.masked_fill(~inside, FAR)
    best = [similarity.amax(dim, keepdim=True) - margin for dim in (1, 2)]
    return (similarity >= best[0]) & (similarity >= best[1]) & inside


def mutual(similarity: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """Cells that are the first maximum of their row and of their column. Shape: as given, bool."""
    return _best(similarity, 2) & _best(similarity, 1) & inside


def itermax(similarity: torch.Tensor, inside: torch.Tensor, rounds: int = 2, *, discount: float = 0.9) -> torch.Tensor:
    """Mutual argmax, repeated: later rounds look for links of items that have none yet.

    In a later round a cell counts fully if both its items are free, times `discount` if one is, and not at all if
    none is. Pairs with a side of two items or fewer stop after the first round, as do pairs with a side fully linked.

    Args:
        similarity: similarities, padding far below; cosines. Shape: (n_pairs, n_source, n_target), float32.
        inside: which cells are no padding. Shape: same, bool.
        rounds: number of rounds, the first one included.
        discount: factor on cells with one linked item.

    Returns:
        Which cells are linked. Shape: (n_pairs, n_source, n_target), bool.
    """
    positive = ((1 + similarity) / 2).clamp_min(0)
    links = mutual(similarity, inside)
    real_source, real_target = inside.any(2), inside.any(1)
    going = (real_source.sum(1) > 2) & (real_target.sum(1) > 2)
    for _ in range(rounds - 1):
        free_source, free_target = ~links.any(2) & real_source, ~links.any(1) & real_target
        going &= free_source.any(1) & free_target.any(1)
        if not going.any():
            break
        one_free = free_source[:, :, None] | free_target[:, None, :]
        both_free = free_source[:, :, None] & free_target[:, None, :]
        weight = torch.where(both_free, 1.0, discount) * (one_free & inside & going[:, None, None])
        links = links | (mutual((positive * weight).masked_fill(~inside, FAR), inside) & (weight > 0))
    return links


def optimal(similarity: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """One-to-one links with the highest sum of similarities; the longer side keeps items without a link.

    Raises:
        MissingExtraError: scipy is not installed.
    """
    try:
        from scipy.optimize import linear_sum_assignment
    except ImportError:
        raise MissingExtraError("optimal matching", extra="align") from None
    links = np.zeros(similarity.shape, bool)
    values = similarity.cpu().numpy()
    real_source, real_target = (inside.any(dim).cpu().numpy() for dim in (2, 1))
    for k in range(len(values)):
        rows, columns = real_source[k].nonzero()[0], real_target[k].nonzero()[0]
        chosen = linear_sum_assignment(values[k][np.ix_(rows, columns)], maximize=True)
        links[k, rows[chosen[0]], columns[chosen[1]]] = True
    return torch.from_numpy(links).to(similarity.device) & inside


def _best(similarity: torch.Tensor, dim: int) -> torch.Tensor:
    """The first maximum along a dimension as True. Shape: as given, bool."""
    index = similarity.argmax(dim, keepdim=True)
    return torch.zeros_like(similarity, dtype=torch.bool).scatter_(dim, index, True)
