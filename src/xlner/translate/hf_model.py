"""A translation model at work in torch. Apart from `hf`, since this needs torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from xlner.tagger.device import pick_device, pick_precision
from xlner.translate.sequence_model import SequenceModel, explained


class Model(SequenceModel):
    """A model of transformers.

    Args:
        name: folder or hub id.
        beams: width of the beam search.
        batch_subwords: padded subwords per batch.
        device: None chooses.
        precision: auto, fp32 or bf16.

    Raises:
        ModelError: it cannot be loaded, or is no translation model.
    """

    def __init__(self, name: str, *, beams: int, batch_subwords: int, device: str | None, precision: str) -> None:
        super().__init__(name, batch_subwords=batch_subwords)
        self.beams, self.device = beams, pick_device(device)
        self._autocast = pick_precision(precision, self.device)[0]
        self.model = self._load()

    @property
    def ends(self) -> set[int]:
        """Subwords that end a translation."""
        eos = self.model.generation_config.eos_token_id
        return set(eos if isinstance(eos, list) else [eos])

    def generate_ids(self, ids: Sequence[Sequence[int]], room: int) -> list[list[int]]:
        """Subwords of the translations of a batch. See `SequenceModel.generate_ids`."""
        width = max(map(len, ids))
        pad = self.tokenizer.pad_token_id
        inputs = torch.tensor([[*i, *[pad] * (width - len(i))] for i in ids], device=self.device)
        mask = torch.tensor([[1] * len(i) + [0] * (width - len(i)) for i in ids], device=self.device)
        chosen: dict[str, Any] = {} if self._first is None else {"forced_bos_token_id": self._first}
        cast = torch.autocast(self.device.type, self._autocast or torch.bfloat16, enabled=self._autocast is not None)
        with torch.inference_mode(), cast:
            generated = self.model.generate(
                input_ids=inputs, attention_mask=mask, max_new_tokens=room, num_beams=self.beams, do_sample=False,
                forced_eos_token_id=None, **chosen,
            )  # fmt: skip
        # The first token starts the decoder, and in some models that is the one that ends a sentence.
        return [row[1:].tolist() for row in generated]

    def _load(self) -> Any:
        from transformers import AutoModelForSeq2SeqLM

        with explained(self.where):
            model = AutoModelForSeq2SeqLM.from_pretrained(self.where, use_safetensors=True, trust_remote_code=False)
        model.generation_config.max_length = None  # a limit for each batch is given instead
        return model.to(self.device).eval()
