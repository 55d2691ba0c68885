"""A sentence and its translation read each other in some layers, and a model of single sentences learns from that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch

from xlner.errors import ModelError, OptionError
from xlner.tagger.device import autocast
from xlner.tagger.tagger import Tagger
from xlner.train.contrastive import pairs_of
from xlner.train.dropout import BERT_LIKE
from xlner.train.losses import soft_cross_entropy
from xlner.train.objective import Loss, StepInput


def check_fused(kind: str, there: int, wanted: int) -> None:
    """See that an encoder can read pairs in its layers.

    Args:
        kind: its `model_type`.
        there: how many layers it has; 0 is unknown.
        wanted: how many layers there must be, those that are fused and those before them.

    Raises:
        ModelError: its layers cannot.
        OptionError: there are not so many.
    """
    if kind not in BERT_LIKE:
        kinds = ", ".join(sorted(BERT_LIKE))
        raise ModelError(f"an encoder of the kind {kind} cannot read pairs layer by layer; take one of {kinds}")
    if there and wanted > there:
        raise OptionError("fused_layers", f"and those before are {wanted}, but the encoder has {there}")


class Fusion:
    """Cross-entropy of a model that reads pairs, and of the same model on single sentences, which learns from it.

    The layers below `first` read each sentence alone, those from `first` on its pair too, `layers` of them, and the
    rest alone again. Both ways share all weights. The sentences of pairs are read twice: fused, with the loss of the
    known labels; and alone, with the loss of known labels and, at `self_teaching`, of the probabilities that the fused
    pass gives to all words, which makes labels where nobody knows them.

    Args:
        tagger: that learns; its encoder is of BERT's family.
        first: how many layers read each sentence alone at first.
        layers: how many then read pairs.
        self_teaching: share of the soft labels in the loss of single sentences.

    Raises:
        OptionError: there are not so many layers.
        ModelError: the layers of the encoder cannot be made to read pairs.

    Reference: Fang, Wang, Gan, Sun & Liu, AAAI 2021 (FILTER). There the soft labels are those of a model trained
        before, and a translation is read at prediction too.

    Limits: Twice the memory and time of reading single sentences. The fused pass is not wrapped for several processes.
    """

    def __init__(self, tagger: Tagger, *, first: int, layers: int, self_teaching: float) -> None:
        kind, base = tagger.model.config.model_type, cast(Any, tagger.model.base_model)
        every = base.encoder.layer if kind in BERT_LIKE else ()
        check_fused(kind, len(every), first + layers)
        self.tagger, self.self_teaching = tagger, self_teaching
        self._layers = every[first : first + layers]

    def __call__(self, step: StepInput) -> Loss:
        stream = step.first
        tags = soft_cross_entropy(stream.logits, stream.targets, stream.weights)
        left, right = pairs_of(stream.pairs)
        if not len(left):
            return tags, {"tags": tags, "fused": 0 * tags, "self": 0 * tags}
        windows = torch.cat([left, right])
        places = torch.full((len(stream.ids),), -1, device=windows.device)
        places[windows] = torch.arange(len(windows), device=windows.device)
        words = (places[stream.rows] >= 0).nonzero()[:, 0]
        logits = self.fused(stream.ids[windows], stream.mask[windows])
        fused = logits[places[stream.rows[words]], stream.columns[words]]
        of_fused = soft_cross_entropy(fused, stream.targets[words], stream.weights[words])
        taught = soft_cross_entropy(
            stream.logits[words], fused.detach().softmax(-1), torch.ones_like(stream.weights[words])
        )
        apart = soft_cross_entropy(stream.logits[words], stream.targets[words], stream.weights[words])
        paired = of_fused + (1 - self.self_teaching) * apart + self.self_teaching * taught
        # The rest has no translation, and its labels alone teach.
        share = stream.weights[words].sum() / stream.weights.sum().clamp_min(1e-9)
        total = share * (paired - apart) + tags
        return total, {"tags": tags, "fused": of_fused, "self": taught}

    def fused(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Scores of tags when pairs read each other.

        Args:
            ids: subwords of sentences, then those of their translations. Shape: (2 n_pairs, longest).
            mask: 1 where there is a subword. Shape: (2 n_pairs, longest).

        Returns:
            Shape: (2 n_pairs, longest, n_tags), float32.
        """
        with self._reading_pairs(mask), autocast(ids.device, self.tagger.dtype):
            logits: torch.Tensor = self.tagger.model(input_ids=ids, attention_mask=mask).logits
        return logits.float()

    @contextmanager
    def _reading_pairs(self, mask: torch.Tensor) -> Iterator[None]:
        """Meanwhile the fused layers get both sides of each pair as one sequence."""
        both = torch.cat(mask.chunk(2), dim=1)[:, None, None].bool()
        fused_kernel = self.tagger.model.config._attn_implementation == "sdpa"  # takes what is seen; others a summand

        def join(layer: Any, inputs: Any, more: Any) -> Any:
            states, _, *rest = inputs
            seen = both if fused_kernel else (~both).to(states.dtype) * torch.finfo(states.dtype).min
            return (torch.cat(states.chunk(2), dim=1), seen, *rest), more

        def part(layer: Any, inputs: Any, output: torch.Tensor) -> torch.Tensor:
            return torch.cat(output.chunk(2, dim=1))

        hooks = [layer.register_forward_pre_hook(join, with_kwargs=True) for layer in self._layers]
        hooks += [layer.register_forward_hook(part) for layer in self._layers]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
