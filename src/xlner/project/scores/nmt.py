"""NMT score: how probable a translation model finds entity and candidate as translations of each other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch

from xlner.errors import ModelError
from xlner.project.pair import Pair
from xlner.tagger.device import autocast, pick_device, pick_precision
from xlner.tagger.encode import token_batches

_DROPPED = 0.1


class NmtScorer:
    """NMTScore of strings, direct and normalised, with any sequence-to-sequence model of transformers.

        P(A|B) = geometric mean of the probabilities of A's tokens given B
        score = (P(A|B) / P(A|A) + P(B|A) / P(B|B)) / 2,    0 if it is 0.1 or less

    A model of one direction cannot translate a language into itself. With two of them, `model` and `back`, the score is
    (P(A|B) + P(B|A)) / 2, not normalised, and small values stay.

    Every distinct pair of strings is scored once and remembered. Entities and candidates are scored without their
    sentences, so the cost grows with the number of candidates: prefer `aligned` or `ner` candidates.

    Args:
        model: a folder or hub id, such as facebook/nllb-200-distilled-600M (its weights are non-commercial).
        back: another for target to source, where `model` only translates source to target, such as
            Helsinki-NLP/opus-mt-de-en beside opus-mt-en-de.
        source_language: the model's own code of the source language, such as eng_Latn; None for models without codes.
        target_language: likewise.
        device: a torch device name.
        precision: "auto", "fp32" or "bf16", see `pick_precision`.
        batch_tokens: padded tokens per batch; None takes 256 on a CPU, where the logits then fit its caches, else 4096.

    Raises:
        ModelError: there is no such model.

    Reference: Vamvas and Sennrich, "NMTScore", Findings of EMNLP 2022, equations 1 to 3.
    """

    def __init__(
        self,
        model: str,
        *,
        back: str | None = None,
        source_language: str | None = None,
        target_language: str | None = None,
        device: str | None = None,
        precision: str = "auto",
        batch_tokens: int | None = None,
    ) -> None:
        self.device = pick_device(device)
        self.dtype, _ = pick_precision(precision, self.device)
        self.model, self.tokenizer = _loaded(model, self.device)
        self._back = None if back is None else _loaded(back, self.device)
        self.languages = (source_language, target_language)
        self.batch_tokens = batch_tokens or (256 if self.device.type == "cpu" else 4096)
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
        there, back = self._known[candidate, entity, True, False], self._known[entity, candidate, False, True]
        if self._back is not None:
            return (math.exp(there) + math.exp(back)) / 2
        there -= self._known[candidate, candidate, True, True]
        back -= self._known[entity, entity, False, False]
        value = (math.exp(min(there, 50.0)) + math.exp(min(back, 50.0))) / 2
        return value if value > _DROPPED else 0.0

    def learn(self, strings: Iterable[tuple[str, str]]) -> None:
        """Compute what `score` needs for pairs of a source and a target string, in batches."""
        wanted: dict[tuple[str, str, bool, bool], None] = {}
        for a, b in strings:
            if a.strip() and b.strip():
                for key in ((b, a, True, False), (b, b, True, True), (a, b, False, True), (a, a, False, False)):
                    if key not in self._known and (self._back is None or key[2] != key[3]):
                        wanted[key] = None
        for sides in ((True, False), (True, True), (False, True), (False, False)):
            self._measure([key for key in wanted if key[2:] == sides], *sides)

    @torch.inference_mode()
    def _measure(self, keys: Sequence[tuple[str, str, bool, bool]], to_target: bool, from_target: bool) -> None:
        """Mean log probability of the tokens of the first string given the second, for keys of one direction."""
        if not keys:
            return
        model, tokenizer = (self.model, self.tokenizer) if to_target or self._back is None else self._back
        outputs = _ids(tokenizer, [k[0] for k in keys], language=self.languages[to_target], output=True)
        inputs = _ids(tokenizer, [k[1] for k in keys], language=self.languages[from_target], output=False)
        pad = tokenizer.pad_token_id or 0
        lengths = [len(o) + len(i) for o, i in zip(outputs, inputs, strict=True)]
        for batch in token_batches(lengths, self.batch_tokens):
            given, mask = self._padded([inputs[i] for i in batch], pad)
            wanted, counted = self._padded([outputs[i] for i in batch], pad)
            labels = wanted.masked_fill(counted == 0, -100)
            with autocast(self.device, self.dtype):
                logits = model(input_ids=given, attention_mask=mask, labels=labels).logits.float()
            found = logits.gather(-1, wanted[..., None])[..., 0] - logits.logsumexp(-1)
            if self.languages[to_target] is not None:
                counted[:, 0] = 0  # the language code is given, not translated
            means = (found * counted).sum(1) / counted.sum(1).clamp(min=1)
            for row, i in enumerate(batch):
                self._known[keys[i]] = float(means[row])

    def _padded(self, rows: Sequence[Sequence[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids and mask. Shapes: (n_rows, longest), int64."""
        longest = max(1, *(len(r) for r in rows))
        ids = torch.tensor([[*r, *[pad] * (longest - len(r))] for r in rows], device=self.device)
        mask = torch.tensor([[1] * len(r) + [0] * (longest - len(r)) for r in rows], device=self.device)
        return ids, mask


def _loaded(model: str, device: torch.device) -> tuple[Any, Any]:
    """A translation model and its tokenizer."""
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    try:
        network = AutoModelForSeq2SeqLM.from_pretrained(model, dtype=torch.float32, use_safetensors=True)
        tokenizer = AutoTokenizer.from_pretrained(model)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(f"no translation model at '{model}': {str(error).splitlines()[0]}") from None
    return network.to(device).eval(), tokenizer


def _ids(tokenizer: Any, texts: Sequence[str], *, language: str | None, output: bool) -> list[list[int]]:
    if language is not None:
        setattr(tokenizer, "tgt_lang" if output else "src_lang", language)
    return tokenizer(**{"text_target" if output else "text": list(texts)})["input_ids"]
