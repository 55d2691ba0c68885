"""The tagger: a token classifier that speaks in words, spans and entity types."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xlner.core.files import atomic_folder
from xlner.core.labels import LabelSet
from xlner.core.types import Sentence, only_sentences
from xlner.encoder import resolve, shared_tokenizer
from xlner.encoder.positions import longest_input
from xlner.errors import ModelError
from xlner.tagger.decode import decode, legal_transitions
from xlner.tagger.encode import WordEncoder, pad_batch, token_batches
from xlner.tagger.exported import is_exported, read_exported
from xlner.tagger.from_hub import fetched
from xlner.tagger.label_consistency import check_strength, smoothed
from xlner.tagger.load import (
    MODEL_FILES,
    SIDE_FILE,
    fresh_model,
    model_config,
    model_folder,
    name_labels,
    set_dropout,
    side_values,
    trained_model,
    with_head,
)
from xlner.tagger.network import Network, TorchNetwork
from xlner.tagger.outputs import OutputMap, softmax
from xlner.tagger.parallel import in_order

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from xlner.encoder.plain import PlainTokenizer

__all__ = ["Tagger", "model_config", "model_folder"]


class Tagger:
    """A NER model with its tokenizer and label set. Several threads may predict with one tagger at a time.

    Make one with `Tagger.load` (trained) or `Tagger.fresh` (new head on an encoder).

    Args:
        model: a Hugging Face token classifier whose config names its labels; or a `Network`, which predicts alone.
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
        model: PreTrainedModel | Network,
        tokenizer: PreTrainedTokenizerBase | PlainTokenizer,
        *,
        mapping: Mapping[str, str] | None = None,
        labels: LabelSet | None = None,
        languages: Sequence[str] = (),
        device: str | None = None,
        precision: str = "auto",
        max_subwords: int | None = None,
        on_long: str = "window",
    ) -> None:
        torch_model: Any = model
        self.network: Network = (
            model if isinstance(model, Network) else TorchNetwork(torch_model, device=device, precision=precision)
        )
        self.tokenizer: Any = tokenizer
        self.outputs = OutputMap(self.network.tags, mapping=mapping, labels=labels)
        self.languages = tuple(languages)
        positions = longest_input(getattr(model, "config", None))
        self.words = WordEncoder(tokenizer, max_subwords=min(max_subwords or 256, positions), on_long=on_long)
        self._allowed = legal_transitions(self.labels.tags)

    @property
    def model(self) -> PreTrainedModel:
        """The token classifier, to be trained or saved.

        Raises:
            ModelError: the tagger runs on another network.
        """
        return self._torch.model

    @property
    def device(self) -> torch.device:
        """Where its model computes."""
        return self._torch.device

    @property
    def dtype(self) -> torch.dtype | None:
        """The type that its model multiplies in; None for plain fp32."""
        return self._torch.dtype

    @property
    def _torch(self) -> TorchNetwork:
        if not isinstance(self.network, TorchNetwork):
            raise ModelError("this tagger runs on an exported network: it predicts, and cannot be trained or saved")
        return self.network

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
        name = fetched(model_folder(model))
        how: dict[str, Any] = {"mapping": mapping, "labels": labels, "on_long": on_long}
        if is_exported(name):
            if dropout is not None:
                raise ModelError(f"{name} is an exported model: it predicts, and cannot be trained (`dropout`)")
            made = read_exported(name, device=device, precision=precision)
            size = min(max_subwords or made.max_subwords or 256, made.longest)
            return cls(made.network, made.tokenizer, languages=made.languages, max_subwords=size, **how)
        network, side = trained_model(name, dropout), side_values(name)
        how |= {"device": device, "precision": precision, "max_subwords": max_subwords or side.get("max_subwords")}
        return cls(network, shared_tokenizer(name), languages=side.get("languages", ()), **how)

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
            encoder: "embedded", a folder or a hub id. If it is a NER model, its head is not used.
            labels: what to predict.
            languages: ISO 639-3 codes of the training data, for the model card.
            device: cpu, cuda, mps, ...; None for an accelerator if there is one.
            precision: of the network, such as "fp32"; "auto" chooses by the device.
            max_subwords: longest window, in subwords; None for what the encoder takes.
            dropout: replaces every dropout rate of the encoder; None leaves them.
        """
        name = str(resolve(encoder))
        config = model_config(name)
        name_labels(config, labels)
        set_dropout(config, dropout)
        return cls(
            fresh_model(name, config),
            shared_tokenizer(name),
            languages=languages,
            device=device,
            precision=precision,
            max_subwords=max_subwords,
        )

    @property
    def has_matching_head(self) -> bool:
        """Whether the model's head has the tags that this tagger answers in, in their order and by their names."""
        return self.outputs.is_identity and tuple(self.network.tags) == self.labels.tags

    def with_matching_head(self) -> Tagger:
        """A new tagger whose head has the labels that this one's outputs are mapped to, to be trained or saved.

        Each tag gets the weights of the tag that says it best (`OutputMap.rows`). The model is copied, and this tagger
        stays as it is. Where `has_matching_head` holds already, none is needed.

        Raises:
            ModelError: a type is not known to the model, or its head is no linear layer named "classifier".
        """
        tagger = copy.copy(self)
        tagger.network = self._torch.copy(with_head(self.model, self.outputs.rows(), self.labels))
        tagger.outputs = OutputMap(self.labels.tags)
        return tagger

    def probabilities(self, sentences: Sequence[Sentence], *, batch_subwords: int | None = None) -> list[np.ndarray]:
        """Tag probabilities per word, in the order of `labels.tags`.

        Args:
            sentences: any; long ones go through in windows.
            batch_subwords: padding included; None takes what suits the network.

        Returns:
            One array per sentence. Shape: (n_words, n_tags), float32, rows sum to 1.
        """
        windows = list(self.words.windows([s.words for s in sentences]))
        raw = [np.zeros((len(s), len(self.network.tags)), np.float32) for s in sentences]
        budget = batch_subwords or self.network.batch_subwords
        batches = token_batches([len(w.ids) for w in windows], budget)

        def compute(batch: Sequence[int]) -> np.ndarray:
            ids, mask = pad_batch([windows[i].ids for i in batch], self.pad_id)
            return softmax(np.ascontiguousarray(self.network(ids, mask), np.float32))

        device = getattr(self.network, "device", None)  # only torch has one
        computed = in_order(compute, batches, device) if self.network.side_by_side else map(compute, batches)
        for batch, rows in zip(batches, computed, strict=True):
            for row, i in enumerate(batch):
                window = windows[i]
                end = window.first_word + len(window.positions)
                raw[window.sentence][window.first_word : end] = rows[row, window.positions]
        return [self.outputs(r) if len(r) else np.zeros((0, len(self.labels.tags)), np.float32) for r in raw]

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
            UsageError: `label_consistency` is no share, or an item is no sentence.
        """
        check_strength(label_consistency)
        return self._predict(only_sentences(sentences), chunk, label_consistency)

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

        Raises:
            ModelError: the outputs are mapped.
            UsageError: `folder` holds something else than what this method wrote.
        """
        if not self.has_matching_head:
            raise ModelError("mapped outputs cannot be saved; save what with_matching_head() gives")
        ours = (Path(folder) / SIDE_FILE).is_file()  # else a model or a README.md in it is the user's
        name_labels(self.model.config, self.labels)  # a model that was loaded may spell its tags in another way
        with atomic_folder(folder, may_replace=MODEL_FILES if ours else ()) as place:
            self.model.save_pretrained(place)
            self.tokenizer.save_pretrained(place)
            side = json.dumps({"languages": [*self.languages], "max_subwords": self.words.max_subwords}, indent=2)
            (place / SIDE_FILE).write_text(side + "\n", "utf-8")
            if card is not None:
                (place / "README.md").write_text(card, "utf-8")
        return Path(folder)
