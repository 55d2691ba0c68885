"""NMTScore of strings with a translation model; see the score `nmt`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch

from xlner.core.types import Sentence, Span
from xlner.encoder.positions import longest_input
from xlner.errors import ModelError, UsageError, first_line
from xlner.project.pair import Pair
from xlner.tagger.device import autocast, pick_device, pick_precision
from xlner.tagger.encode import token_batches

_DROPPED = 0.1
_REMEMBERED = 1_000_000  # probabilities of pairs of strings; then they are forgotten


class NmtScorer:
    """NMTScore of strings, direct and normalised, with any sequence-to-sequence model of transformers.

        P(A|B) = geometric mean of the probabilities of A's tokens given B
        score = (P(A|B) / P(A|A) + P(B|A) / P(B|B)) / 2,    0 if it is 0.1 or less

    A model of one direction cannot translate a language into itself. With two of them, `model` and `back`, the score is
    (P(A|B) + P(B|A)) / 2, not normalised, and small values stay.

    Every distinct pair of strings is scored once and remembered; strings longer than the model's positions score 0.
    Entities and candidates are scored without their sentences, so the cost grows with the number of candidates: prefer
    `aligned` or `ner` candidates.

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
        UsageError: it wants codes of languages and has none, or not these, or it knows no codes.

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
        for name, side in ((model, (self.model, self.tokenizer)), (back, self._back)):
            if side is not None:
                _check_languages(str(name), side[1], self.languages)
        self.batch_tokens = batch_tokens or (256 if self.device.type == "cpu" else 4096)
        self._known: dict[tuple[str, str, bool, bool], float] = {}

    def __call__(self, pairs: Sequence[Pair], candidates: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Scores of all pairs. One array per pair. Shape: (n_entities, n_candidates), float64."""
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        names = [[p.source.surface(e) for e in p.entities] for p in pairs]
        texts = [[_text(p.target, s, t) for s, t in c.tolist()] for p, c in zip(pairs, candidates, strict=True)]
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
        value = (self._part(candidate, entity, True) + self._part(entity, candidate, False)) / 2
        return value if value > _DROPPED or self._back is not None else 0.0

    def _part(self, output: str, given: str, to_target: bool) -> float:
        """P(output|given), over P(output|output) where there is one model; 0 for what is too long for it."""
        given_other = self._known[output, given, to_target, not to_target]
        alone = self._known[output, output, to_target, to_target] if self._back is None else 0.0
        return 0.0 if -math.inf in (given_other, alone) else math.exp(min(given_other - alone, 50.0))

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
        most = longest_input(model.config)
        fits = [k for k, rows in enumerate(zip(outputs, inputs, strict=True)) if max(map(len, rows)) <= most]
        self._known |= dict.fromkeys(keys, -math.inf)
        code = _code(tokenizer, self.languages[to_target])
        for some in token_batches([len(outputs[k]) + len(inputs[k]) for k in fits], self.batch_tokens):
            batch = [fits[k] for k in some]
            given, mask = self._padded([inputs[i] for i in batch], pad)
            wanted, counted = self._padded([outputs[i] for i in batch], pad)
            labels = wanted.masked_fill(counted == 0, -100)
            with autocast(self.device, self.dtype):
                logits = model(input_ids=given, attention_mask=mask, labels=labels).logits.float()
            of_tokens = logits.gather(-1, wanted[..., None])[..., 0] - logits.logsumexp(-1)
            for given_too in code:  # the language code is given, not translated
                counted = counted * (wanted != given_too)
            means = (of_tokens * counted).sum(1) / counted.sum(1).clamp(min=1)
            for row, i in enumerate(batch):
                self._known[keys[i]] = float(means[row])

    def _padded(self, rows: Sequence[Sequence[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids and mask. Shapes: (n_rows, longest), int64."""
        longest = max(1, *(len(r) for r in rows))
        ids = torch.tensor([[*r, *[pad] * (longest - len(r))] for r in rows], device=self.device)
        mask = torch.tensor([[1] * len(r) + [0] * (longest - len(r)) for r in rows], device=self.device)
        return ids, mask


def _text(sentence: Sentence, start: int, end: int) -> str:
    return sentence.surface(Span(start, end, ""))


def _loaded(model: str, device: torch.device) -> tuple[Any, Any]:
    """A translation model and its tokenizer."""
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    try:
        network = AutoModelForSeq2SeqLM.from_pretrained(
            model, dtype=torch.float32, use_safetensors=True, trust_remote_code=False
        )
        tokenizer = AutoTokenizer.from_pretrained(model, trust_remote_code=False)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(f"no translation model at '{model}': {first_line(error)}") from None
    return network.to(device).eval(), tokenizer


def _ids(tokenizer: Any, texts: Sequence[str], *, language: str | None, output: bool) -> list[list[int]]:
    if language is not None:
        setattr(tokenizer, "tgt_lang" if output else "src_lang", language)
    return tokenizer(**{"text_target" if output else "text": list(texts)})["input_ids"]


def _check_languages(model: str, tokenizer: Any, languages: Sequence[str | None]) -> None:
    """Refuse codes where there are none, no codes where they are wanted, and unknown ones."""
    given = [code for code in languages if code is not None]
    if not hasattr(tokenizer, "src_lang"):
        if given:
            raise UsageError(f"`nmt_languages`: {model} knows no codes of languages; leave it out")
        return
    if len(given) < 2:
        raise UsageError(f"{model} wants to know its languages: `nmt_languages SOURCE TARGET`, in its own codes")
    for code in given:
        try:
            tokens = _code(tokenizer, code)
        except KeyError:
            tokens = set()
        if not tokens or tokenizer.unk_token_id in tokens:
            raise UsageError(f"`nmt_languages`: {model} has no language '{code}'; see the codes on its model card")


def _code(tokenizer: Any, language: str | None) -> set[int]:
    """The tokens by which the tokenizer marks an output as being in that language."""
    if language is None:
        return set()
    return set(_ids(tokenizer, [""], language=language, output=True)[0]) - {tokenizer.eos_token_id}
