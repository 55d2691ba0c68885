"""What a training minimises: a function from what one step shows to a loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from xlner.train.batches import Batch

Loss = torch.Tensor | tuple[torch.Tensor, Mapping[str, torch.Tensor]]


@dataclass(frozen=True, slots=True)
class StreamInput:
    """What one step shows of one stream.

    Args:
        logits: scores of the words' tags. Shape: (n_words, n_tags), float32.
        hidden: states of the encoder's last layer, if the objective wants them, else None. Shape: (n_windows, longest,
            hidden size), float32.
        ids: subword ids, for an objective with a model of its own. Shape: (n_windows, longest), int64.
        mask: 1 where there is a subword. Shape: (n_windows, longest).
        rows: window of each word. Shape: (n_words,).
        columns: position of each word's first subword in its window. Shape: (n_words,).
        targets: tag probabilities, or what `Objective.prepare` made of them. Shape: (n_words, n_tags).
        weights: how much each word counts; 0 masks it. Shape: (n_words,).
        pairs: number of each window's pair, -1 for none; windows of a pair come in the order of its sentences. Shape:
            (n_windows,).
        states: of the embeddings and of every layer, if the objective wants hidden states, else none. Shape of each:
            (n_windows, longest, hidden size).
    """

    logits: torch.Tensor
    hidden: torch.Tensor | None
    ids: torch.Tensor
    mask: torch.Tensor
    rows: torch.Tensor
    columns: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor
    pairs: torch.Tensor
    states: tuple[torch.Tensor, ...] = ()

    @property
    def word_states(self) -> torch.Tensor:
        """Hidden state of each word's first subword. Shape: (n_words, hidden size)."""
        return self._hidden()[self.rows, self.columns]

    @property
    def sentence_states(self) -> torch.Tensor:
        """Mean hidden state of each window's subwords. Shape: (n_windows, hidden size)."""
        mask = self.mask[..., None].float()
        return (self._hidden() * mask).sum(1) / mask.sum(1)

    def _hidden(self) -> torch.Tensor:
        if self.hidden is None:
            raise ValueError("an objective that reads hidden states has wants_hidden = True")
        return self.hidden


@dataclass(frozen=True, slots=True)
class StepInput:
    """What an objective sees of one step.

    Args:
        streams: name -> its batch, the first stream first.
        done: share of the training that is done with this step, in (0, 1].
    """

    streams: Mapping[str, StreamInput]
    done: float

    @property
    def first(self) -> StreamInput:
        """The stream that decides the length of an epoch."""
        return next(iter(self.streams.values()))

    def __getitem__(self, name: str) -> StreamInput:
        return self.streams[name]


class Objective(Protocol):
    """From one step to a scalar loss; or to it and parts of it, by name, which are averaged in `metrics.jsonl`.

    A plain function will do. An object may have more attributes:

    - `wants_hidden`: True to be given hidden states, which cost memory.
    - `prepare`: a function from a batch and a random generator to the batch that the model reads instead, such as one
      with masks. The generator is seeded by the step.
    - `modules`: name -> torch module of its own, such as a projection head. They are trained with the tagger,
      checkpointed and resumed, and not saved with the model. Make the objective after seeding, and draw chance from
      torch alone: then a resumed training ends like an undisturbed one.
    - `modules_rate`: their learning rate, as a multiple of the tagger's.
    - `modules_first`: the share of the training in which they learn alone.
    """

    def __call__(self, step: StepInput, /) -> Loss: ...


def wants_hidden(objective: Objective) -> bool:
    """Whether the objective reads hidden states."""
    return bool(getattr(objective, "wants_hidden", False))


def prepared(objective: Objective, batches: Mapping[str, Batch], seed: Sequence[int]) -> Mapping[str, Batch]:
    """The batches of a step as the objective wants the model to read them.

    Args:
        objective: may have `prepare`.
        batches: name of the stream -> batch.
        seed: of the step.
    """
    prepare = getattr(objective, "prepare", None)
    if prepare is None:
        return batches
    rng = np.random.default_rng(seed)
    return {name: prepare(batch, rng) for name, batch in batches.items()}


def modules_of(objective: Objective) -> dict[str, torch.nn.Module]:
    """The modules that the objective brings with it, by name."""
    return dict(getattr(objective, "modules", {}))


def pace_of_modules(objective: Objective) -> tuple[float, float]:
    """`modules_rate`, by default 1, and `modules_first`, by default 0."""
    return float(getattr(objective, "modules_rate", 1.0)), float(getattr(objective, "modules_first", 0.0))


def split_loss(value: Loss) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The scalar and the parts of what an objective gave."""
    return (value, {}) if isinstance(value, torch.Tensor) else (value[0], dict(value[1]))
