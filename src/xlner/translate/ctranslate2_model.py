"""A translation model, converted once and run by CTranslate2. Apart from `ctranslate2`, since this needs torch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ctranslate2
from ctranslate2.converters import TransformersConverter

from xlner.core.files import atomic_folder, recover_folder
from xlner.encoder.embedded import cache_folder
from xlner.errors import UsageError
from xlner.translate.sequence_model import SequenceModel, explained

_WEIGHTS = "model.bin"


class ConvertedModel(SequenceModel):
    """A model of transformers in the format of CTranslate2.

    Args:
        name: folder or hub id of the model before its conversion.
        beams: width of the beam search.
        batch_subwords: padded subwords per batch.
        quantisation: int8, float32 or float16.
        device: auto, cpu or cuda.
        threads: of one batch; 0 leaves it to the engine.

    Raises:
        ModelError: it cannot be loaded or converted, or is no translation model.
        XlnerError: the cache cannot be written.
    """

    def __init__(
        self, name: str, *, beams: int, batch_subwords: int, quantisation: str, device: str, threads: int
    ) -> None:
        super().__init__(name, batch_subwords=batch_subwords)
        self.beams = beams
        self.converted = self._convert(quantisation)
        with explained(str(self.converted)):
            self.model = ctranslate2.Translator(
                str(self.converted), device=device, compute_type="default", intra_threads=threads
            )

    def generate_ids(self, ids: Sequence[Sequence[int]], room: int) -> list[list[int]]:
        """Subwords of the translations of a batch. See `SequenceModel.generate_ids`."""
        first: list[str] = [] if self._first is None else self.tokenizer.convert_ids_to_tokens([self._first])
        results = self.model.translate_batch(
            [self.tokenizer.convert_ids_to_tokens(list(i)) for i in ids], target_prefix=[first] * len(ids),
            beam_size=self.beams, max_input_length=0, max_decoding_length=room, return_end_token=True,
        )  # fmt: skip
        return [self.tokenizer.convert_tokens_to_ids(m.hypotheses[0]) for m in results]

    def _convert(self, quantisation: str) -> Path:
        """Where the conversion lies; a whole one from before is taken."""
        owner = f"{self.version} {quantisation} {ctranslate2.__version__}"
        place = cache_folder() / f"ctranslate2-{hashlib.sha256(owner.encode()).hexdigest()[:20]}"
        if not (recover_folder(place) / _WEIGHTS).is_file():
            try:
                with atomic_folder(place) as folder, explained(self.where):
                    _Converter(self.where).convert(str(folder), quantization=quantisation, force=True)
            except UsageError:  # another process was faster, which is as good
                if not (place / _WEIGHTS).is_file():
                    raise
        return place


class _Converter(TransformersConverter):  # type: ignore[misc]  # its package has no types
    """That of CTranslate2, which unpickles nothing, and knows where transformers 5 keeps the languages of M2M100."""

    def load_model(self, model_class: Any, name: str, **values: Any) -> Any:
        return model_class.from_pretrained(name, use_safetensors=True, **values)

    def load_tokenizer(self, tokenizer_class: Any, name: str, **values: Any) -> Any:
        tokenizer = tokenizer_class.from_pretrained(name, **values)
        if languages := getattr(tokenizer, "lang_token_to_id", None):
            every = {**tokenizer.get_vocab(), **languages}
            tokenizer.get_vocab = lambda: every
        return tokenizer
