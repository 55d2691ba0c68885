"""The embedding aligner with an encoder that has learned from the bitext at hand."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlner.align.combined import CombinedAligner
from xlner.align.embedding import EmbeddingAligner, Precision
from xlner.align.saved import read_options, writing
from xlner.align.statistical import ThotAligner
from xlner.component import Part, option, options
from xlner.errors import ModelError, OptionError

if TYPE_CHECKING:
    import torch

    from xlner.align.alignment import Alignment
    from xlner.align.subwords import SubwordEncoder
    from xlner.align.windows import WordPair

MAX_FITTED_WORDS = 80
"""Pairs with a longer side are not learned from."""

_LOOSE = 0.2


class TunedAligner(Part):
    """Links words by the vectors of an encoder that has first learned from the bitext at hand.

    It reads as `EmbeddingAligner` does, after one pass over the bitext.

    Encoder and counts teach each other: the bitext is linked by the encoder as it is, backed by a hidden Markov model
    that was fitted on it (`CombinedAligner`), and the encoder's layers then learn to give those links by
    themselves. The embeddings stay, and so does the encoder for all other uses. No gold links are needed.

    Settings were chosen on the dev parts of XL-WA for the embedded encoder.

    Raises:
        OptionError: an option has no such value.
        MissingExtraError: sil-thot is not installed.

    Reference: Dou and Neubig, "Word Alignment by Fine-tuning Embeddings on Parallel Corpora", EACL 2021, section 2.3
    (self-training). Ours differs in its teacher, in a loss that asks for any of the links of a word (the negative
    logarithm of their summed probability), in learning through the similarities that alignment reads, refined
    as they are, and in leaving out the other objectives.
    """

    @options
    class Options:
        encoder: str = option("embedded", "Encoder that learns: 'embedded', a folder or a hub id.")
        layers: int | tuple[int, ...] | None = option(
            None, "Hidden layers to compare, above 0; the mean of several; by default 7/12 of the way up."
        )
        threshold: float | None = option(None, "Least confidence of a link; by default 0.4.", ge=0, lt=1)
        learning_rate: float = option(
            1e-4, "Highest rate; it rises over the first tenth of the steps and falls from there on.", gt=0, lt=1
        )
        most: int = option(2000, "How many to learn from; of more, so many are drawn.", ge=1, unit="pairs")
        batch: int = option(16, "Batch of a step.", ge=1, unit="pairs")
        seed: int = option(1, "Of the draw and the order.", ge=0)
        device: str | None = option(None, "cpu, cuda, mps, ...; by default an accelerator if there is one.")
        precision: Precision = option("auto", "To align in; int8 is for a CPU. Learning takes what suits the device.")

    def __init__(self, options: Options | None = None, /, **values: Any) -> None:
        super().__init__(options, **values)
        encoder = self.options.encoder
        here = encoder != "embedded" and Path(encoder).is_dir()
        # The folder that was meant, wherever the aligner is loaded again.
        self.options = replace(self.options, encoder=str(Path(encoder).resolve())) if here else self.options
        self.counts = ThotAligner(model="hmm")
        self._trained: dict[str, torch.Tensor] = {}
        self._embeddings = ""
        self.reader: EmbeddingAligner | None = None

    @property
    def fitted(self) -> bool:
        """Whether its encoder has learned."""
        return self.reader is not None

    def fit(self, bitext: Sequence[WordPair]) -> TunedAligner:
        """Learn from sentence pairs, starting from the encoder as it was pretrained.

        Args:
            bitext: sentence pairs. The counts take all. The encoder learns from those with words on both sides, at most
                80 each, that have a link; without any it stays as it is.

        Raises:
            ModelError: the encoder cannot be loaded.
            UsageError: it has no such layer or precision, or the threshold is none.
        """
        import torch

        with torch.inference_mode(mode=False):
            self._fit(bitext)
        return self

    def _fit(self, bitext: Sequence[WordPair]) -> None:
        from xlner.align.tuning import learn, weights_of

        chosen = self.options
        first = EmbeddingAligner(loaded=self._loaded(chosen.precision), threshold=_LOOSE)
        if max(first.encoder.layers) == 0:
            raise OptionError("layers", "must be above 0: layer 0 is the embeddings, which do not learn")
        pairs = [p for p in bitext if 0 < len(p[0]) <= MAX_FITTED_WORDS and 0 < len(p[1]) <= MAX_FITTED_WORDS]
        rng = random.Random(chosen.seed)
        self.counts.fit(bitext)
        if len(pairs) > chosen.most:
            pairs = rng.sample(pairs, chosen.most)
        links = CombinedAligner(members=[first, self.counts]).align(pairs)
        linked = [k for k, a in enumerate(links) if len(a)]
        del first  # its weights are no longer needed
        encoder = self._loaded("fp32")
        training = {"learning_rate": chosen.learning_rate, "batch": chosen.batch}
        learn(encoder, [pairs[k] for k in linked], [links[k] for k in linked], rng, **training)
        self._trained, self._embeddings = weights_of(encoder), encoder.embeddings_checksum()
        self._settle(encoder)

    @property
    def tokenizer(self) -> Any:
        """Of the encoder; projection gives text without spaces in its pieces."""
        from xlner.encoder import shared_tokenizer

        return shared_tokenizer(self.options.encoder)

    def align(self, pairs: Sequence[WordPair]) -> list[Alignment]:
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
        from xlner.align.tuning import write_weights

        with writing(folder, "tuned", self.options) as partial:
            write_weights(partial, self._trained, self._embeddings)
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path) -> TunedAligner:
        """An aligner that `save` wrote. See `Saves.load`."""
        from xlner.align.tuning import put_weights, read_weights

        aligner = cls(read_options(folder, "tuned", cls.Options))
        aligner._trained, aligner._embeddings = read_weights(Path(folder))
        encoder = aligner._loaded("fp32")
        if not put_weights(encoder, aligner._trained, aligner._embeddings):
            raise ModelError(f"{folder} holds an aligner of another encoder than {aligner.options.encoder} is now")
        aligner._settle(encoder)
        return aligner

    def _loaded(self, precision: str) -> SubwordEncoder:
        from xlner.align.subwords import SubwordEncoder

        chosen = self.options
        return SubwordEncoder(chosen.encoder, layers=chosen.layers, device=chosen.device, precision=precision)

    def _settle(self, encoder: SubwordEncoder) -> None:
        encoder.settle(self.options.precision)
        self.reader = EmbeddingAligner(loaded=encoder, threshold=self.options.threshold)
