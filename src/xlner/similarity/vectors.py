"""Sentences as vectors: the mean over their subwords, from any layer of any encoder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from xlner.encoder.words import word_pieces
from xlner.errors import OptionError

_CHUNK = 512


class SentenceEncoder:
    """One vector per sentence: the mean of its subword vectors in one layer. Loaded when first used.

    The embedded encoder has no trained pooler, and most others have none that is worth much for sentences that nobody
    trained it on, so the mean it is. Special tokens are left out.

    Args:
        encoder: "embedded", a folder or a hub id.
        layer: hidden layer, 0 being the embeddings; None takes the one 7/12 of the way up (7 for the embedded one).
        device: a torch device name; None takes an accelerator if there is one.
        precision: "auto", "fp32", "bf16" or "int8"; see `SubwordEncoder`.
        excerpt: of raw text, so many subwords of each sentence are enough to know its language by; 0 reads whole
            sentences. The last word is never cut. Bitext is always read whole.
    """

    def __init__(
        self,
        encoder: str = "embedded",
        *,
        layer: int | None = None,
        device: str | None = None,
        precision: str = "auto",
        excerpt: int = 16,
    ) -> None:
        if layer is not None and layer < 0:
            raise OptionError("layer", f"must be at least 0, got {layer}")
        if excerpt < 0:
            raise OptionError("excerpt", f"must be at least 0 subwords, got {excerpt}")
        self.encoder, self.excerpt = str(encoder), excerpt
        self._settings: dict[str, Any] = {"layers": None if layer is None else (layer,), "device": device}
        self._settings["precision"] = precision
        self._model: Any = None
        self._tokenizer: Any = None

    @property
    def layer(self) -> int:
        """The layer that is read. Loads the encoder."""
        return int(self._loaded().layers[0])

    def vectors(self, sentences: Sequence[Sequence[str]], *, whole: bool = False) -> np.ndarray:
        """Mean-pooled vectors.

        Args:
            sentences: each with at least one word.
            whole: read all of each sentence, however `excerpt` is set.

        Returns:
            Shape: (n_sentences, n_dimensions), float32.
        """
        import torch

        model = self._loaded()
        out = []
        for start in range(0, len(sentences), _CHUNK):
            chunk = sentences[start : start + _CHUNK]
            encoded = model.encode(chunk if whole or not self.excerpt else self._excerpts(chunk))
            sums = encoded.vectors.new_zeros((len(chunk), encoded.vectors.shape[1]))
            counts = torch.from_numpy(np.diff(encoded.starts)).to(sums.device)[:, None].clamp_min(1)
            out.append((sums.index_add_(0, encoded.sentences(), encoded.vectors) / counts).cpu().numpy())
        return np.concatenate(out) if out else np.zeros((0, 1), np.float32)

    def subwords(self, sentences: Sequence[Sequence[str]]) -> Counter[str]:
        """How often each subword occurs, the unknown one left out. Needs the tokenizer only."""
        if self._tokenizer is None:
            from xlner.encoder import shared_tokenizer

            self._tokenizer = self._model.tokenizer if self._model is not None else shared_tokenizer(self.encoder)
        words = Counter(w for sentence in sentences for w in sentence)
        counts: Counter[int] = Counter()
        for pieces, times in zip(word_pieces(self._tokenizer, list(words)), words.values(), strict=True):
            for i in pieces.ids:
                counts[i] += times
        del counts[self._tokenizer.unk_token_id]
        names = self._tokenizer.convert_ids_to_tokens(list(counts))
        return Counter(dict(zip(names, counts.values(), strict=True)))

    def _excerpts(self, sentences: Sequence[Sequence[str]]) -> list[Sequence[str]]:
        """The first words of each sentence, until they have as many subwords as an excerpt."""
        out = []
        for words, (_, word_of) in zip(sentences, self._loaded().pieces(sentences), strict=True):
            out.append(words[: int(word_of[self.excerpt - 1]) + 1] if len(word_of) > self.excerpt else words)
        return out

    def _loaded(self) -> Any:
        if self._model is None:
            from xlner.align.subwords import SubwordEncoder

            self._model = SubwordEncoder(self.encoder, **self._settings)
        return self._model
