"""A mixture of experts, one for each source language, and a plain head that learns what the mixture says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from xlner.core.types import Sentence
from xlner.tagger.tagger import Tagger
from xlner.train.examples import Example, LabelledChunks
from xlner.train.losses import soft_cross_entropy
from xlner.train.objective import Loss, StepInput, StreamInput
from xlner.train.reversal import reversed_gradient

_RISE = 0.5  # share of the training over which the plain head's weight grows; the mixture knows nothing at first


@dataclass(frozen=True, kw_only=True)
class Experts:
    """How a mixture is made, and what its parts count.

    Args:
        size: of the shared and of the private features of a word.
        adversary: how strongly shared features are made alike for all languages; 0 has no discriminator.
        gate: weight of the gate's own task, the language of a word; 0 leaves the gate to the loss of tags.
        student: weight of the plain head's loss, once it has grown.
    """

    size: int = 200
    adversary: float = 0.002
    gate: float = 0.01
    student: float = 1.0


class LanguageChunks:
    """Labelled sentences of several languages in memory as one chunk.

    The number of a window's pair, modulo how many languages there are, is its language.

    Args:
        tagger: that learns.
        languages: the sentences of each.
    """

    def __init__(self, tagger: Tagger, languages: Sequence[Sequence[Sentence]]) -> None:
        self.sizes = [sum(len(sentences) for sentences in languages)]
        examples = [
            (language, example)
            for language, sentences in enumerate(languages)
            for example in LabelledChunks(tagger, sentences).load(0)
        ]
        # No two windows have one number, so each is a pair of its own, and batches mix languages.
        self._examples = [replace(e, pair=n * len(languages) + language) for n, (language, e) in enumerate(examples)]

    def load(self, index: int) -> list[Example]:
        return self._examples


class MixtureOfExperts:
    """Tags from shared and private features of words, and a plain head that learns them.

    Shared features are made alike for all languages by a discriminator, whose gradient is reversed. Private ones are
    those of one expert per source language, mixed by a gate that looks at each word. The mixture learns the labels of
    all sources. The tagger's own head learns the mixture's probabilities, on source and target text, in the same
    steps: it is what is saved. The first stream is of `LanguageChunks`; any other is target text.

    Args:
        hidden_size: of the encoder.
        n_tags: of the tagger.
        n_sources: how many source languages there are.
        how: sizes and weights.

    Reference: Chen, Awadallah, Hassan, Wang & Cardie, ACL 2019 (MAN-MoE). Theirs has recurrent networks on fixed
        vectors, a convolutional discriminator with steps of its own, and is used as it is.
    """

    wants_hidden = True

    def __init__(self, hidden_size: int, n_tags: int, n_sources: int, how: Experts) -> None:
        self.how, self.n_sources = how, n_sources
        self.modules: dict[str, nn.Module] = {
            "shared": _features(hidden_size, how.size),
            "experts": nn.ModuleList(_features(hidden_size, how.size) for _ in range(n_sources)),
            "gate": nn.Linear(hidden_size, n_sources),
            "tags": nn.Linear(2 * how.size, n_tags),
        }
        if how.adversary:
            languages = nn.Linear(how.size, n_sources + 1)  # the last one is the target's
            self.modules["languages"] = nn.Sequential(_features(how.size, how.size), languages)

    def __call__(self, step: StepInput) -> Loss:
        sums: dict[str, list[torch.Tensor]] = {"tags": [], "gate": [], "languages": [], "student": []}
        for stream in step.streams.values():
            labelled = stream is step.first
            mixture, gate = self.mixture(stream.word_states)
            weights = stream.weights if labelled else torch.ones_like(stream.weights)
            languages = stream.pairs % self.n_sources if labelled else torch.full_like(stream.pairs, self.n_sources)
            if labelled:
                sums["tags"].append(soft_cross_entropy(mixture, stream.targets, weights))
                sums["gate"].append(cross_entropy(gate, languages[stream.rows]))
            if self.how.adversary:
                sums["languages"].append(self._discriminated(stream, languages))
            sums["student"].append(soft_cross_entropy(stream.logits, mixture.detach().softmax(-1), weights))
        parts = {n: torch.stack(values).mean() for n, values in sums.items() if values}
        rise = min(1.0, step.done / _RISE)
        total = parts["tags"] + self.how.gate * parts["gate"] + self.how.student * rise * parts["student"]
        # Reversed on the way to the encoder; the discriminator itself learns at full strength.
        return total + parts.get("languages", 0), parts

    def mixture(self, states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores of tags and of experts.

        Args:
            states: of words. Shape: (n_words, hidden size).

        Returns:
            Shapes: (n_words, n_tags), (n_words, n_sources).
        """
        experts: Any = self.modules["experts"]
        gate = self.modules["gate"](states)
        private = torch.stack([expert(states) for expert in experts], dim=1)
        mixed = (gate.softmax(-1)[..., None] * private).sum(1)
        return self.modules["tags"](torch.cat([self.modules["shared"](states), mixed], dim=-1)), gate

    def _discriminated(self, stream: StreamInput, languages: torch.Tensor) -> torch.Tensor:
        """The loss of telling the language of each window from the mean of its words' shared features."""
        shared = reversed_gradient(self.modules["shared"](stream.word_states), self.how.adversary)
        n_windows = len(stream.ids)
        sums = torch.zeros(n_windows, shared.shape[1], device=shared.device).index_add(0, stream.rows, shared)
        counts = torch.bincount(stream.rows, minlength=n_windows).clamp_min(1)[:, None]
        answers = self.modules["languages"](sums / counts)
        return cross_entropy(answers, languages)


def _features(inner: int, outer: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inner, outer), nn.ReLU())
