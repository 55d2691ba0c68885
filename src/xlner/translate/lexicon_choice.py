"""Which of several translations of a word to take. Apart from `lexicon`, since this needs torch."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch

from xlner.encoder import load_encoder, shared_tokenizer
from xlner.encoder.positions import longest_input
from xlner.encoder.words import special_tokens, word_pieces
from xlner.tagger.device import pick_device
from xlner.tagger.encode import pad_batch, token_batches
from xlner.translate.dictionary import Entry

# Chosen on NTREX, English to Spanish, Dutch and German, lines 1001 to 1500, by how often the choice stands in the
# reference; a cosine is between -1 and 1, a logarithm of a probability about -4 to -12 for each subword.
_FREQUENCY, _HEAD, _CONTEXT = 0.3, 1.0, 2.0
_RARE = -10.0  # logarithm of the probability of a subword, where the tokenizer tells none
_CELLS = 4096  # padded subwords of a batch

Asked = tuple[int, int, str]  # first word, word behind the last, head


class Chooser:
    """Weighs translations by votes, by frequency, and by their distance in an encoder.

    The frequency of a text is that of its subwords, which a unigram tokenizer knows from the text it was made for.

    Args:
        encoder: "embedded", a folder or a hub id.
        device: a torch device name; None chooses.
    """

    def __init__(self, encoder: str, *, device: str | None = None) -> None:
        self.encoder, self.device = encoder, pick_device(device)
        self._prior: dict[str, tuple[list[str], np.ndarray]] = {}  # head -> translations and their weights
        self._static: dict[str, tuple[np.ndarray, float]] = {}  # text -> unit vector, logarithm of its probability
        self._alone: dict[str, np.ndarray] = {}  # text -> unit vector of the text by itself, contextual

    @property
    def version(self) -> str:
        """Of the weights."""
        table = self._table
        sample = table[:: max(1, len(table) // 1000)].double().sum().item()
        return f"{tuple(table.shape)} {sample:.6f} {self._scores is not None}"

    def static(self, heads: Iterable[str], entries: Mapping[str, Entry]) -> dict[str, str]:
        """The best translation of each head, whatever the sentence."""
        wanted = sorted(set(heads))
        self._learn(wanted, entries)
        return {head: self._prior[head][0][int(self._prior[head][1].argmax())] for head in wanted}

    def in_context(
        self, sentences: Sequence[Sequence[str]], asked: Sequence[Sequence[Asked]], entries: Mapping[str, Entry]
    ) -> list[list[str]]:
        """The best translation of each head in its sentence, by the vectors of its words there.

        Args:
            sentences: words of each.
            asked: heads of each sentence.
            entries: heads and their translations.
        """
        self._learn(sorted({head for row in asked for _, _, head in row}), entries)
        open_ = [[a for a in row if len(self._prior[a[2]][0]) > 1] for row in asked]
        new = {t for row in open_ for _, _, head in row for t in self._prior[head][0]} - self._alone.keys()
        texts = sorted(new)
        alone = self._encode([t.split() for t in texts])
        self._alone.update({t: _unit(v.mean(0)) for t, v in zip(texts, alone, strict=True)})
        here = self._encode([words if row else [] for words, row in zip(sentences, open_, strict=True)])
        out = []
        for sentence_heads, vectors in zip(asked, here, strict=True):
            best = []
            for start, end, head in sentence_heads:
                translations, weights = self._prior[head]
                if len(translations) > 1:
                    near = np.array([self._alone[t] for t in translations]) @ _unit(vectors[start:end].mean(0))
                    weights = weights + _CONTEXT * near
                best.append(translations[int(weights.argmax())])
            out.append(best)
        return out

    def _learn(self, heads: Sequence[str], entries: Mapping[str, Entry]) -> None:
        new = [h for h in heads if h not in self._prior]
        self._look_up({t for h in new for t in (h, *entries[h].translations) if len(entries[h].translations) > 1})
        for head in new:
            translations = list(entries[head].translations)
            weights = np.zeros(len(translations))
            if len(translations) > 1:
                for n, t in enumerate(translations):
                    vector, probability = self._static[t]
                    near = float(vector @ self._static[head][0])
                    votes = math.log(entries[head].translations[t])
                    weights[n] = votes + _FREQUENCY * probability + _HEAD * near
            self._prior[head] = translations, weights

    def _look_up(self, texts: Iterable[str]) -> None:
        new = sorted(set(texts) - self._static.keys())
        words = sorted({w for t in new for w in t.split()})
        pieces = dict(zip(words, (p.ids for p in word_pieces(self._tokenizer, words)), strict=True))
        for text in new:
            ids = [i for w in text.split() for i in pieces[w]]
            vector = (self._table[ids].numpy() - self._mean).mean(0) if ids else np.zeros(self._table.shape[1])
            scores = [_RARE if self._scores is None else self._scores[i] for i in ids]
            self._static[text] = _unit(vector), float(sum(scores))

    def _encode(self, sentences: Sequence[Sequence[str]]) -> list[np.ndarray]:
        """A vector for each word, from the layer 7/12 of the way up. Shapes: (n_words, n_dimensions)."""
        every = sorted({w for words in sentences for w in words})
        pieces = dict(zip(every, (p.ids for p in word_pieces(self._tokenizer, every)), strict=True))
        before, after = special_tokens(self._tokenizer)
        room = _room(self._tokenizer, self._model) - len(before) - len(after)
        chunks: list[tuple[int, int, list[list[int]]]] = []  # sentence, its first word here, pieces of its words
        for n, words in enumerate(sentences):
            start = 0
            chunk: list[list[int]] = []
            for i, w in enumerate(words):
                split = pieces[w][:room] or [self._tokenizer.unk_token_id]
                if chunk and sum(len(p) for p in chunk) + len(split) > room:
                    chunks.append((n, start, chunk))
                    start, chunk = i, []
                chunk.append(split)
            chunks += [(n, start, chunk)] if chunk else []
        rows = [np.array([*before, *(i for ids in chunk for i in ids), *after], np.int64) for _, _, chunk in chunks]
        out = [np.zeros((len(words), self._table.shape[1]), np.float32) for words in sentences]
        for batch in token_batches([len(r) for r in rows], _CELLS):
            ids, mask = (torch.from_numpy(a).to(self.device) for a in pad_batch([rows[i] for i in batch], 0))
            with torch.inference_mode():
                states = self._model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
            hidden = states[round((len(states) - 1) * 7 / 12)].float().cpu().numpy()
            for row, index in enumerate(batch):
                n, word, chunk = chunks[index]
                at = len(before)
                for ids_of_word in chunk:
                    out[n][word] = hidden[row, at : at + len(ids_of_word)].mean(0)
                    at, word = at + len(ids_of_word), word + 1
        return out

    @cached_property
    def _model(self) -> Any:
        return load_encoder(self.encoder, dtype=torch.float32).to(self.device)

    @cached_property
    def _tokenizer(self) -> Any:
        return shared_tokenizer(self.encoder)

    @cached_property
    def _table(self) -> torch.Tensor:
        """Vectors of the subwords. Shape: (n_subwords, n_dimensions), float32."""
        return self._model.get_input_embeddings().weight.detach().cpu().float()

    @cached_property
    def _mean(self) -> np.ndarray:
        return self._table.mean(0).numpy()

    @cached_property
    def _scores(self) -> list[float] | None:
        """Logarithm of the probability of each subword, if the tokenizer tells it."""
        model = json.loads(self._tokenizer.backend_tokenizer.to_str())["model"]
        if model.get("type") != "Unigram":
            return None
        scores = [score for _, score in model["vocab"]]
        return [*scores, *[min(scores)] * (len(self._table) - len(scores))]


def _room(tokenizer: Any, model: Any) -> int:
    return min(longest_input(model.config), int(tokenizer.model_max_length), 512) - 2  # for what stands at its edges


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)
