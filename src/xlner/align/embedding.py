"""Word alignment from the vectors of a multilingual encoder, many sentence pairs at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from xlner.component import Part, option, options
from xlner.errors import OptionError

if TYPE_CHECKING:
    import torch

    from xlner.align.alignment import Alignment
    from xlner.align.cells import Items
    from xlner.align.subwords import SubwordEncoder
    from xlner.align.windows import WordPair

Method = Literal["softmax", "mutual", "itermax", "optimal", "source", "target"]
Precision = Literal["auto", "fp32", "bf16", "int8"]

MAX_WORDS = 1500
"""Longer sides go through in windows along the diagonal, so that the matrix of a pair stays small."""

SOFTMAX_THRESHOLD = 0.4
SOFTMAX_TEMPERATURE = 0.15
_RIVAL = 0.2
"""So far below the best of its row and column may a link be that the line of the corridor goes through."""

_AS_THEY_ARE: dict[str, Any] = {"centre": False, "hubs": 0, "diagonal": 0.0, "corridor": 0}
SIMALIGN: dict[str, Any] = {**_AS_THEY_ARE, "layers": 8, "method": "itermax"}
"""Settings of SimAlign, for comparison."""
AWESOME: dict[str, Any] = {
    **_AS_THEY_ARE,
    "layers": 8,
    "method": "softmax",
    "similarity": "dot",
    "temperature": 1.0,
    "threshold": 0.001,
}
"""Settings of AWESOME without fine-tuning, for comparison."""

_MAX_CELLS = 1 << 25


class EmbeddingAligner(Part):
    """Links words whose vectors are alike.

    Every distinct sentence of a chunk is encoded once, up to the layer asked for; the similarities of many pairs are
    then one batched product, and matching works on all of them together. Links between subwords become links
    between their words, with the highest of their confidences. Nothing is trained, so any language that the
    encoder knows can be aligned with any other.

    The defaults were chosen on the dev parts of XL-WA for the embedded encoder. `SIMALIGN` and `AWESOME` are the
    settings of the systems of those names.

    Args:
        options: see `Options`.
        loaded: an encoder that is already loaded, which then decides on layers, device, precision, window and batches.
        values: fields of `Options`, instead.

    Raises:
        OptionError: an option has no such value.
        ModelError: the encoder cannot be loaded.

    References:
        Jalili Sabet et al., "SimAlign: High Quality Word Alignments Without Parallel Training Data Using Static and
        Contextualized Embeddings", Findings of EMNLP 2020. Dou and Neubig, "Word Alignment by Fine-tuning Embeddings
        on Parallel Corpora", EACL 2021.

    Limits: in pairs with a side of more than 1500 words, links far from the diagonal can be missed. Words that the
    encoder has never seen, such as scripts outside its vocabulary, are linked by their context alone.
    """

    @options
    class Options:
        encoder: str = option("embedded", "Encoder to read: 'embedded', a folder or a hub id.")
        layers: int | tuple[int, ...] | None = option(
            None,
            "Hidden layers to compare, 0 being the embeddings; the mean of several; by default 7/12 of the way up.",
        )
        method: Method = option("softmax", "How similarities become links.")
        threshold: float | None = option(
            None, "Least confidence of a link; by default 0.4 for softmax and 0 for the others.", ge=0, lt=1
        )
        temperature: float | None = option(
            None, "Of the method softmax: similarities are divided by it first; by default 0.15.", gt=0
        )
        similarity: Literal["cosine", "dot"] = option("cosine", "How vectors are compared.")
        centre: bool = option(True, "Take the mean of its sentence off every vector.")
        hubs: int = option(5, "Words that are close to so many others are pushed back; 0 leaves it out.", ge=0)
        diagonal: float = option(0.1, "Share that neighbours on the diagonal add; 0 leaves it out.", ge=0)
        corridor: int = option(
            15,
            "How far links may be from the line through the likely ones of a pair that is longer than twice that; "
            "0 is anywhere.",
            ge=0,
            unit="words",
        )
        level: Literal["subword", "word"] = option(
            "subword", "What is compared; a word's vector is the mean of its subwords'."
        )
        device: str | None = option(None, "cpu, cuda, mps, ...; by default an accelerator if there is one.")
        precision: Precision = option("auto", "Of the encoder; int8 is for a CPU.")
        max_subwords: int = option(256, "Window of the encoder with special tokens.", ge=8, unit="subwords")
        batch_subwords: int | None = option(
            None, "Batch with padding; by default what suits the device.", ge=1, unit="subwords", decides=False
        )
        chunk: int = option(2048, "How many are held in memory at a time.", ge=1, unit="pairs", decides=False)

        def __post_init__(self) -> None:
            if self.temperature is not None and self.method != "softmax":
                raise OptionError("temperature", f"is for the method softmax; with {self.method} it changes nothing")

    def __init__(
        self, options: Options | None = None, /, *, loaded: SubwordEncoder | None = None, **values: Any
    ) -> None:
        super().__init__(options, **values)
        chosen = self.options
        soft = chosen.method == "softmax"
        default = SOFTMAX_THRESHOLD if soft else 0.0
        self.threshold: float = default if chosen.threshold is None else chosen.threshold
        self.temperature: float = SOFTMAX_TEMPERATURE if chosen.temperature is None else chosen.temperature
        self.encoder = _load(chosen) if loaded is None else loaded

    @property
    def tokenizer(self) -> Any:
        """Of the encoder; projection gives text without spaces in its pieces."""
        return self.encoder.tokenizer

    def align(self, pairs: Sequence[WordPair]) -> list[Alignment]:
        """One alignment with confidences per pair, in order.

        Args:
            pairs: words of the source and of the target sentence; either may be empty.

        Returns:
            The alignments. Confidences are in (0, 1].
        """
        from xlner.align.windows import align_in_windows

        out: list[Alignment] = []
        for start in range(0, len(pairs), self.options.chunk):
            out += align_in_windows(pairs[start : start + self.options.chunk], self._align_chunk, most=MAX_WORDS)
        return out

    def similarities(self, pairs: Sequence[WordPair]) -> Iterator[tuple[list[int], Items, torch.Tensor, torch.Tensor]]:
        """Similarities of all subwords (or words) of every pair with two sides, in batches of pairs of like size.

        Yields:
            Indices of the pairs, what rows and columns stand for, the similarities and which cells are no padding.
            Shapes of the last two: (n_pairs, n_source, n_target), float32 and bool.
        """
        import numpy as np

        from xlner.align.cells import batches, pairwise_similarities
        from xlner.align.matching import refine

        def refined(similarity: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
            if chosen.hubs or chosen.diagonal:
                return refine(similarity, inside, hubs=chosen.hubs, diagonal=chosen.diagonal)
            return similarity

        chosen = self.options
        sentences: dict[tuple[str, ...], int] = {}
        sides = [tuple(sentences.setdefault(tuple(side), len(sentences)) for side in pair) for pair in pairs]
        encoded = self.encoder.encode(list(sentences))
        if chosen.centre:
            encoded = encoded.centred()
        by_word = encoded.averaged()
        if chosen.similarity == "cosine":
            encoded, by_word = encoded.scaled(), by_word.scaled()
        detailed = encoded if chosen.level == "subword" else by_word
        sizes = np.diff(detailed.starts)[np.array(sides, np.int64).reshape(-1, 2)]
        for batch in batches(sizes):
            items = detailed if sizes[batch[0]].prod() <= _MAX_CELLS else by_word
            words, similarity, inside = pairwise_similarities(items, np.array([sides[k] for k in batch]))
            lengths = [(len(pairs[k][0]), len(pairs[k][1])) for k in batch]
            if chosen.corridor and max(map(max, lengths)) > 2 * chosen.corridor:
                inside = self._near(words, lengths, refined(similarity, inside), inside)
            yield batch, words, refined(similarity, inside), inside

    def _near(
        self, words: Items, lengths: Sequence[tuple[int, int]], similarity: torch.Tensor, inside: torch.Tensor
    ) -> torch.Tensor:
        """Which cells are in the corridor of their pair; all are in pairs that are short. Shape: as `inside`, bool."""
        import numpy as np
        import torch

        from xlner.align.corridor import corridor
        from xlner.align.matching import rivals

        width = self.options.corridor
        near = np.ones(inside.shape, bool)
        likely = words.alignments(rivals(similarity, inside, _RIVAL).float())
        for k, (shape, alignment) in enumerate(zip(lengths, likely, strict=True)):
            if max(shape) > 2 * width:
                near[k] = corridor(alignment.links(), shape, width)[np.ix_(words.source[k], words.target[k])]
        return inside & torch.from_numpy(near).to(inside.device)

    def _align_chunk(self, pairs: Sequence[WordPair]) -> list[Alignment]:
        import torch

        from xlner.align.alignment import Alignment
        from xlner.align.matching import match

        out = [Alignment.empty()] * len(pairs)
        with torch.inference_mode():
            for batch, items, similarity, inside in self.similarities(pairs):
                confidence = match(
                    similarity,
                    inside,
                    method=self.options.method,
                    threshold=self.threshold,
                    temperature=self.temperature,
                )
                for k, alignment in zip(batch, items.alignments(confidence), strict=True):
                    out[k] = alignment
        return out


def _load(options: EmbeddingAligner.Options) -> SubwordEncoder:
    from xlner.align.subwords import SubwordEncoder

    return SubwordEncoder(
        options.encoder,
        layers=options.layers,
        device=options.device,
        precision=options.precision,
        max_subwords=options.max_subwords,
        batch_subwords=options.batch_subwords,
    )
