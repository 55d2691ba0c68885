"""Losses between a student's logits and target distributions over tags, one row per word.

Hard labels are the one-hot case, so a teacher on gold labels and a student on soft labels train alike. Every loss of
words has the form `loss(logits, targets, weights) -> scalar` with shapes (n_words, n_tags), (n_words, n_tags),
(n_words,). `make_loss` makes it an objective that `train` takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from xlner.errors import OptionError
from xlner.train.objective import StepInput

WordLoss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


def _mean(per_word: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    return (per_word * weights).sum() / weights.sum().clamp_min(1e-8)


def soft_cross_entropy(logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Cross-entropy `-sum_c t_c log p_c`, averaged over words by weight.

    With one-hot targets it is the usual classification loss. Its gradient does not fade where student and teacher are
    both sure, which squared error on probabilities does.

    Args:
        logits: student's scores. Shape: (n_words, n_tags).
        targets: probabilities, rows sum to 1. Shape: (n_words, n_tags).
        weights: 0 masks a word. Shape: (n_words,).

    Reference: Hinton, Vinyals & Dean 2015, equation 2 without hard labels, at temperature 1.
    """
    return _mean(-(targets * logits.log_softmax(-1)).sum(-1), weights)


def squared_error(logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Squared error between probability vectors, averaged over words and tags.

    Shapes as in `soft_cross_entropy`.

    Reference: Wu et al., ACL 2020, the single-source distillation loss (teacher at temperature 1).

    Limits: the mean runs over tags too, so its gradient is smaller by the number of tags than a sum's; compare
    learning rates accordingly.
    """
    return _mean((logits.softmax(-1) - targets).square().mean(-1), weights)


def tempered_kl(temperature: float) -> WordLoss:
    """KL divergence between teacher and student, both softened: `T^2 * KL(p_teacher^(1/T) || softmax(logits / T))`.

    A teacher's tempered distribution is recovered from its probabilities, so none of its logits need be stored.

    Args:
        temperature: T > 0; above 1 shows the student more of the tags that the teacher found less probable.

    Raises:
        OptionError: `temperature` is not positive.

    Reference: Hinton, Vinyals & Dean 2015, section 2 (the factor T^2 keeps gradients comparable).

    Limits: a root raises small probabilities most. At T = 4 a teacher that gives each of 8 other tags 0.0001 has 0.56
    left for the tag it is sure of, and one that gives them 0.0000001 has 0.88.
    """
    if temperature <= 0:
        raise OptionError("temperature", f"must be above 0, got {temperature}")

    def loss(logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        teacher = (targets.clamp_min(1e-8).log() / temperature).log_softmax(-1)
        student = (logits / temperature).log_softmax(-1)
        return _mean(temperature**2 * (teacher.exp() * (teacher - student)).sum(-1), weights)

    return loss


LOSSES = ("ce", "mse", "kl")


@dataclass(frozen=True)
class WordObjective:
    """A loss of words as an objective; with several streams their mean losses are added.

    Args:
        loss: from logits, targets and weights to a scalar.
    """

    loss: WordLoss

    def __call__(self, step: StepInput) -> torch.Tensor:
        first, *others = (self.loss(s.logits, s.targets, s.weights) for s in step.streams.values())
        return sum(others, first)


def word_loss(name: str, *, temperature: float = 1.0) -> WordLoss:
    """The loss called "ce" (soft cross-entropy), "mse" (squared error, the paper's) or "kl" (with temperature).

    Raises:
        OptionError: unknown name, or a temperature with a loss that has none.
    """
    if name == "kl":
        return tempered_kl(temperature)
    if name not in LOSSES:
        raise OptionError("loss", f"must be one of {', '.join(LOSSES)}, got '{name}'")
    if temperature != 1.0:
        raise OptionError("temperature", f"works with `loss kl`, not with {name}")
    return soft_cross_entropy if name == "ce" else squared_error


def make_loss(name: str, *, temperature: float = 1.0) -> WordObjective:
    """The objective of training on the targets of words; names as for `word_loss`.

    Raises:
        OptionError: unknown name, or a temperature with a loss that has none.
    """
    return WordObjective(word_loss(name, temperature=temperature))
