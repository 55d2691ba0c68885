"""Masked-language training as an objective of the one training loop: which word stands behind the masks?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from xlner.tagger.device import autocast
from xlner.tagger.encode import token_batches
from xlner.tagger.tagger import Tagger
from xlner.train.batches import Batch, collate
from xlner.train.masked_data import Masks, example_of, mask_words
from xlner.train.masked_text import Windows
from xlner.train.objective import Loss, StepInput

_UNSEEN = 0.1  # occurrences of a piece that a text does not have


class MaskedHead(nn.Module):
    """From hidden states to vectors that are compared with the embeddings of pieces: dense layer, GELU, norm.

    Each text has a bias of its own. So the states need not say which language they are of, and stay alike between
    languages: with one bias for all, telling them apart is the first thing that an encoder learns, and a tagger of it
    carries over to another language far worse.

    Args:
        hidden: size of the states.
        embeddings: of the pieces that can be the answer. Shape: (n_pieces, embedding size).
        frequencies: how often each piece occurs in each text; biases start at their logarithms. Shape: (n_texts,
            n_pieces).
    """

    def __init__(self, hidden: int, embeddings: torch.Tensor, frequencies: np.ndarray) -> None:
        super().__init__()
        size = embeddings.shape[1]
        self.dense = nn.Linear(hidden, size)
        self.norm = nn.LayerNorm(size)
        smooth = frequencies + _UNSEEN
        shares = smooth / smooth.sum(axis=1, keepdims=True)
        self.bias = nn.Parameter(torch.from_numpy(np.log(shares)).float().flatten())  # a vector, so without decay
        with torch.no_grad():  # so that scores start with a spread of about 1, whatever the embeddings
            self.norm.weight.fill_(float(1 / embeddings.float().norm(dim=1).mean().clamp_min(1e-6)))

    def forward(self, states: torch.Tensor, embeddings: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
        """Scores of all pieces. Shapes: (n, hidden), (n_pieces, embedding size), (n,) to (n, n_pieces)."""
        biases = self.bias.view(-1, len(embeddings))
        return nn.functional.linear(self.norm(nn.functional.gelu(self.dense(states))), embeddings) + biases[texts]


class MaskedWords:
    """Cross-entropy on the subwords of masked words; each word counts alike, however many subwords it has.

    The output layer is the input embeddings themselves, of the pieces that the texts use, behind a small head. Masks
    are drawn anew for each batch, from a generator that the step seeds: a resumed training draws them again.

    Args:
        tagger: whose encoder learns. Seed first: the head is drawn at random.
        masks: how words are masked.
        frequencies: how often each piece occurs in each text. Shape: (n_texts, n_pieces).
        trained: weights of the head, by their names, with one bias, shape (n_pieces,); None for a fresh one.
        rate: learning rate of a fresh head, as a multiple of the encoder's.
        first: share of the training in which a fresh head learns alone.

    Reference: Devlin et al., NAACL 2019, section 3.1; Press & Wolf, EACL 2017 (tied embeddings).
    """

    wants_hidden = True

    def __init__(
        self,
        tagger: Tagger,
        masks: Masks,
        frequencies: np.ndarray,
        *,
        trained: Mapping[str, torch.Tensor] | None = None,
        rate: float = 1.0,
        first: float = 0.0,
    ) -> None:
        self.masks = masks
        self._tagger = tagger
        self.head = MaskedHead(int(tagger.model.config.hidden_size), self._embeddings, frequencies).to(tagger.device)
        if trained is None:
            self.modules_rate, self.modules_first = rate, first
        else:
            self.head.load_state_dict({**trained, "bias": trained["bias"].repeat(len(frequencies))})
        self.modules: dict[str, nn.Module] = {"head": self.head}

    @property
    def _embeddings(self) -> torch.Tensor:
        table: nn.Module = self._tagger.model.get_input_embeddings()
        weight: torch.Tensor = table.weight  # type: ignore[assignment]
        return weight

    def prepare(self, batch: Batch, rng: np.random.Generator) -> Batch:
        """The batch with masks."""
        return mask_words(batch, self.masks, rng)[0]

    def __call__(self, step: StepInput) -> Loss:
        pieces, texts = step.first.targets.T
        scores = self._scores(step.first.word_states, texts)
        right = (scores.argmax(-1) == pieces).float().mean()
        weights = step.first.weights
        loss = nn.functional.cross_entropy(scores, pieces, reduction="none") @ weights / weights.sum()
        return loss, {"accuracy": right}

    def _scores(self, states: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
        with autocast(self._tagger.device, self._tagger.dtype):
            return self.head(states, self._embeddings, texts).float()

    def test(self, windows: Windows, new_ids: np.ndarray, text: int, seed: int) -> dict[str, float] | None:
        """How well masked words of held-out windows are predicted; the same words are masked at each call.

        Args:
            windows: not learnt from.
            new_ids: as for `MaskedChunks`.
            text: number of the text that they are of.
            seed: of the masks.

        Returns:
            Loss per masked subword, share of masked subwords and of masked words that are predicted, a word with all
            of its subwords, and how many words these are; None if there is no word.
        """
        examples = [example_of(*windows.get(i), new_ids, text) for i in range(len(windows))]
        examples = [e for e in examples if len(e.positions)]
        rng = np.random.default_rng([seed, len(examples)])
        masks = replace(self.masks, always_mask=True)
        loss, subwords, right_subwords, words, right_words = 0.0, 0, 0, 0, 0
        training = self._tagger.model.training
        self._tagger.model.eval()
        self.head.eval()
        for members in token_batches([len(e.ids) for e in examples], self._tagger.network.batch_subwords):
            batch, word = mask_words(collate([examples[i] for i in members], self._tagger.pad_id), masks, rng)
            scores = self._answers(batch)
            targets = batch.targets[:, 0].to(scores.device)
            loss += float(nn.functional.cross_entropy(scores, targets, reduction="sum"))
            right = (scores.argmax(-1) == targets).cpu().numpy()
            _, inverse = np.unique(word, return_inverse=True)
            whole = np.ones(inverse.max() + 1, bool)
            np.logical_and.at(whole, inverse, right)
            subwords, right_subwords = subwords + len(right), right_subwords + int(right.sum())
            words, right_words = words + len(whole), right_words + int(whole.sum())
        self._tagger.model.train(training)
        self.head.train()
        if not words:
            return None
        shares = {"subword_accuracy": right_subwords / subwords, "word_accuracy": right_words / words}
        return {"loss": loss / subwords, **shares, "words": words}

    @torch.no_grad()
    def _answers(self, batch: Batch) -> torch.Tensor:
        """Scores of the masked subwords. Shape: (n_subwords, n_pieces)."""
        device = self._tagger.device
        ids, mask = batch.ids.to(device), batch.mask.to(device)
        with autocast(device, self._tagger.dtype):
            out = self._tagger.model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
        states = out.hidden_states[-1].float()[batch.rows.to(device), batch.columns.to(device)]
        return self._scores(states, batch.targets[:, 1].to(device))
