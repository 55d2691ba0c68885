"""Several readings of one encoder, averaged: what projection uses by default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xlner.align.embedding import MAX_WORDS, EmbeddingAligner, Precision
from xlner.component import Part, option, options
from xlner.encoder.depth import HALFWAY, TWO_THIRDS, layer_at
from xlner.errors import OptionError

if TYPE_CHECKING:
    from xlner.align.alignment import Alignment
    from xlner.align.windows import WordPair


class LayersAligner(Part):
    """Soft links: the mean over layers and over two ways to read each of them.

    Matching methods throw away what projection can use. A link that two layers and both methods see gets a score near
    1, a doubtful one stays with a low score, and the fused score of projection weighs it. Reads word vectors, not
    subwords. A statistical aligner can join in, see `CombinedAligner` and its way "mixed".

    Raises:
        OptionError: an option has no such value.
    """

    @options
    class Options:
        encoder: str = option("embedded", "Encoder to read: 'embedded', a folder or a hub id.")
        layers: int | tuple[int, ...] | None = option(
            None, "Hidden layers to read; by default those halfway and two thirds up."
        )
        floor: float = option(0.05, "Least confidence of a link in one reading.", ge=0, lt=1)
        device: str | None = option(None, "cpu, cuda, mps, ...; by default an accelerator if there is one.")
        precision: Precision = option("auto", "Of the encoder; int8 is for a CPU.")
        chunk: int = option(2048, "How many are held in memory at a time.", ge=1, unit="pairs", decides=False)

        def __post_init__(self) -> None:
            if self.layers == ():
                raise OptionError("layers", "names none; leave it out, or name one or more")

    def __init__(self, options: Options | None = None, /, **values: Any) -> None:
        super().__init__(options, **values)
        chosen = self.options
        layers = (chosen.layers,) if isinstance(chosen.layers, int) else chosen.layers
        if layers is None:
            layers = sorted({layer_at(share, chosen.encoder) for share in (HALFWAY, TWO_THIRDS)})
        reading = {"encoder": chosen.encoder, "device": chosen.device, "precision": chosen.precision}
        self._readers = [EmbeddingAligner(layers=i, level="word", **reading) for i in layers]

    @property
    def tokenizer(self) -> Any:
        """Of the encoder; projection gives text without spaces in its pieces."""
        return self._readers[0].tokenizer

    def align(self, pairs: Sequence[WordPair]) -> list[Alignment]:
        """One alignment with scores in (0, 1] per pair, in order. A pair with an empty side has no links."""
        from xlner.align.windows import align_in_windows

        out: list[Alignment] = []
        for start in range(0, len(pairs), self.options.chunk):
            out += align_in_windows(pairs[start : start + self.options.chunk], self._align_chunk, most=MAX_WORDS)
        return out

    def _align_chunk(self, pairs: Sequence[WordPair]) -> list[Alignment]:
        from xlner.align.merging import merge

        read = [self._read(reader, pairs) for reader in self._readers]
        return [merge(of_one_pair, 1) for of_one_pair in zip(*read, strict=True)]

    def _read(self, reader: EmbeddingAligner, pairs: Sequence[WordPair]) -> list[Alignment]:
        import torch

        from xlner.align.alignment import Alignment
        from xlner.align.matching import match

        out = [Alignment.empty()] * len(pairs)
        with torch.inference_mode():
            for batch, items, similarity, inside in reader.similarities(pairs):
                soft = match(
                    similarity, inside, method="softmax", threshold=self.options.floor, temperature=reader.temperature
                )
                confidence = (soft + (match(similarity, inside, method="mutual") > 0)) / 2
                for k, alignment in zip(batch, items.alignments(confidence), strict=True):
                    out[k] = alignment
        return out
