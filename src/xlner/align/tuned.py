"""The embedding aligner with an encoder that has learned from the bitext at hand."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from xlner.align.alignment import Alignment
from xlner.align.combined import CombinedAligner
from xlner.align.embedding import SOFTMAX_TEMPERATURE, EmbeddingAligner
from xlner.align.matching import FAR, refine
from xlner.align.saved import read_settings, writing
from xlner.align.statistical import ThotAligner
from xlner.align.subwords import SubwordEncoder
from xlner.align.windows import Pair
from xlner.core.progress import progress
from xlner.encoder import load_tokenizer
from xlner.errors import ModelError, UsageError
from xlner.tagger.device import pick_precision

WEIGHTS = "tuned.safetensors"
MAX_WORDS = 80
"""Pairs with a longer side are not learned from."""

_LOOSE = 0.2


class TunedAligner:
    """`EmbeddingAligner` after one pass over bitext.

    Encoder and counts teach each other: the bitext is linked by the encoder as it is, backed by a hidden Markov model
    that was fitted on it (`CombinedAligner`), and the encoder's layers then learn to give those links by
    themselves. The embeddings stay, and so does the encoder for all other uses. No gold links are needed.

    Settings were chosen on the dev parts of XL-WA for the embedded encoder.

    Args:
        encoder: "embedded", a folder or a hub id.
        layers: see `EmbeddingAligner`; above 0.
        threshold: see `EmbeddingAligner`.
        learning_rate: highest rate; it rises over the first tenth of the steps and falls from there on.
        most: pairs to learn from; of more, so many are drawn.
        batch: pairs per step.
        seed: of the draw and the order.
        device: a torch device name; None takes an accelerator if there is one.
        precision: to align in, see `SubwordEncoder`. Learning takes what `pick_precision` says for "auto".

    Raises:
        UsageError: an option has no such value.
        MissingExtraError: sil-thot is not installed.

    Reference: Dou and Neubig, "Word Alignment by Fine-tuning Embeddings on Parallel Corpora", EACL 2021, section 2.3
    (self-training). Ours differs in its teacher, in a loss that asks for any of the links of a word (the negative
    logarithm of their summed probability), in learning through the similarities that alignment reads, refined
    as they are, and in leaving out the other objectives.
    """

    def __init__(
        self,
        encoder: str = "embedded",
        *,
        layers: int | Sequence[int] | None = None,
        threshold: float | None = None,
        learning_rate: float = 1e-4,
        most: int = 2000,
        batch: int = 16,
        seed: int = 1,
        device: str | None = None,
        precision: str = "auto",
    ) -> None:
        if not (0 < learning_rate < 1 and most >= 1 and batch >= 1):
            raise UsageError(
                "learning_rate is above 0 and below 1, most and batch are at least 1; "
                f"got {learning_rate}, {most} and {batch}"
            )
        self.layers = (layers,) if isinstance(layers, int) else layers
        here = str(encoder) != "embedded" and Path(encoder).is_dir()
        self.encoder = str(Path(encoder).resolve() if here else encoder)
        self.threshold, self.device, self.precision = threshold, device, precision
        self.learning_rate, self.most, self.batch, self.seed = learning_rate, most, batch, seed
        self.counts = ThotAligner("hmm")
        self._trained: dict[str, torch.Tensor] = {}
        self._embeddings = ""
        self.reader: EmbeddingAligner | None = None

    @torch.inference_mode(mode=False)
    def fit(self, bitext: Sequence[Pair]) -> TunedAligner:
        """Learn from sentence pairs, starting from the encoder as it was pretrained.

        Args:
            bitext: sentence pairs. The counts take all. The encoder learns from those with words on both sides, at most
                80 each, that have a link; without any it stays as it is.

        Raises:
            ModelError: the encoder cannot be loaded.
            UsageError: it has no such layer or precision, or the threshold is none.
        """
        first = EmbeddingAligner(self._loaded(self.precision), threshold=_LOOSE)
        if max(first.encoder.layers) == 0:
            raise UsageError("layer 0 is the embeddings, which do not learn; take a higher layer")
        EmbeddingAligner(first.encoder, threshold=self.threshold)  # refuses now what it would refuse after learning
        pairs = [p for p in bitext if 0 < len(p[0]) <= MAX_WORDS and 0 < len(p[1]) <= MAX_WORDS]
        chance = random.Random(self.seed)
        self.counts.fit(bitext)
        if len(pairs) > self.most:
            pairs = chance.sample(pairs, self.most)
        links = CombinedAligner([first, self.counts]).align(pairs)
        linked = [k for k, a in enumerate(links) if len(a)]
        del first  # its weights are no longer needed
        encoder = self._loaded("fp32")
        self._learn(encoder, [pairs[k] for k in linked], [links[k] for k in linked], chance)
        self._trained = {name: p.detach().cpu().clone() for name, p in encoder.layer_weights().items()}
        self._embeddings = encoder.embeddings_checksum()
        self._settle(encoder)
        return self

    @property
    def tokenizer(self) -> Any:
        """Of the encoder; projection gives text without spaces in its pieces."""
        return load_tokenizer(self.encoder)

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """One alignment with confidences per pair, in order; without a fit before, it is fitted on these pairs."""
        if self.reader is None:
            if not pairs:
                return []
            self.fit(pairs)
        assert self.reader is not None
        return self.reader.align(pairs)

    def save(self, folder: str | Path) -> Path:
        """Write the layers that have learned, and settings; the folder appears whole or not at all.

        Raises:
            ModelError: there is nothing fitted to save.
            UsageError: the folder holds something else than a saved aligner.
        """
        if self.reader is None:
            raise ModelError("the aligner has not been fitted, so there is nothing to save")
        names = ("encoder", "layers", "threshold", "learning_rate", "most", "batch", "seed", "device", "precision")
        with writing(folder, {"aligner": "tuned", **{name: getattr(self, name) for name in names}}) as partial:
            save_file(self._trained, partial / WEIGHTS, metadata={"embeddings": self._embeddings})
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path) -> TunedAligner:
        """An aligner that `save` wrote.

        Raises:
            ModelError: the folder holds none, or a part of one, or its encoder is no longer there.
            UsageError: it holds another aligner.
        """
        settings = read_settings(folder, "tuned")
        try:
            aligner = cls(**settings)
            with safe_open(Path(folder) / WEIGHTS, "pt") as file:
                aligner._trained = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                aligner._embeddings = (file.metadata() or {}).get("embeddings", "")
        except (UsageError, OSError, SafetensorError) as error:
            raise ModelError(f"{folder} holds no saved aligner ({error})") from None
        encoder = aligner._loaded("fp32")
        own = encoder.layer_weights()
        same = {k: p.shape for k, p in own.items()} == {k: t.shape for k, t in aligner._trained.items()}
        if not same or encoder.embeddings_checksum() != aligner._embeddings:
            raise ModelError(f"{folder} holds an aligner of another encoder than {aligner.encoder} is now")
        with torch.no_grad():
            for name, parameter in own.items():
                parameter.copy_(aligner._trained[name])
        aligner._settle(encoder)
        return aligner

    def _loaded(self, precision: str) -> SubwordEncoder:
        return SubwordEncoder(self.encoder, layers=self.layers, device=self.device, precision=precision)

    def _settle(self, encoder: SubwordEncoder) -> None:
        encoder.settle(self.precision)
        self.reader = EmbeddingAligner(encoder, threshold=self.threshold)

    def _learn(
        self, encoder: SubwordEncoder, pairs: Sequence[Pair], links: Sequence[Alignment], chance: random.Random
    ) -> None:
        """One pass over the pairs in batches of like length, in random order."""
        dtype, _ = pick_precision("auto", encoder.device)
        parameters = list(encoder.layer_weights().values())
        encoder.train_only(parameters)
        optimizer = torch.optim.AdamW(parameters, lr=self.learning_rate, weight_decay=0.0, fused=True)
        order = sorted(range(len(pairs)), key=lambda k: (len(pairs[k][0]) + len(pairs[k][1]), k))
        batches = [order[k : k + self.batch] for k in range(0, len(order), self.batch)]
        chance.shuffle(batches)
        with torch.enable_grad(), progress("learning to align", total=1.0) as bar:
            for step, batch in enumerate(batches):
                done = step / len(batches)
                optimizer.param_groups[0]["lr"] = self.learning_rate * min(1, 10 * (done + 1 / len(batches)), 1 - done)
                loss = _loss(encoder, [pairs[k] for k in batch], [links[k] for k in batch], dtype)
                if not loss.requires_grad:  # all links lie behind the cut of the window
                    continue
                loss.backward()
                torch.nn.utils.clip_grad_norm_(parameters, 1.0)
                optimizer.step()
                optimizer.zero_grad()
                bar.update(done=(step + 1) / len(batches))


def _loss(
    encoder: SubwordEncoder, pairs: Sequence[Pair], links: Sequence[Alignment], dtype: torch.dtype | None
) -> torch.Tensor:
    """How unlikely the links are: for a linked subword, minus the logarithm of the probability that the other side's
    subwords linked to its word have together; the mean over linked subwords, summed over both directions."""
    (source, source_words), (target, target_words) = (
        encoder.states([pair[side] for pair in pairs], dtype) for side in (0, 1)
    )
    wanted = _cells(links, source_words.cpu().numpy(), target_words.cpu().numpy()).to(source_words.device)
    real_source, real_target = source_words >= 0, target_words >= 0
    inside = real_source[:, :, None] & real_target[:, None, :]
    product = _units(source, real_source) @ _units(target, real_target).transpose(1, 2)
    similarity = (refine(product, inside) / SOFTMAX_TEMPERATURE).masked_fill(~inside, FAR)
    loss = similarity.new_zeros(())
    for dim in (1, 2):
        linked = wanted.any(dim)
        if linked.any():
            chances = similarity.log_softmax(dim).masked_fill(~wanted, FAR).logsumexp(dim)
            loss = loss - chances[linked].mean()
    return loss


def _units(states: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """Vectors less the mean of their sentence, at length 1; 0 in the padding."""
    count = real.sum(1)[:, None, None]
    mean = (states * real[..., None]).sum(1, keepdim=True) / count * (count > 1)
    return torch.nn.functional.normalize(states - mean, dim=-1) * real[..., None]


def _cells(links: Sequence[Alignment], source: np.ndarray, target: np.ndarray) -> torch.Tensor:
    """Which subwords belong to linked words. Shape: (n_pairs, n_source, n_target), bool."""
    out = np.zeros((len(links), source.shape[1], target.shape[1]), bool)
    for cells, alignment, rows, columns in zip(out, links, source, target, strict=True):
        words = np.zeros((rows.max() + 2, columns.max() + 2), bool)  # the last row and column stand for padding
        for i, j in alignment.links():
            if i <= rows.max() and j <= columns.max():
                words[i, j] = True
        cells[:] = words[np.ix_(rows, columns)]
    return torch.from_numpy(out)
