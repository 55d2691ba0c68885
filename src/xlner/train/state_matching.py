"""Hidden states as a teacher: a student with fewer layers learns what the layers left to it gave in the whole model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import layer_norm, mse_loss

from xlner.tagger.device import autocast
from xlner.train.objective import Loss, Objective, StepInput, StreamInput, modules_of, split_loss


class StateMatching:
    """An objective, and beside it the distance between hidden states of the student and of the model it was cut from.

    Layer i of the student came from layer `numbers[i]` of the whole model, and is to give what that one gives. States
    are brought to mean 0 and variance 1 first, so that the weight means the same for every encoder; what counts is the
    mean squared difference over subwords and layers.

    Args:
        objective: what is learnt otherwise; the two losses are added.
        whole: the model that the student was cut from, with the same vocabulary; it is read and stays as it is.
        numbers: which of its layers the student has, from 0.
        weight: of the distance.
        dtype: that the whole model multiplies in; None for plain fp32.

    Reference: Jiao et al., Findings of EMNLP 2020 (TinyBERT: states of matched layers by squared error); Sanh et al.,
        2019 (DistilBERT: a student made of its teacher's layers).

    Limits: The whole model reads every batch too, which costs about a third of the step. Layers that are kept as
        pretrained cannot come nearer.
    """

    wants_hidden = True

    def __init__(
        self, objective: Objective, whole: Any, numbers: Sequence[int], *, weight: float, dtype: torch.dtype | None
    ) -> None:
        self.modules = modules_of(objective)
        self.objective, self.weight = objective, weight
        self._whole = whole.eval().requires_grad_(False)
        self._numbers, self._dtype = tuple(numbers), dtype

    def __call__(self, step: StepInput) -> Loss:
        value, parts = split_loss(self.objective(step))
        distances = torch.stack([self._distance(stream) for stream in step.streams.values()])
        return value + self.weight * distances.mean(), {**parts, "states": distances.mean()}

    def _distance(self, stream: StreamInput) -> torch.Tensor:
        with torch.no_grad(), autocast(stream.ids.device, self._dtype):
            out = self._whole(input_ids=stream.ids, attention_mask=stream.mask, output_hidden_states=True)
        real = stream.mask.bool()
        pairs = zip(stream.states[1:], (out.hidden_states[i + 1] for i in self._numbers), strict=True)
        size = stream.states[0].shape[-1:]
        gaps = [
            mse_loss(layer_norm(ours[real].float(), size), layer_norm(theirs[real].float(), size))
            for ours, theirs in pairs
        ]
        return torch.stack(gaps).mean()
