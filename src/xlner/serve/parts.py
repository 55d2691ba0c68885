"""Long sentences in parts, so that no batch takes long. The answer is what one call gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from xlner.core.types import Sentence
from xlner.tagger.encode import WordEncoder

PART_SUBWORDS = 1000  # a part takes no more windows once it has so many
_MOST_SPECIAL = 8  # special tokens that a tokenizer may put around a sentence


@dataclass(frozen=True)
class Part:
    """Some windows of a sentence, as a sentence of their own.

    It begins and ends where windows do, so the encoder reads the very windows that it would read of the whole.

    Args:
        sentence: its words.
        kept: those that it speaks for; parts beside it speak for the others.
        windows: how many it has.
        cost: its subwords.
    """

    sentence: Sentence
    kept: slice
    windows: int
    cost: int


def in_parts(words: WordEncoder, sentence: Sentence) -> list[Part]:
    """The parts of a sentence, in order; one for most sentences.

    Args:
        words: of the tagger.
        sentence: with any number of words but none.
    """
    lengths = [len(pieces.ids) for pieces in words.pieces(sentence.words)]
    cost = sum(lengths)
    if cost <= words.max_subwords - _MOST_SPECIAL:
        return [Part(sentence, slice(0, len(sentence)), 1, cost)]
    return list(_parts(words, sentence, lengths))


def _parts(words: WordEncoder, sentence: Sentence, lengths: Sequence[int]) -> Iterator[Part]:
    starts = np.cumsum([0, *lengths])
    windows = words.extents(sentence.words)
    begin = 0
    for number, last in enumerate(windows):
        low, cost = windows[begin].low, int(starts[last.high] - starts[windows[begin].low])
        if cost < PART_SUBWORDS and last is not windows[-1]:
            continue
        part = sentence if len(windows) == number + 1 - begin else Sentence(sentence.words[low : last.high])
        yield Part(part, slice(windows[begin].first - low, last.end - low), number + 1 - begin, cost)
        begin = number + 1


def joined(parts: Sequence[Part], answers: Iterator[np.ndarray]) -> np.ndarray:
    """What the parts of a sentence say of its words. Shape: (n_words, n_tags).

    Args:
        parts: of one sentence.
        answers: of each part, in order. Shapes: (n_words_of_the_part, n_tags).
    """
    kept = [next(answers)[part.kept] for part in parts]
    return kept[0] if len(kept) == 1 else np.concatenate(kept)
