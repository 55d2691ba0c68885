"""Words to subword vectors: every subword of every word, from a chosen layer, batched over many sentences."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers.utils import logging as hf_logging

from xlner.align.truncated import Truncated
from xlner.encoder import load_encoder, shared_tokenizer
from xlner.encoder.int8 import cpu_has_int8, to_int8
from xlner.encoder.positions import longest_input
from xlner.encoder.words import special_tokens, word_pieces
from xlner.errors import UsageError
from xlner.tagger.device import PRECISIONS, autocast, pick_device, pick_precision
from xlner.tagger.encode import MAX_PIECES_PER_WORD, pad_batch, token_batches
from xlner.tagger.parallel import in_order

_CACHED_WORDS = 200_000
CENTRE_WINDOW = 50
"""Subwords that a mean is taken over in `centred`; a long text has more than one subject."""


@dataclass(frozen=True)
class SubwordVectors:
    """Vectors of the subwords of many sentences, one sentence after the other.

    Args:
        vectors: one row per subword. Shape: (n_subwords, n_dimensions), float32.
        starts: where each sentence begins in `vectors`, and the end. Shape: (n_sentences + 1,), int64.
        words: index of each subword's word in its sentence. Shape: (n_subwords,), int64.
    """

    vectors: torch.Tensor
    starts: np.ndarray
    words: np.ndarray

    def sentences(self) -> torch.Tensor:
        """Index of the sentence that each row belongs to. Shape: (n_subwords,), int64."""
        sizes = torch.from_numpy(np.diff(self.starts))
        return torch.arange(len(sizes)).repeat_interleave(sizes).to(self.vectors.device)

    def centred(self, window: int = CENTRE_WINDOW) -> SubwordVectors:
        """Each vector less the mean of its sentence, so that what all its words share no longer makes them alike.

        A sentence of one subword stays as it is. In a longer one than `window`, the mean is of so many around each.
        """
        sentence = self.sentences()
        count = torch.bincount(sentence, minlength=len(self.starts) - 1)[:, None]
        sums = self.vectors.new_zeros((len(self.starts) - 1, self.vectors.shape[1]))
        means = sums.index_add_(0, sentence, self.vectors) / count.clamp_min(1) * (count > 1)
        out = self.vectors - means[sentence]
        for k in (np.diff(self.starts) > window).nonzero()[0].tolist():
            low, high = int(self.starts[k]), int(self.starts[k + 1])
            out[low:high] = self.vectors[low:high] - _running_means(self.vectors[low:high], window)
        return SubwordVectors(out, self.starts, self.words)

    def scaled(self) -> SubwordVectors:
        """Each vector at length 1."""
        return SubwordVectors(torch.nn.functional.normalize(self.vectors, dim=-1), self.starts, self.words)

    def averaged(self) -> SubwordVectors:
        """One vector per word, the mean over its subwords."""
        if not len(self.words):
            return self
        sentence = self.sentences().cpu().numpy()
        new = np.ones(len(self.words), bool)
        new[1:] = (self.words[1:] != self.words[:-1]) | (sentence[1:] != sentence[:-1])
        group = torch.from_numpy(np.cumsum(new) - 1).to(self.vectors.device)
        sums = self.vectors.new_zeros((int(new.sum()), self.vectors.shape[1])).index_add_(0, group, self.vectors)
        means = sums / torch.bincount(group)[:, None]
        starts = np.concatenate([[0], np.cumsum(np.bincount(sentence[new], minlength=len(self.starts) - 1))])
        return SubwordVectors(means, starts, self.words[new])


class SubwordEncoder:
    """A pretrained encoder up to one of its layers.

    Layers above the highest one asked for are thrown away. Every distinct sentence is encoded once. Sentences of like
    length share a batch; longer ones than a window go through in overlapping windows, and each subword takes its
    vector from the window in which it stands farther from an edge. A word without any subword, such as a
    zero-width space, gets the unknown token; of a word with more than 48 subwords the first 48 are taken.

    Args:
        encoder: "embedded", a folder or a hub id.
        layers: hidden layers to take, 0 being the embeddings; None takes the one 7/12 of the way up. Several are each
            scaled to length 1 and put side by side, so that a product of two vectors is the sum of the layers' cosines.
        device: a torch device name; None takes an accelerator if there is one.
        precision: "auto", "fp32", "bf16" or, on a CPU, "int8". On a CPU with units for it, "auto" takes int8 for the
            embedded encoder, which aligns as well with it; for others, and elsewhere, what `pick_precision` says.
        max_subwords: window size with special tokens.
        batch_subwords: subwords per batch, padding included; None takes 1024 on a CPU, whose caches it fits, and 16384
            elsewhere.

    Raises:
        ModelError: there is no such encoder, or it has no fast tokenizer.
        UsageError: it has no such layer, or there is no such precision.
    """

    def __init__(
        self,
        encoder: str = "embedded",
        *,
        layers: int | Sequence[int] | None = None,
        device: str | None = None,
        precision: str = "auto",
        max_subwords: int = 256,
        batch_subwords: int | None = None,
    ) -> None:
        self.device = pick_device(device)
        self.batch_subwords = batch_subwords or (1024 if self.device.type == "cpu" else 16384)
        self._embedded = str(encoder) == "embedded"
        self._choice(precision)  # before anything is loaded
        model, self.tokenizer = _load(encoder, self.device)
        depth = int(getattr(model.config, "num_hidden_layers", 0))
        if layers is None:
            layers = max(1, round(depth * 7 / 12))
        layers = (layers,) if isinstance(layers, int) else layers
        if not layers or min(layers) < 0 or max(layers) > depth:
            raise UsageError(f"`layers` is from 0 to {depth} for this encoder; got {list(layers)}")
        self.layers = tuple(layers)
        self._model = Truncated(model, max(self.layers)).to(self.device).eval()
        self.settle(precision)
        self._prefix, self._suffix = special_tokens(self.tokenizer)
        special = len(self._prefix) + len(self._suffix)
        self._room = min(max_subwords, self.tokenizer.model_max_length, longest_input(model.config)) - special
        if self._room < 4:
            raise UsageError(f"`max_subwords`: windows of {max_subwords} subwords are too small; use at least 8")
        ids = (self.tokenizer.unk_token_id, self.tokenizer.pad_token_id, 0)
        self._unknown: int = next(i for i in ids if i is not None)
        self._pieces: dict[str, list[int]] = {}

    def settle(self, precision: str) -> None:
        """Bring weights that are in fp32 into the precision that they are to be read in. They cannot be trained then.

        Raises:
            UsageError: there is no such precision on this device.
        """
        int8, self.dtype = self._choice(precision)
        if int8:
            to_int8(self._model)
        if self.dtype is not None:  # autocast would cast them anew for every batch
            for linear in self._model.modules():
                if isinstance(linear, torch.nn.Linear):
                    linear.to(self.dtype)

    def _choice(self, precision: str) -> tuple[bool, torch.dtype | None]:
        """Whether to read in int8, and else the autocast type."""
        on_cpu = self.device.type == "cpu"
        if precision not in (*PRECISIONS, "int8"):
            raise UsageError(f"`precision` is one of {', '.join(PRECISIONS)}, int8; got '{precision}'")
        if precision == "int8" and not on_cpu:
            raise UsageError(f"`precision int8` is for a CPU; on {self.device.type} take bf16 or fp32")
        if precision == "int8" or (precision == "auto" and self._embedded and on_cpu and cpu_has_int8()):
            return True, None
        return False, pick_precision(precision, self.device)[0]

    def layer_weights(self) -> dict[str, torch.nn.Parameter]:
        """Weights of the layers by name; those of the embeddings are left out, which are most of a small encoder's."""
        network = self._model.model
        given = network.get_input_embeddings()
        embeddings = {id(p) for m in (given, getattr(network, "embeddings", given)) for p in m.parameters()}
        return {name: p for name, p in self._model.named_parameters() if id(p) not in embeddings}

    def train_only(self, parameters: Sequence[torch.nn.Parameter]) -> None:
        """Let these weights have gradients, and no others."""
        self._model.requires_grad_(False)
        for parameter in parameters:
            parameter.requires_grad_(True)

    def embeddings_checksum(self) -> str:
        """Tells these input embeddings from others."""
        weights: torch.Tensor = self._model.model.get_input_embeddings().weight
        return f"{zlib.crc32(weights.detach().float().cpu().contiguous().numpy().data):08x}"

    def states(
        self, sentences: Sequence[Sequence[str]], dtype: torch.dtype | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors of one batch of sentences, to train with; the weights must be in fp32.

        Args:
            sentences: with a word each; what is longer than a window is cut.
            dtype: autocast type; None is fp32.

        Returns:
            Vectors as `encode` gives them, padded, and the word that each belongs to, -1 in the padding. Shapes:
            (n_sentences, longest, n_dimensions * n_layers), float32, and (n_sentences, longest), int64.
        """
        pieces = [(ids[: self._room], words[: self._room]) for ids, words in self.pieces(sentences)]
        hidden = self._hidden([np.concatenate([self._prefix, ids, self._suffix]).astype(np.int64) for ids, _ in pieces],
                              dtype)  # fmt: skip
        first = len(self._prefix)
        words = np.full((len(pieces), max(len(of_word) for _, of_word in pieces)), -1)
        for row, (_, of_word) in zip(words, pieces, strict=True):
            row[: len(of_word)] = of_word
        return hidden[:, first : first + words.shape[1]], torch.from_numpy(words).to(self.device)

    def encode(self, sentences: Sequence[Sequence[str]]) -> SubwordVectors:
        """Vectors of all subwords of all sentences, in order."""
        self._learn(sentences)
        pieces, words = zip(*map(self._split, sentences), strict=True) if sentences else ((), ())
        starts = np.cumsum([0, *(len(p) for p in pieces)])
        windows = [w for start, p in zip(starts, pieces, strict=False) for w in self._windows(p, int(start))]
        vectors: torch.Tensor | None = None
        batches = token_batches([len(ids) for ids, _, _ in windows], self.batch_subwords)
        states = in_order(lambda batch: self._hidden([windows[i][0] for i in batch], self.dtype), batches, self.device)
        for batch, hidden in zip(batches, states, strict=True):
            if vectors is None:
                vectors = hidden.new_empty((int(starts[-1]), hidden.shape[-1]))
            from_ = np.concatenate([row * hidden.shape[1] + windows[i][1] for row, i in enumerate(batch)])
            to = np.concatenate([windows[i][2] for i in batch])
            vectors[torch.from_numpy(to)] = hidden.flatten(0, 1)[torch.from_numpy(from_)]
        if vectors is None:
            vectors = torch.zeros((0, 1), device=self.device)
        joined = np.concatenate(words) if words else np.zeros(0, np.int64)
        return SubwordVectors(vectors, starts, joined)

    def pieces(self, sentences: Sequence[Sequence[str]]) -> list[tuple[np.ndarray, np.ndarray]]:
        """Subword ids of each sentence and the word each belongs to, special tokens left out. Shapes: (n_subwords,)."""
        self._learn(sentences)
        return [self._split(words) for words in sentences]

    def _learn(self, sentences: Sequence[Sequence[str]]) -> None:
        if len(self._pieces) > _CACHED_WORDS:
            self._pieces.clear()
        new = sorted({w for words in sentences for w in words if w not in self._pieces})
        for word, split in zip(new, word_pieces(self.tokenizer, new), strict=True):
            self._pieces[word] = split.ids[:MAX_PIECES_PER_WORD] or [self._unknown]

    def _split(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        pieces = [self._pieces[w] for w in words]
        ids = np.array([i for p in pieces for i in p], np.int64)
        return ids, np.repeat(np.arange(len(words)), [len(p) for p in pieces])

    def _windows(self, pieces: np.ndarray, start: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Windows of one sentence: ids, positions in the window to read, rows of the result to write."""
        out = []
        n, room = len(pieces), self._room
        step = max(1, room - room // 4)
        lows = [0] if n <= room else [*range(0, n - room, step), n - room]
        start_of_owned = 0
        for k, low in enumerate(lows if n else []):
            high = min(n, low + room)
            end = n if k + 1 == len(lows) else (lows[k + 1] + high) // 2
            ids = np.concatenate([self._prefix, pieces[low:high], self._suffix]).astype(np.int64)
            owned = np.arange(start_of_owned, end)
            out.append((ids, owned - low + len(self._prefix), owned + start))
            start_of_owned = end
        return out

    def _hidden(self, windows: Sequence[np.ndarray], dtype: torch.dtype | None) -> torch.Tensor:
        """Hidden states of a batch. Shape: (n_windows, longest, n_dimensions * n_layers), float32."""
        ids, mask = pad_batch(windows, self.tokenizer.pad_token_id or 0)
        with autocast(self.device, dtype):
            states = self._model(torch.from_numpy(ids).to(self.device), torch.from_numpy(mask).to(self.device))
        chosen = [states[layer].float() for layer in self.layers]
        if len(chosen) == 1:
            return chosen[0]
        return torch.cat([torch.nn.functional.normalize(h, dim=-1) for h in chosen], dim=-1)


def _running_means(vectors: torch.Tensor, window: int) -> torch.Tensor:
    """The mean of the `window` vectors around each; at the ends, of the first and of the last ones. Shape: as given."""
    exact = (vectors.cpu() if vectors.device.type == "mps" else vectors).double()  # Apple's GPUs know no float64
    sums = torch.nn.functional.pad(exact.cumsum(0), (0, 0, 1, 0))
    first = (torch.arange(len(exact), device=exact.device) - window // 2).clamp(0, len(exact) - window)
    return ((sums[first + window] - sums[first]) / window).to(vectors)


def _load(encoder: str, device: torch.device) -> tuple[Any, Any]:
    attention = "eager" if device.type == "cpu" else "sdpa"  # sentences are short: on a CPU plain attention is faster
    level = hf_logging.get_verbosity()
    hf_logging.set_verbosity_error()  # heads and poolers left behind are no news here
    try:
        model = load_encoder(encoder, dtype=torch.float32, attn_implementation=attention)
    finally:
        hf_logging.set_verbosity(level)
    return model, shared_tokenizer(encoder)
