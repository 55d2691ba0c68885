"""Words to subwords: windows of subword ids that remember which words they speak for."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from xlner.encoder.words import Pieces, special_tokens, word_pieces
from xlner.errors import DataError, OptionError, UsageError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from xlner.encoder.plain import PlainTokenizer

# A single "word" may be a line without spaces; its label sits on its first subword, so the rest may be left out.
MAX_PIECES_PER_WORD = 48
_CACHED_WORDS = 50_000
_CACHED_CHARACTERS = 2_000_000  # of ordinary words the number comes first; lines without spaces are few and huge


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of one sentence that fits the encoder.

    Args:
        sentence: index of the sentence in the sequence that was encoded.
        ids: subword ids with special tokens. Shape: (n_subwords,), int32.
        positions: for each word this window speaks for, where the subword stands that its label is read from: its first
            one, behind a prefix (see `xlner.encoder.words`). Shape: (n_words,), int32.
        first_word: index of the first of those words in the sentence; they are consecutive.
    """

    sentence: int
    ids: np.ndarray
    positions: np.ndarray
    first_word: int


class Extent(NamedTuple):
    """The words of a sentence that a window holds, and those that it speaks for.

    Args:
        low: index of the first word that it holds.
        high: the one after the last.
        first: index of the first word that it speaks for.
        end: the one after the last.
    """

    low: int
    high: int
    first: int
    end: int


class WordEncoder:
    """Encodes sentences word by word, with a cache, since most words of a corpus are repeats.

    Long sentences become windows that overlap; each word belongs to the window in which it stands farther from an
    edge. A word that yields no subword (say, only zero-width characters) is given the unknown token, so that every
    word has a prediction. Of a word with more than 48 subwords the encoder sees the first 48. Threads may share one.

    Args:
        tokenizer: a fast Hugging Face tokenizer that accepts pre-split words, or a plain one.
        max_subwords: window size with special tokens; None takes the smaller of 256 and what the model accepts.
        on_long: "window", or "error" to refuse sentences that need more than one window.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase | PlainTokenizer,
        *,
        max_subwords: int | None = None,
        on_long: str = "window",
    ) -> None:
        if on_long not in ("window", "error"):
            raise OptionError("on_long", f"must be window or error, got '{on_long}'")
        limit = tokenizer.model_max_length
        self.max_subwords = min(max_subwords or 256, limit)
        if self.max_subwords < 8:
            raise UsageError(f"windows of {self.max_subwords} subwords are too small; use at least 8")
        self.on_long = on_long
        self.tokenizer = tokenizer
        self._prefix, self._suffix = special_tokens(tokenizer)
        unknown = tokenizer.unk_token_id
        self.unknown = unknown if unknown is not None else (tokenizer.pad_token_id or 0)
        self._room = self.max_subwords - len(self._prefix) - len(self._suffix)
        self.pieces_per_word = min(MAX_PIECES_PER_WORD, self._room // 2)
        self._cache: dict[str, Pieces] = {}
        self._cached_characters = 0
        self._lock = threading.Lock()

    def _known(self, words: Iterable[str]) -> dict[str, Pieces]:
        """A mapping that has at least these words; others may add to it, and nobody takes away."""
        with self._lock:
            if len(self._cache) > _CACHED_WORDS or self._cached_characters > _CACHED_CHARACTERS:
                self._cache, self._cached_characters = {}, 0
            new = sorted({w for w in words if w not in self._cache})
            self._cached_characters += sum(map(len, new))
            for word, (ids, head) in zip(new, word_pieces(self.tokenizer, new), strict=True):
                first = ids[: self.pieces_per_word] or [self.unknown]
                self._cache[word] = Pieces(first, min(head, len(first) - 1))
            return self._cache

    def pieces(self, words: Sequence[str]) -> list[Pieces]:
        """The subwords of each word as windows hold them."""
        known = self._known(words)
        return [known[w] for w in words]

    def extents(self, words: Sequence[str]) -> list[Extent]:
        """Where the windows of a sentence lie, in order; none without words."""
        starts = np.cumsum([0] + [len(p.ids) for p in self.pieces(words)])
        return _spread(starts, self._room) if words else []

    def windows(self, sentences: Sequence[Sequence[str]]) -> Iterator[Window]:
        """Windows of each sentence in order; a sentence without words yields none.

        Raises:
            DataError: a sentence needs more than one window and `on_long` is "error".
        """
        known = self._known(w for words in sentences for w in words)
        for index, words in enumerate(sentences):
            pieces = [known[w] for w in words]
            if not pieces:
                continue
            starts = np.cumsum([0] + [len(p.ids) for p in pieces])
            if starts[-1] > self._room and self.on_long == "error":
                begin = " ".join(words[:6])
                raise DataError(
                    f"a sentence has {starts[-1]} subwords, the window holds {self._room}; it begins '{begin:.60}'"
                )
            for low, high, first_word, end_word in _spread(starts, self._room):
                ids = [*self._prefix, *(i for p in pieces[low:high] for i in p.ids), *self._suffix]
                heads = [p.head for p in pieces[first_word:end_word]]
                positions = starts[first_word:end_word] + heads - starts[low] + len(self._prefix)
                yield Window(index, np.asarray(ids, np.int32), positions.astype(np.int32), first_word)


def _spread(starts: np.ndarray, room: int) -> list[Extent]:
    """Windows over words with subword offsets `starts`."""
    n_words = len(starts) - 1
    if starts[-1] <= room:
        return [Extent(0, n_words, 0, n_words)]
    spans: list[tuple[int, int]] = []
    low = 0
    while True:
        high = int(np.searchsorted(starts, starts[low] + room, side="right")) - 1
        spans.append((low, high))
        if high >= n_words:
            break
        # The next window begins a quarter of a window before this one ends, at least one word further than this one.
        low = max(low + 1, int(np.searchsorted(starts, starts[high] - room // 4, side="left")))
    out, first = [], 0
    for (low, high), following in zip(spans, [*spans[1:], None], strict=True):
        end = n_words if following is None else max(first + 1, (following[0] + high) // 2)
        out.append(Extent(low, high, first, end))
        first = end
    return out


def pad_batch(windows: Sequence[np.ndarray], pad_id: int) -> tuple[np.ndarray, np.ndarray]:
    """Subword ids and attention mask of several windows. Shapes: (n_windows, longest), int64 both."""
    longest = max(len(w) for w in windows)
    ids = np.full((len(windows), longest), pad_id, np.int64)
    mask = np.zeros((len(windows), longest), np.int64)
    for row, window in enumerate(windows):
        ids[row, : len(window)] = window
        mask[row, : len(window)] = 1
    return ids, mask


def token_batches(lengths: Sequence[int], budget: int, *, sizes: Sequence[int] | None = None) -> list[list[int]]:
    """Indices grouped into batches of like length whose padded size stays within `budget` cells, shortest first.

    Args:
        lengths: subwords of each item; of the longest window, where an item has several.
        budget: cells per batch; a larger item is a batch of its own.
        sizes: windows of each item; None for one each.
    """
    batches: list[list[int]] = []
    batch: list[int] = []
    filled = 0
    for index in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        size = 1 if sizes is None else sizes[index]
        if batch and (filled + size) * lengths[index] > budget:
            batches.append(batch)
            batch, filled = [], 0
        batch.append(index)
        filled += size
    return [*batches, batch] if batch else batches
