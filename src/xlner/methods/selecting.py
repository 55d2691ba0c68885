"""Raw sentences chosen by a score: which of them a student learns from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from xlner.core.files import replace_file
from xlner.core.progress import progress
from xlner.core.types import Sentence
from xlner.errors import DataError
from xlner.methods.task import Source, Stream
from xlner.similarity.vectors import SentenceEncoder
from xlner.tagger import Tagger
from xlner.train.adversarial import Discriminator, target_probabilities

SCORES = "raw_scores.safetensors"
SAMPLE = 2000  # sentences of each source that the similarity looks at
Score = Callable[[Sequence[Sentence]], np.ndarray]
"""From sentences with words to a number for each; the greatest are chosen. Shape: (n_sentences,)."""


def write_scores(raw: Stream, score: Score, place: Path, *, chunk_sentences: int) -> None:
    """Score all raw sentences that have words, and keep the scores, in the order of the text.

    Args:
        raw: the text.
        score: of sentences.
        place: the file, whole or not at all.
        chunk_sentences: that are in memory at a time.

    Raises:
        DataError: there is no sentence.
    """
    stream, scores = (s for s in raw() if s.words), []
    with progress("choose raw sentences", total=None) as bar:
        while block := list(islice(stream, chunk_sentences)):
            scores.append(np.asarray(score(block), np.float32))
            bar.update(advance=1, note=f"{sum(map(len, scores)):,} sentences")
    if not scores:
        raise DataError("the raw target text has no sentences")
    with replace_file(place) as unfinished:
        save_file({"scores": np.concatenate(scores)}, unfinished)


def chosen(raw: Stream, place: Path, share: float) -> tuple[Stream, int, int]:
    """The sentences of the greatest scores, in the order of the text.

    Args:
        raw: the text.
        place: of the scores.
        share: of its sentences with words, rounded up.

    Returns:
        The sentences, how many they are, and of how many.
    """
    scores = load_file(place)["scores"]
    count = int(np.ceil(round(share * len(scores), 6)))
    taken = np.zeros(len(scores), bool)
    taken[np.argsort(-scores, kind="stable")[:count]] = True
    return partial(_only, raw, taken), count, len(scores)


def _only(raw: Stream, taken: np.ndarray) -> Iterator[Sentence]:
    filled = (s for s in raw() if s.words)
    return (s for s, yes in zip(filled, taken, strict=True) if yes)


def doubt(tagger: Tagger, discriminator: Discriminator, sentences: Sequence[Sentence]) -> np.ndarray:
    """How little a discriminator knows which language a sentence is of: `1 - |p - 1/2|`. Shape: (n_sentences,).

    Reference: Chen et al., ACL 2021, section 3.2.
    """
    return 1 - np.abs(target_probabilities(tagger, discriminator, sentences) - 0.5)


def certainty(teachers: Sequence[Tagger], sentences: Sequence[Sentence]) -> np.ndarray:
    """Minus the mean entropy of the tags of a sentence's words, over all teachers. Shape: (n_sentences,)."""
    means = [
        [float((rows * np.log(np.maximum(rows, 1e-12))).sum(1).mean()) for rows in teacher.probabilities(sentences)]
        for teacher in teachers
    ]
    return np.mean(means, axis=0)


class Nearness:
    """How near sentences are to the text of the nearest source: the cosine of their vector and that text's mean.

    Args:
        sources: with sentences or text.
        encoder: gives the vectors.
        device: of the encoder.
    """

    def __init__(self, sources: Sequence[Source], encoder: str, device: str | None) -> None:
        self._encoder = SentenceEncoder(encoder, device=device)
        means = []
        for source in sources:
            some = [s for s in source.text or source.sentences if s.words]
            if not some:
                raise DataError(f"the text of source {source.name} has no words, so nothing can be near to it")
            evenly = some[:: -(-len(some) // SAMPLE)]
            means.append(self._vectors(evenly).mean(0))
        self._means = np.stack([m / max(float(np.linalg.norm(m)), 1e-12) for m in means])

    def _vectors(self, sentences: Sequence[Sentence]) -> np.ndarray:
        vectors = self._encoder.vectors([s.words for s in sentences], whole=True)
        norms = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        unit: np.ndarray = vectors / norms
        return unit

    def __call__(self, sentences: Sequence[Sentence]) -> np.ndarray:
        """Shape: (n_sentences,)."""
        nearest: np.ndarray = (self._vectors(sentences) @ self._means.T).max(1)
        return nearest
