"""Co-teaching: two students that choose for each other which labels to learn from."""

from __future__ import annotations

import torch

from xlner.tagger.device import autocast
from xlner.tagger.tagger import Tagger
from xlner.train.dropout import use_byte_dropout
from xlner.train.losses import soft_cross_entropy
from xlner.train.objective import Loss, StepInput, StreamInput
from xlner.train.optimizer import trainable
from xlner.train.options import TrainOptions

_RISE = 0.5  # share of the training over which the share that is left out grows


class CoTeaching:
    """Cross-entropy of the tagger and of a peer, each on the words that the other finds easy.

    A network learns what is regular before it learns what is wrong, so labels with a large loss are more often wrong.
    A network that leaves them out by its own loss grows surer of its own errors; two that choose for each other do so
    less. The share left out rises from 0 to `share` over the first half of the training. Words of entities and words
    labelled O are chosen among apart: entities are few and have the larger losses, and would be left out first.

    Args:
        peer: the second student, a tagger of its own; trained beside the first, checkpointed, and not saved.
        options: of the training; say which of its weights are frozen.
        share: of words that are left out in the end, in [0, 1).

    Reference: Han et al., NeurIPS 2018 (co-teaching, algorithm 1). Choosing by words, entities apart, is ours.

    Limits: Twice the time and memory. Two students that start from one teacher differ by dropout alone. The gradients
        of both are clipped together.
    """

    def __init__(self, peer: Tagger, options: TrainOptions, share: float) -> None:
        trainable(peer, options)  # freezes what is to be frozen
        use_byte_dropout(peer.model)
        self.modules: dict[str, torch.nn.Module] = {"peer": peer.model}
        self.share = share
        self._dtype = peer.dtype

    def __call__(self, step: StepInput) -> Loss:
        left_out = self.share * min(1.0, step.done / _RISE)
        student = peer = torch.zeros((), device=step.first.logits.device)
        for stream in step.streams.values():
            answers = stream.logits, self._peer_logits(stream)
            easy = [easy_words(logits, stream.targets, stream.weights, left_out) for logits in answers]
            student = student + soft_cross_entropy(answers[0], stream.targets, stream.weights * easy[1])
            peer = peer + soft_cross_entropy(answers[1], stream.targets, stream.weights * easy[0])
        return student + peer, {"student": student, "peer": peer}

    def _peer_logits(self, stream: StreamInput) -> torch.Tensor:
        """Shape: (n_words, n_tags), float32."""
        with autocast(stream.ids.device, self._dtype):
            out = self.modules["peer"](input_ids=stream.ids, attention_mask=stream.mask)
        logits: torch.Tensor = out.logits.float()[stream.rows, stream.columns]
        return logits


def easy_words(logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor, left_out: float) -> torch.Tensor:
    """1 for the words of a small loss, 0 for those of the largest; entities and O apart.

    Args:
        logits: of the student that chooses. Shape: (n_words, n_tags).
        targets: probabilities, O first. Shape: (n_words, n_tags).
        weights: words of weight 0 are not counted. Shape: (n_words,).
        left_out: share of the words of either kind to leave out, rounded down.

    Returns:
        Shape: (n_words,), float32.
    """
    losses = -(targets * logits.detach().log_softmax(-1)).sum(-1)
    outside = targets.argmax(-1) == 0
    easy = torch.ones_like(weights)
    for kind in (outside, ~outside):
        words = (kind & (weights > 0)).nonzero()[:, 0]
        hardest = losses[words].topk(int(left_out * len(words))).indices
        easy[words[hardest]] = 0
    return easy
