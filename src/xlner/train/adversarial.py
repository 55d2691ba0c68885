"""A discriminator of two languages, and an encoder that is trained not to let it see which is which."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from xlner.core.types import Sentence
from xlner.tagger.device import autocast
from xlner.tagger.encode import pad_batch, token_batches
from xlner.tagger.tagger import Tagger
from xlner.train.losses import soft_cross_entropy
from xlner.train.objective import Loss, StepInput
from xlner.train.reversal import reversed_gradient

SOURCE, TARGET = "source", "target"  # names of the streams


class Discriminator(nn.Module):
    """From the state of a word to the logit of being target text.

    Args:
        hidden: size of the states.
        size: of the layer between.
    """

    def __init__(self, hidden: int, size: int = 500) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(hidden, size), nn.ReLU(), nn.Linear(size, 1))

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Shapes: (n_words, hidden size) to (n_words,)."""
        logits: torch.Tensor = self.layers(states).squeeze(-1)
        return logits


class Adversarial:
    """Cross-entropy of the tags of labelled source text, and of a discriminator of source and target words.

    The discriminator learns to tell the languages apart by the encoder's states; the encoder gets its gradient turned
    round, and so learns states by which they cannot be told. Both languages count half, however many words they have.

    Two streams are wanted: "source" with labels, and "target".

    Args:
        hidden: size of the encoder's states.
        size: of the discriminator's layer.
        strength: of the turned gradient in the end; it rises as `2 / (1 + exp(-10 t)) - 1` with the share t of the
            training that is done. 0 leaves the encoder alone.

    Reference: Chen et al., ACL 2021 (AdvPicker: a discriminator of words beside the tagger). Ganin & Lempitsky, ICML
        2015 (gradient reversal, and its rise), in the place of their three optimizers.
    """

    wants_hidden = True

    def __init__(self, hidden: int, *, size: int = 500, strength: float = 0.1) -> None:
        self.discriminator = Discriminator(hidden, size)
        self.modules: dict[str, nn.Module] = {"discriminator": self.discriminator}
        self._strength = strength

    def __call__(self, step: StepInput) -> Loss:
        source = step[SOURCE]
        tags = soft_cross_entropy(source.logits, source.targets, source.weights)
        rise = 2 / (1 + math.exp(-10 * step.done)) - 1
        sides = [
            self.discriminator(reversed_gradient(step[name].word_states, self._strength * rise))
            for name in (SOURCE, TARGET)
        ]
        losses = [
            nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(is_target)))
            for is_target, logits in enumerate(sides)
        ]
        language = (losses[0] + losses[1]) / 2
        right = ((sides[0] < 0).float().mean() + (sides[1] > 0).float().mean()) / 2
        return tags + language, {"tags": tags, "language": language, "told_apart": right}


@torch.no_grad()
def target_probabilities(tagger: Tagger, discriminator: Discriminator, sentences: Sequence[Sentence]) -> np.ndarray:
    """How probably each sentence is target text, by the mean over its words.

    Args:
        tagger: whose states the discriminator reads.
        discriminator: trained beside it.
        sentences: each with at least one word.

    Returns:
        Shape: (n_sentences,), float64.
    """
    windows = list(tagger.words.windows([s.words for s in sentences]))
    sums, counts = np.zeros(len(sentences)), np.zeros(len(sentences))
    training = tagger.model.training
    tagger.model.eval()
    for members in token_batches([len(w.ids) for w in windows], tagger.network.batch_subwords):
        batch = [windows[i] for i in members]
        ids, mask = (torch.from_numpy(a).to(tagger.device) for a in pad_batch([w.ids for w in batch], tagger.pad_id))
        with autocast(tagger.device, tagger.dtype):
            out = tagger.model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
        hidden = out.hidden_states[-1].float()
        for row, window in enumerate(batch):
            states = hidden[row, torch.from_numpy(window.positions.astype(np.int64)).to(hidden.device)]
            sums[window.sentence] += discriminator(states).sigmoid().sum().item()
            counts[window.sentence] += len(window.positions)
    tagger.model.train(training)
    return sums / counts
