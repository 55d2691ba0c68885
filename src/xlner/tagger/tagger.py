"""The tagger: a token classifier that speaks in words, spans and entity types."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from transformers import (
    AutoConfig,
    AutoModelForTokenClassification,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as hf_logging

from xlner.core.labels import LabelSet, model_tags
from xlner.core.types import Sentence
from xlner.encoder import load_tokenizer, resolve
from xlner.errors import ModelError
from xlner.tagger.decode import decode, legal_transitions
from xlner.tagger.device import autocast, pick_device, pick_precision
from xlner.tagger.encode import WordEncoder, pad_batch, token_batches
from xlner.tagger.label_consistency import check_strength, smoothed
from xlner.tagger.outputs import OutputMap
from xlner.tagger.parallel import in_order

SIDE_FILE = "xlner.json"
hf_logging.disable_progress_bar()  # xlner shows its own


class Tagger:
    """A NER model with its tokenizer and label set.

    Make one with `Tagger.load` (trained) or `Tagger.fresh` (new head on an encoder).

    Args:
        model: a Hugging Face token classifier whose config names its labels.
        tokenizer: its fast tokenizer.
        mapping: renames entity types on the way out; "O" removes one.
        labels: label set to answer in; None takes the model's own types.
        languages: ISO 639-3 codes the model was trained on, as far as known.
        device: a torch device name; None takes an accelerator if there is one.
        precision: "auto", "fp32" or "bf16".
        max_subwords: window size; see `WordEncoder`.
        on_long: "window" or "error".
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        mapping: Mapping[str, str] | None = None,
        labels: LabelSet | None = None,
        languages: Sequence[str] = (),
        device: str | None = None,
        precision: str = "auto",
        max_subwords: int | None = None,
        on_long: str = "window",
    ) -> None:
        self.device = pick_device(device)
        self.dtype, self.precision_reason = pick_precision(precision, self.device)
        self.model = model
        self.model.to(self.device)  # type: ignore[arg-type]
        self.tokenizer = tokenizer
        self.outputs = OutputMap(model_tags(model.config.id2label), mapping=mapping, labels=labels)
        self.languages = tuple(languages)
        self.words = WordEncoder(tokenizer, max_subwords=max_subwords, on_long=on_long)
        self._allowed = legal_transitions(self.labels.tags)

    @property
    def labels(self) -> LabelSet:
        """The types it answers in, after mapping."""
        return self.outputs.labels

    @property
    def pad_id(self) -> int:
        return self.tokenizer.pad_token_id or 0

    @classmethod
    def load(
        cls,
        model: str | Path,
        *,
        mapping: Mapping[str, str] | None = None,
        labels: LabelSet | None = None,
        device: str | None = None,
        precision: str = "auto",
        max_subwords: int | None = None,
        on_long: str = "window",
        dropout: float | None = None,
    ) -> Tagger:
        """A trained tagger from a run folder, a model folder or a hub id.

        Args:
            model: run folder, model folder or hub id.
            mapping: renames types, "MISC" -> "O" for example.
            labels: the label set to answer in; None takes the model's own types after mapping.
            device: torch device name.
            precision: "auto", "fp32" or "bf16".
            max_subwords: window; None takes the one it was trained with.
            on_long: "window" or "error".
            dropout: replaces every dropout rate, for training further; None leaves them.

        Raises:
            ModelError: there is no model, it is no token classifier, or it does not name its labels.
        """
        name = model_folder(model)
        config = model_config(name)
        if not any("TokenClassification" in a for a in (config.architectures or [])):
            raise ModelError(
                f"{name} is no NER model but {', '.join(config.architectures or ['an encoder'])}; "
                "train one first: xlner train --source LANG=FILE --output RUN"
            )
        model_tags(config.id2label)
        _set_dropout(config, dropout)
        network = _network(name, config)
        side = Path(name) / SIDE_FILE
        extras = json.loads(side.read_text("utf-8")) if side.is_file() else {}
        return cls(
            network.eval(),
            load_tokenizer(name),
            mapping=mapping,
            labels=labels,
            languages=extras.get("languages", ()),
            device=device,
            precision=precision,
            max_subwords=max_subwords or extras.get("max_subwords"),
            on_long=on_long,
        )

    @classmethod
    def fresh(
        cls,
        encoder: str,
        labels: LabelSet,
        *,
        languages: Sequence[str] = (),
        device: str | None = None,
        precision: str = "auto",
        max_subwords: int | None = None,
        dropout: float | None = None,
    ) -> Tagger:
        """A new classification head on a pretrained encoder. Seed first: the head is drawn at random.

        Args:
            encoder: "embedded", a folder or a hub id.
            labels: what to predict.
            dropout: replaces every dropout rate of the encoder; None leaves them.
        """
        name = str(resolve(encoder))
        config = model_config(name)
        config.id2label = labels.id2label
        config.label2id = {t: i for i, t in labels.id2label.items()}
        _set_dropout(config, dropout)
        return cls(
            _network(name, config),
            load_tokenizer(name),
            languages=languages,
            device=device,
            precision=precision,
            max_subwords=max_subwords,
        )

    @torch.no_grad()
    def with_own_head(self) -> Tagger:
        """A tagger whose head itself has the labels that this one's outputs are mapped to, to be trained further.

        Shares the encoder with this one. Each tag gets the weights of the tag that says it best (`OutputMap.rows`).

        Raises:
            ModelError: a type is not known to the model, or its head is no linear layer named "classifier".
        """
        if tuple(model_tags(self.model.config.id2label)) == self.labels.tags:
            return self
        rows, old = self.outputs.rows(), getattr(self.model, "classifier", None)
        if not isinstance(old, torch.nn.Linear) or None in rows:
            raise ModelError(
                f"the model's head cannot be made one for {', '.join(self.labels.types)}; let the student "
                "start from the encoder (--student-from encoder)"
            )
        head = torch.nn.Linear(old.in_features, len(rows), bias=old.bias is not None).to(old.weight)
        for to, from_ in zip(head.parameters(), old.parameters(), strict=True):
            to.copy_(from_[rows])
        self.model.classifier = head  # type: ignore[assignment]
        self.model.num_labels = self.model.config.num_labels = len(rows)  # type: ignore[assignment]
        self.model.config.id2label = self.labels.id2label
        self.model.config.label2id = {t: i for i, t in self.labels.id2label.items()}
        self.outputs = OutputMap(self.labels.tags)
        return self

    def probabilities(self, sentences: Sequence[Sentence], *, batch_subwords: int | None = None) -> list[np.ndarray]:
        """Tag probabilities per word, in the order of `labels.tags`.

        Args:
            sentences: any; long ones go through in windows.
            batch_subwords: padding included; None takes 1024 on a CPU, whose caches it fits, and 16384 elsewhere.

        Returns:
            One array per sentence. Shape: (n_words, n_tags), float32, rows sum to 1.
        """
        windows = list(self.words.windows([s.words for s in sentences]))
        out = [np.zeros((len(s), len(self.labels.tags)), np.float32) for s in sentences]
        n_tags: int = self.model.config.num_labels or 0
        raw = [np.zeros((len(s), n_tags), np.float32) for s in sentences]
        was_training = self.model.training
        self.model.eval()
        budget = batch_subwords or (1024 if self.device.type == "cpu" else 16384)
        batches = token_batches([len(w.ids) for w in windows], budget)

        def chances(batch: Sequence[int]) -> np.ndarray:
            ids, mask = pad_batch([windows[i].ids for i in batch], self.pad_id)
            with autocast(self.device, self.dtype):
                logits = self.model(
                    input_ids=torch.from_numpy(ids).to(self.device),
                    attention_mask=torch.from_numpy(mask).to(self.device),
                ).logits
            return logits.float().softmax(-1).cpu().numpy()  # type: ignore[no-any-return]

        for batch, made in zip(batches, in_order(chances, batches, self.device), strict=True):
            for row, i in enumerate(batch):
                window = windows[i]
                end = window.first_word + len(window.positions)
                raw[window.sentence][window.first_word : end] = made[row, window.positions]
        self.model.train(was_training)
        for index, array in enumerate(raw):
            if len(array):
                out[index] = self.outputs(array)
        return out

    def predict(
        self, sentences: Iterable[Sentence], *, chunk: int = 1024, label_consistency: float = 0.0
    ) -> Iterator[Sentence]:
        """The sentences with predicted entities, in order, one for one.

        Args:
            sentences: any; they stream through in chunks.
            chunk: sentences per chunk.
            label_consistency: how far equal words get equal labels, 0 to 1; see `FormProbabilities`. Above 0 all
                sentences are read, and kept with their probabilities, before the first is given out.

        Raises:
            UsageError: `label_consistency` is no share.
        """
        check_strength(label_consistency)
        return self._predict(iter(sentences), chunk, label_consistency)

    def _predict(self, stream: Iterator[Sentence], chunk: int, label_consistency: float) -> Iterator[Sentence]:
        blocks = iter(lambda: list(islice(stream, chunk)), [])
        answers: Iterator[tuple[Sequence[Sentence], Sequence[np.ndarray]]]
        answers = ((block, self.probabilities(block)) for block in blocks)
        if label_consistency:
            answers = smoothed(list(answers), label_consistency)
        for block, probabilities in answers:
            for sentence, rows in zip(block, probabilities, strict=True):
                yield sentence.with_spans(decode(rows, self.labels, self._allowed))

    def save(self, folder: str | Path, *, card: str | None = None) -> Path:
        """Write a plain Hugging Face folder: config with id2label, safetensors, tokenizer, model card.

        The folder appears whole or not at all. `xlner.json` beside it holds languages and window size and is never
        needed for loading.
        """
        folder = Path(folder)
        if self.labels.tags != tuple(model_tags(self.model.config.id2label)):
            raise ModelError("a tagger with mapped outputs cannot be saved; save the original and map again on load")
        partial = folder.with_name(f".{folder.name}.partial-{os.getpid()}")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            self.model.save_pretrained(partial)
            self.tokenizer.save_pretrained(partial)
            extras = {"languages": list(self.languages), "max_subwords": self.words.max_subwords}
            (partial / SIDE_FILE).write_text(json.dumps(extras, indent=2) + "\n", "utf-8")
            if card is not None:
                (partial / "README.md").write_text(card, "utf-8")
            if folder.exists():
                shutil.rmtree(folder)
            partial.rename(folder)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        return folder


def model_folder(model: str | Path) -> str:
    """Where the weights of a run folder, model folder or hub id are."""
    inner = Path(model) / "model"
    return str(inner if (inner / "config.json").is_file() else model)


def model_config(name: str) -> PreTrainedConfig:
    try:
        return AutoConfig.from_pretrained(name)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"no model at '{name}': {str(error).splitlines()[0]}") from None


def _set_dropout(config: PreTrainedConfig, rate: float | None) -> None:
    for key in ("hidden_dropout_prob", "attention_probs_dropout_prob", "dropout", "attention_dropout"):
        if rate is not None and hasattr(config, key):
            setattr(config, key, rate)


def _network(name: str, config: PreTrainedConfig) -> PreTrainedModel:
    # Short sentences are the rule in NER; on CPU plain attention trains them faster than the fused kernel.
    attention = "sdpa" if torch.accelerator.is_available() else "eager"
    level = hf_logging.get_verbosity()
    hf_logging.set_verbosity_error()  # a new head is no news to whoever asked for one
    try:
        return AutoModelForTokenClassification.from_pretrained(
            name, config=config, dtype=torch.float32, attn_implementation=attention, use_safetensors=True
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(f"cannot load '{name}': {str(error).splitlines()[0]}") from None
    finally:
        hf_logging.set_verbosity(level)
