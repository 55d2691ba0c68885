"""The low-rank bilinear scorer of sentences against languages, and its training; several at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from xlner.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class ScorerOptions:
    """How the scorer is trained. The defaults are those of Wu et al. (2020).

    Args:
        rank: rows of the two maps.
        gamma: weight of the term that pushes language vectors apart.
        learning_rate: at the start; falls linearly to 0.
        epochs: passes over the sentences.
        min_steps: least number of steps, for small data; more passes are made to reach it.
        batch: sentences per step.
        weight_decay: of AdamW.
        clip: largest norm of the gradient.
        seed: rules initial maps and order.
    """

    rank: int = 64
    gamma: float = 0.01
    learning_rate: float = 1e-4
    epochs: int = 10
    min_steps: int = 1000
    batch: int = 32
    weight_decay: float = 1e-5
    clip: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        for option in ("rank", "epochs", "batch", "learning_rate", "clip"):
            if getattr(self, option) <= 0:
                raise UsageError(f"{option} must be above 0, got {getattr(self, option)}")
        if self.gamma < 0 or self.weight_decay < 0 or self.min_steps < 0:
            raise UsageError("gamma, weight decay and min_steps are at least 0")


class BilinearScorers(torch.nn.Module):
    """`s(x, k) = (U f(x) + b_U) . (V mu_k + b_V)` for several independent problems over the same languages.

    Args:
        means: mean feature of each language. Shape: (n_languages, n_dimensions), float32.
        known: which languages each problem may learn from. Shape: (n_problems, n_languages), bool.
        rank: rows of U and V.
        seed: rules the initial maps; every problem starts with the same.
    """

    def __init__(self, means: torch.Tensor, known: torch.Tensor, rank: int, seed: int) -> None:
        super().__init__()
        problems, dimensions = len(known), means.shape[1]
        chance = torch.Generator().manual_seed(seed)
        bound = dimensions**-0.5

        def fresh(*shape: int) -> torch.nn.Parameter:
            drawn = (torch.rand(shape, generator=chance) * 2 - 1) * bound
            return torch.nn.Parameter(drawn.expand(problems, *shape).clone())

        self.known: torch.Tensor
        self.register_buffer("known", known)
        self.mu = torch.nn.Parameter(means.expand(problems, *means.shape) * known[:, :, None])
        self.u, self.u_bias = fresh(rank, dimensions), fresh(rank)
        self.v, self.v_bias = fresh(rank, dimensions), fresh(rank)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Scores. Shape: (n_sentences, n_dimensions) to (n_problems, n_sentences, n_languages), float32."""
        left = torch.einsum("prd,nd->pnr", self.u, features) + self.u_bias[:, None]
        right = torch.einsum("prd,pkd->pkr", self.v, self.mu) + self.v_bias[:, None]
        return left @ right.transpose(1, 2)

    def apart(self) -> torch.Tensor:
        """`||P P^T - I_K||_F^2` per problem, over its known languages. Shape: (n_problems,)."""
        mask = self.known.to(self.mu.dtype)
        mu = self.mu * mask[:, :, None]
        return (mu @ mu.transpose(1, 2) - torch.diag_embed(mask)).square().sum((1, 2))


def train_scorers(
    features: torch.Tensor, labels: torch.Tensor, known: torch.Tensor, options: ScorerOptions
) -> BilinearScorers:
    """Learn to tell the languages of sentences.

    The loss of each problem is cross-entropy over its known languages, on sentences of these, plus
    `gamma * ||P P^T - I_K||_F^2`. Problems share batches and nothing else.

    Args:
        features: Shape: (n_sentences, n_dimensions), float32.
        labels: index of each sentence's language. Shape: (n_sentences,), int64.
        known: which languages each problem may learn from. Shape: (n_problems, n_languages), bool.
        options: rank, rate and so on.
    """
    count = known.shape[1]
    sums = torch.zeros(count, features.shape[1]).index_add_(0, labels, features)
    means = sums / torch.bincount(labels, minlength=count)[:, None].clamp_min(1)
    model = BilinearScorers(means, known, options.rank, options.seed)
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=options.learning_rate, eps=1e-8, weight_decay=options.weight_decay
    )
    chance = np.random.default_rng(options.seed)
    per_epoch = -(-len(labels) // options.batch)
    steps = max(options.epochs * per_epoch, options.min_steps)
    hidden = torch.where(known, 0.0, -torch.inf)[:, None]
    order = np.zeros(0, np.int64)
    for step in range(steps):
        if step % per_epoch == 0:
            order = chance.permutation(len(labels))
        at = (step % per_epoch) * options.batch
        rows = torch.from_numpy(order[at : at + options.batch])
        right = labels[rows]
        logs = (model(features[rows]) + hidden).log_softmax(-1)
        said = logs.gather(2, right.expand(len(known), -1)[:, :, None])[:, :, 0]
        counts = known[:, right]
        entropy = -torch.where(counts, said, 0).sum(1) / counts.sum(1).clamp_min(1)
        loss = (entropy + options.gamma * model.apart()).sum()
        optimiser.param_groups[0]["lr"] = options.learning_rate * (1 - step / steps)
        optimiser.zero_grad()
        loss.backward()
        _clip(model, options.clip)
        optimiser.step()
    return model.eval()


def _clip(model: BilinearScorers, largest: float) -> None:
    """Scale the gradient of each problem down to the largest norm allowed."""
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    norms = torch.stack([g.flatten(1).square().sum(1) for g in gradients]).sum(0).sqrt()
    factors = (largest / (norms + 1e-6)).clamp_max(1)
    for g in gradients:
        g.mul_(factors.view(-1, *[1] * (g.dim() - 1)))
