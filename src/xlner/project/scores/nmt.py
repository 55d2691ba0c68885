"""NMT score: how probable a translation model finds entity and candidate as translations of each other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch

from xlner.errors import ModelError
from xlner.project.pair import Pair
from xlner.tagger.device import pick_device
from xlner.tagger.encode import token_batches

_DROPPED = 0.1


class NmtScorer:
    """NMTScore of strings, direct and normalised, with any sequence-to-sequence model of transformers.

        P(A|B) = geometric mean of the probabilities of A's tokens given B
        score = (P(A|B) / P(A|A) + P(B|A) / P(B|B)) / 2,    0 if it is 0.1 or less

    Every distinct pair of strings is scored once and remembered. Entities and candidates are scored without their
    sentences, so the cost grows with the number of candidates: prefer `aligned` or `ner` candidates.

    Args:
        model: a folder or hub id, such as facebook/nllb-200-distilled-600M (its weights are non-commercial).
        source_language: the model's own code of the source language, such as eng_Latn; None for models without codes.
        target_language: likewise.
        device: a torch device name.
        batch_tokens: padded tokens per batch.

    Raises:
        ModelError: there is no such model.

    Reference: Vamvas and Sennrich, "NMTScore", Findings of EMNLP 2022, equations 1 to 3.
    """

    def __init__(
        self,
        model: str,
        *,
        source_language: str | None = None,
        target_language: str | None = None,
        device: str | None = None,
        batch_tokens: int = 4096,
    ) -> None:
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

        self.device = pick_device(device)
        try:
            self.model: Any = AutoModelForSeq2SeqLM.from_pretrained(model, dtype=torch.float32, use_safetensors=True)
            self.tokenizer: Any = AutoTokenizer.from_pretrained(model)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ModelError(f"no translation model at '{model}': {str(error).splitlines()[0]}") from None
        self.model.to(self.device).eval()
        self.languages = (source_language, target_language)
        self.batch_tokens = batch_tokens
        self._known: dict[tuple[str, str, bool, bool], float] = {}

    def __call__(self, pairs: Sequence[Pair], candidates: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Scores of all pairs. One array per pair. Shape: (n_entities, n_candidates), float64."""
        names = [[" ".join(p.source.words[e.start : e.end]) for e in p.entities] for p in pairs]
        texts = [[" ".join(p.target.words[s:t]) for s, t in c.tolist()] for p, c in zip(pairs, candidates, strict=True)]
        self.learn((a, b) for n, t in zip(names, texts, strict=True) for a in n for b in t)
        return [
            np.array([[self.score(a, b) for b in t] for a in n], float).reshape(len(n), len(t))
            for n, t in zip(names, texts, strict=True)
        ]

    def score(self, entity: str, candidate: str) -> float:
        """NMTScore of a source string and a target string."""
        if not entity.strip() or not candidate.strip():
            return 0.0
        self.learn([(entity, candidate)])
        there = self._known[candidate, entity, True, False] - self._known[candidate, candidate, True, True]
        back = self._known[entity, candidate, False, True] - self._known[entity, entity, False, False]
        value = (math.exp(min(there, 50.0)) + math.exp(min(back, 50.0))) / 2
        return value if value > _DROPPED else 0.0

    def learn(self, strings: Iterable[tuple[str, str]]) -> None:
        """Compute what `score` needs for pairs of a source and a target string, in batches."""
        wanted: dict[tuple[str, str, bool, bool], None] = {}
        for a, b in strings:
            if a.strip() and b.strip():
                for key in ((b, a, True, False), (b, b, True, True), (a, b, False, True), (a, a, False, False)):
                    if key not in self._known:
                        wanted[key] = None
        for sides in ((True, False), (True, True), (False, True), (False, False)):
            self._measure([key for key in wanted if key[2:] == sides], *sides)

    @torch.inference_mode()
    def _measure(self, keys: Sequence[tuple[str, str, bool, bool]], to_target: bool, from_target: bool) -> None:
        """Mean log probability of the tokens of the first string given the second, for keys of one direction."""
        if not keys:
            return
        outputs = self._ids([k[0] for k in keys], language=self.languages[to_target], output=True)
        inputs = self._ids([k[1] for k in keys], language=self.languages[from_target], output=False)
        lengths = [len(o) + len(i) for o, i in zip(outputs, inputs, strict=True)]
        for batch in token_batches(lengths, self.batch_tokens):
            given, mask = self._padded([inputs[i] for i in batch])
            wanted, counted = self._padded([outputs[i] for i in batch])
            labels = wanted.masked_fill(counted == 0, -100)
            logits = self.model(input_ids=given, attention_mask=mask, labels=labels).logits.float()
            found = logits.log_softmax(-1).gather(-1, wanted[..., None])[..., 0]
            if self.languages[to_target] is not None:
                counted[:, 0] = 0  # the language code is given, not translated
            means = (found * counted).sum(1) / counted.sum(1).clamp(min=1)
            for row, i in enumerate(batch):
                self._known[keys[i]] = float(means[row])

    def _ids(self, texts: Sequence[str], *, language: str | None, output: bool) -> list[list[int]]:
        if language is not None:
            setattr(self.tokenizer, "tgt_lang" if output else "src_lang", language)
        return self.tokenizer(**{"text_target" if output else "text": list(texts)})["input_ids"]

    def _padded(self, rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids and mask. Shapes: (n_rows, longest), int64."""
        longest = max(1, *(len(r) for r in rows))
        pad = self.tokenizer.pad_token_id or 0
        ids = torch.tensor([[*r, *[pad] * (longest - len(r))] for r in rows], device=self.device)
        mask = torch.tensor([[1] * len(r) + [0] * (longest - len(r)) for r in rows], device=self.device)
        return ids, mask
