"""The low-rank bilinear scorer of sentences against languages, and its training; several at once."""

from __future__ import annotations

import numpy as np
import torch

from xlner.similarity.scorer import ScorerOptions


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
        rng = torch.Generator().manual_seed(seed)
        bound = dimensions**-0.5

        def fresh(*shape: int) -> torch.nn.Parameter:
            drawn = (torch.rand(shape, generator=rng) * 2 - 1) * bound
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

    def of_problem(self, problem: int, features: torch.Tensor) -> torch.Tensor:
        """Scores of one problem. Shape: (n_sentences, n_dimensions) to (n_sentences, n_languages), float32."""
        left = features @ self.u[problem].T + self.u_bias[problem]
        return left @ (self.mu[problem] @ self.v[problem].T + self.v_bias[problem]).T

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
    rng = np.random.default_rng(options.seed)
    per_epoch = -(-len(labels) // options.batch)
    steps = max(options.epochs * per_epoch, options.min_steps)
    hidden = torch.where(known, 0.0, -torch.inf)[:, None]
    order = np.zeros(0, np.int64)
    for step in range(steps):
        if step % per_epoch == 0:
            order = rng.permutation(len(labels))
        at = (step % per_epoch) * options.batch
        rows = torch.from_numpy(order[at : at + options.batch])
        right = labels[rows]
        logs = (model(features[rows]) + hidden).log_softmax(-1)
        log_right = logs.gather(2, right.expand(len(known), -1)[:, :, None])[:, :, 0]
        counts = known[:, right]
        entropy = -torch.where(counts, log_right, 0).sum(1) / counts.sum(1).clamp_min(1)
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
