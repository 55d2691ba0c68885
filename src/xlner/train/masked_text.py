"""Raw text as subwords on disk, for masked-language training on text of any size.

Text is read once and encoded into flat files, which are mapped into memory: what is held is what a batch needs. A text
whose folder is there is done, so a killed run does not read it again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from xlner.core.files import atomic_folder
from xlner.core.progress import progress
from xlner.core.types import Sentence
from xlner.encoder.words import Pieces, word_pieces
from xlner.tagger.encode import Window, WordEncoder

BEGIN, INSIDE = 1, 2
"""Marks of the subwords of words that may be masked: the first one of a word, the others. 0 for what stays."""

HELD_OUT_EVERY = 20  # sentences
_BLOCK = 512  # sentences
_INDEX = "index.json"
_FILES = {"ids": "<i4", "marks": "u1", "ends": "<i8"}
_PARTS = ("train", "held_out")


@dataclass(frozen=True)
class Windows:
    """Windows of subwords in files.

    Args:
        folder: that holds them.
        part: "train" or "held_out".
    """

    folder: Path
    part: str

    def __len__(self) -> int:
        return len(self._ends)

    def subwords(self, windows: int) -> int:
        """How many the first so many windows have; beyond the last window they begin again."""
        rounds, rest = divmod(windows, len(self))
        return rounds * int(self._ends[-1]) + (int(self._ends[rest - 1]) if rest else 0)

    def get(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Subword ids, and their marks: BEGIN, INSIDE or 0. Shapes: (n_subwords,), int32 and uint8."""
        start = int(self._ends[index - 1]) if index else 0
        part = slice(start, int(self._ends[index]))
        return self._ids[part], self._marks[part]

    @cached_property
    def _ids(self) -> np.ndarray:
        return self._map("ids")

    @cached_property
    def _marks(self) -> np.ndarray:
        return self._map("marks")

    @cached_property
    def _ends(self) -> np.ndarray:
        return self._map("ends")

    def _map(self, name: str) -> np.ndarray:
        path = self.folder / f"{self.part}.{name}"
        kind = np.dtype(_FILES[name])
        return np.memmap(path, kind, "r") if path.stat().st_size else np.zeros(0, kind)


@dataclass(frozen=True)
class EncodedText:
    """The text of one language as windows of subwords.

    Args:
        folder: of its files.
        counts: sentences, words, subwords, windows, and what is special: see `encode_text`.
    """

    folder: Path
    counts: Mapping[str, int]

    @property
    def train(self) -> Windows:
        """The windows to learn from."""
        return Windows(self.folder, "train")

    @property
    def held_out(self) -> Windows:
        """The windows to test on."""
        return Windows(self.folder, "held_out")

    @property
    def pieces(self) -> np.ndarray:
        """How often each piece occurs, up to the last one that does. Shape: (n_pieces,), int64."""
        counts: np.ndarray = np.load(self.folder / "pieces.npy")
        return counts

    def notes(self, language: str) -> tuple[str, ...]:
        """What was not read as it stands, in words."""
        c = self.counts
        told = []
        if c["long_sentences"]:
            told.append(f"{language}: {c['long_sentences']} long sentences went through in overlapping windows")
        if c["cut_words"]:
            told.append(
                f"{language}: of {c['cut_words']} words the first subwords were read, and {c['cut_subwords']} were not"
            )
        if c["unknown_words"]:
            told.append(f"{language}: {c['unknown_words']} words with unknown characters are never predicted")
        return tuple(told)


def encode_text(
    encoder: WordEncoder, text: Callable[[], Iterator[Sentence]], folder: Path, *, held_out: int, title: str
) -> EncodedText:
    """Write the windows of a text to `folder`, which appears whole or not at all; a folder that is there is taken.

    Words are encoded as the tagger encodes them. In overlapping windows each word may be masked in one of them, where
    it has most context. Every 20th sentence is held out, until there are `held_out`.

    Args:
        encoder: of the tagger.
        text: gives the sentences; read once.
        folder: of this text.
        held_out: most sentences not to learn from.
        title: for the progress bar.

    Returns:
        The text. Its counts: sentences, words, subwords and windows to learn from; held_out sentences; empty sentences
        without words; long_sentences of several windows; cut_words, whose subwords beyond the limit of `WordEncoder`
        were left out, and how many cut_subwords these were; unknown_words with a character that is in no piece.
    """
    if not (folder / _INDEX).is_file():
        patterns = ("*.npy", _INDEX, *(f"*.{name}" for name in _FILES))
        with atomic_folder(folder, may_replace=patterns) as place, ExitStack() as stack:
            files = {
                part: {name: stack.enter_context((place / f"{part}.{name}").open("wb")) for name in _FILES}
                for part in _PARTS
            }
            writer = _Writer(encoder, files, held_out)
            sentences = iter(text())
            with progress(title, total=None) as bar:
                while block := list(islice(sentences, _BLOCK)):
                    writer.add(block)
                    bar.update(advance=1, note=f"{writer.counts['sentences']:,} sentences")
            np.save(place / "pieces.npy", writer.pieces)
            (place / _INDEX).write_text(json.dumps(writer.all_counts()) + "\n", "utf-8")
    return EncodedText(folder, json.loads((folder / _INDEX).read_text("utf-8")))


class _Writer:
    """Appends sentences to the files of a text; holds a block of them at a time."""

    NAMES = (
        "sentences", "words", "subwords", "windows", "held_out", "empty", "long_sentences", "cut_words", "cut_subwords",
        "unknown_words",
    )  # fmt: skip

    def __init__(self, encoder: WordEncoder, files: Mapping[str, Mapping[str, Any]], held_out: int) -> None:
        self.encoder, self.files, self.held_out = encoder, files, held_out
        self.counts: Counter[str] = Counter()
        self.pieces = np.zeros(0, np.int64)
        self._seen = 0
        self._ends = dict.fromkeys(_PARTS, 0)

    def all_counts(self) -> dict[str, int]:
        """Every count, zeros too."""
        return {name: self.counts[name] for name in self.NAMES}

    def add(self, block: Sequence[Sentence]) -> None:
        """Encode some sentences and append them."""
        sentences = [s.words for s in block if s.words]
        self.counts["empty"] += len(block) - len(sentences)
        parts = [self._part() for _ in sentences]
        pieces = [self.encoder.pieces(words) for words in sentences]
        rows: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {part: [] for part in _PARTS}
        windows_of: Counter[int] = Counter()
        for w in self.encoder.windows(sentences):
            own = pieces[w.sentence][w.first_word : w.first_word + len(w.positions)]
            rows[parts[w.sentence]].append((w.ids, _marks(w, own, self.encoder.unknown)))
            windows_of[w.sentence] += 1
        self._count(sentences, pieces, parts, windows_of)
        for part, windows in rows.items():
            self._write(part, windows)

    def _part(self) -> str:
        self._seen += 1
        out = self._seen % HELD_OUT_EVERY == 0 and self.counts["held_out"] < self.held_out
        self.counts["held_out" if out else "sentences"] += 1
        return "held_out" if out else "train"

    def _count(
        self,
        sentences: Sequence[Sequence[str]],
        pieces: Sequence[Sequence[Pieces]],
        parts: Sequence[str],
        windows_of: Mapping[int, int],
    ) -> None:
        counts, limit = self.counts, self.encoder.pieces_per_word
        for number, (words, encoded, part) in enumerate(zip(sentences, pieces, parts, strict=True)):
            counts["long_sentences"] += windows_of[number] > 1
            counts["unknown_words"] += sum(self.encoder.unknown in p.ids for p in encoded)
            long = [w for w, p in zip(words, encoded, strict=True) if len(p.ids) >= limit]
            for whole in word_pieces(self.encoder.tokenizer, long) if long else ():
                counts["cut_words"] += len(whole.ids) > limit
                counts["cut_subwords"] += max(0, len(whole.ids) - limit)
            if part == "train":
                counts["words"] += len(words)
                counts["subwords"] += sum(len(p.ids) for p in encoded)

    def _write(self, part: str, windows: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
        if not windows:
            return
        ids, marks = (np.concatenate(rows) for rows in zip(*windows, strict=True))
        ends = self._ends[part] + np.cumsum([len(ids) for ids, _ in windows])
        self._ends[part] = int(ends[-1])
        self.counts["windows"] += len(windows) if part == "train" else 0
        for name, values in (("ids", ids), ("marks", marks), ("ends", ends)):
            self.files[part][name].write(values.astype(_FILES[name]).tobytes())
        occur = np.bincount(ids, minlength=len(self.pieces))
        occur[: len(self.pieces)] += self.pieces
        self.pieces = occur


def _marks(window: Window, own: Sequence[Pieces], unknown: int) -> np.ndarray:
    """Which subwords of a window belong to words that it speaks for. Shape: (n_subwords,), uint8."""
    marks = np.zeros(len(window.ids), np.uint8)
    for position, (ids, head) in zip(window.positions.tolist(), own, strict=True):
        if unknown not in ids:
            start = position - head
            marks[start] = BEGIN
            marks[start + 1 : start + len(ids)] = INSIDE
    return marks
