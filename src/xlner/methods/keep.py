"""What is kept of a student that was trained from its teacher: one of the two, or the mean of their weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from xlner.core.types import Sentence
from xlner.methods.soft_labels import SoftLabelChunks
from xlner.tagger import Tagger
from xlner.tagger.interpolate import interpolate

Keep = Literal["auto", "student", "average"]
SHARES = {"teacher": 0.0, "average": 0.5, "student": 1.0}  # of the student's weights
_SENTENCES = 150  # of raw text that a choice reads at most, about


def keep(teacher: Tagger, student: Tagger, chunks: SoftLabelChunks, *, how: Keep) -> dict[str, float]:
    """Make `student` the model that is to be kept.

    "auto" takes the one of teacher, average and student whose answers are nearest to the soft labels that the student
    learnt from, merged and smoothed. On little raw text a training of few steps may leave its model farther from its
    own targets than it was before: such a student has learnt nothing, and has lost.

    Args:
        teacher: what the student started from, with the same head.
        student: its weights are changed.
        chunks: what it learnt from; some sentences of all of it are read.
        how: "average" and "student" choose nothing.

    Returns:
        What was kept first: its name and those of the others, with their mean cross-entropy, nats per word; empty where
        nothing was chosen.

    Reference:
        The average: Wortsman et al., CVPR 2022 (WiSE-FT). The choice is ours.
    """
    before, after = teacher.model.state_dict(), student.model.state_dict()
    # What was frozen, such as the large embedding layer, is the same in both; LoRA changes weights that were frozen.
    changed = [n for n, weight in after.items() if not weight.equal(before[n])]
    states = ({n: before[n] for n in changed}, {n: after[n].clone() for n in changed})

    def become(name: str) -> None:
        share = SHARES[name]
        student.model.load_state_dict(interpolate(states, (1 - share, share)), strict=False)

    if how != "auto":
        become(how)
        return {}
    sentences, targets, weights = _sample(chunks)
    losses = {}
    for name in SHARES:
        become(name)
        losses[name] = cross_entropy(student.probabilities(sentences), targets, weights)
    ranked = dict(sorted(losses.items(), key=lambda item: item[1]))
    become(next(iter(ranked)))
    return ranked


def kept_note(losses: Mapping[str, float]) -> str:
    """What the user should know of a choice."""
    kept, *_ = losses
    figures = ", ".join(f"{name} {loss:.4f}" for name, loss in losses.items())
    return f"kept the {kept}: cross-entropy with the soft labels, nats per word: {figures} (`keep`)"


def cross_entropy(
    probabilities: Sequence[np.ndarray], targets: Sequence[np.ndarray], weights: Sequence[np.ndarray]
) -> float:
    """Mean over words of `-sum_c q[c] log p[c]`, nats.

    Args:
        probabilities: p, one array per sentence. Shape of each: (n_words, n_tags).
        targets: q, likewise.
        weights: how much each word counts. Shape of each: (n_words,).
    """
    p, q, weight = (np.concatenate(rows).astype(np.float64) for rows in (probabilities, targets, weights))
    each = -(q * np.log(np.maximum(p, 1e-6))).sum(1)
    return float((each * weight).sum() / max(weight.sum(), 1e-9))


def _sample(chunks: SoftLabelChunks) -> tuple[list[Sentence], list[np.ndarray], list[np.ndarray]]:
    """Every n-th sentence of the raw text with its soft labels and the weights of its words."""
    step = math.ceil(sum(chunks.sizes) / _SENTENCES)
    sentences, targets, weights = [], [], []
    before = 0
    for index, size in enumerate(chunks.sizes):
        first = -before % step
        before += size
        if first >= size:
            continue
        words, rows, counts = chunks.sentences(index)
        sentences += [Sentence(words=tuple(w)) for w in words[first::step]]
        targets += rows[first::step]
        weights += counts[first::step]
    return sentences, targets, weights
