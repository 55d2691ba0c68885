"""Many lines through a translator: in pieces, each piece once, nothing lost and no line shifted."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from xlner.errors import XlnerError
from xlner.translate.cache import Cache
from xlner.translate.faults import FAILED, fault, tidy
from xlner.translate.pieces import Piece, pieces
from xlner.translate.translator import Translator

_CHUNK = 2000  # lines in memory
_SHOWN = 200  # letters of a text in the list of faults


@dataclass(frozen=True)
class Fault:
    """A line without a good translation.

    Args:
        line: its number, from 1.
        reason: "empty", "looping", "too long", "too short", "failed".
        why: what the engine said, if anything.
        source: the sentence, its start if it is long.
        translation: what came, likewise.
    """

    line: int
    reason: str
    why: str
    source: str
    translation: str


@dataclass
class Tally:
    """What happened to the lines; grows while they go through.

    Args:
        lines: so far.
        empty: lines of the input without text.
        divided: lines that went through in several pieces.
        pieces: that were looked at, and counted once for each time they occur.
        known: pieces that were translated already, in this run or one before.
        seconds: that the translator took.
        faults: lines without a good translation.
        mended: what was put right -> pieces.
        unchanged: lines whose translation is the line itself. Right for a name or a number, so no fault.
    """

    lines: int = 0
    empty: int = 0
    divided: int = 0
    pieces: int = 0
    known: int = 0
    seconds: float = 0.0
    faults: list[Fault] = field(default_factory=list)
    mended: Counter[str] = field(default_factory=Counter)
    unchanged: int = 0

    def reasons(self) -> dict[str, int]:
        """Reason -> lines."""
        return dict(Counter(f.reason for f in self.faults))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        new = self.pieces - self.known
        return {
            "lines": self.lines, "empty": self.empty, "translated": self.lines - self.empty - len(self.faults),
            "faulty": len(self.faults), "reasons": self.reasons(), "divided": self.divided, "pieces": self.pieces,
            "known_pieces": self.known, "mended": dict(self.mended), "unchanged": self.unchanged,
            "seconds": round(self.seconds, 3),
            "pieces_per_second": round(new / self.seconds, 1) if self.seconds and new else None,
            "faults": [vars(f) for f in self.faults],
        }  # fmt: skip


def translate_lines(
    lines: Iterable[str],
    translator: Translator,
    cache: Cache,
    tally: Tally,
    *,
    language: str | None = None,
    split: bool = True,
    max_words: int = 250,
    max_ratio: float = 4.0,
    on_fault: Literal["drop", "keep"] = "drop",
    advance: Callable[[int], None] | None = None,
) -> Iterator[str]:
    """One line for each line, in order; an empty one for an empty one.

    Args:
        lines: any number; 2000 at a time are in memory.
        translator: which knows its languages.
        cache: asked first, and told what is new as soon as it is there.
        tally: gets the counts.
        language: of the lines; helps to split them.
        split: lines into sentences.
        max_words: longer sentences are divided.
        max_ratio: see `fault`.
        on_fault: "drop" gives an empty line where a piece of it has no good translation, since half a translation would
            lack names in silence; "keep" gives what there is.
        advance: told how many more lines are done.
    """
    stream = iter(lines)
    while chunk := list(islice(stream, _CHUNK)):
        if translator.in_order:
            parts = [[Piece(line)] if line.strip() else [] for line in chunk]
            began = time.perf_counter()
            texts = _as_many(translator.translate(chunk), chunk)
            tally.seconds += time.perf_counter() - began
            translations = [[text] if p else [] for p, text in zip(parts, texts, strict=True)]
            tally.pieces += sum(map(len, parts))
        else:
            parts = [pieces(line, language=language, split=split, longest=max_words) for line in chunk]
            translated = _translate(parts, translator, cache, tally)
            translations = [[translated[p.text] for p in line] for line in parts]
        for line, line_pieces, outs in zip(chunk, parts, translations, strict=True):
            tally.lines += 1
            tally.empty += not line_pieces
            tally.divided += len(line_pieces) > 1
            yield _join(line, line_pieces, outs, translator, tally, max_ratio, keep=on_fault == "keep")
        if advance:
            advance(len(chunk))


def _as_many(texts: Sequence[str], sentences: Sequence[str]) -> Sequence[str]:
    """As they came; another number of translations than sentences would shift lines."""
    if len(texts) != len(sentences):
        raise XlnerError(f"the translator gave {len(texts)} translations for {len(sentences)} sentences")
    return texts


def _translate(parts: Sequence[Sequence[Piece]], translator: Translator, cache: Cache, tally: Tally) -> dict[str, str]:
    wanted = [p.text for line in parts for p in line]
    known = cache.get(set(wanted))
    # Like lengths together: engines work in batches, and those cost what the longest of them costs.
    new = sorted(set(wanted) - known.keys(), key=lambda text: (len(text), text))
    for start in range(0, len(new), translator.at_once):
        batch = new[start : start + translator.at_once]
        began = time.perf_counter()
        texts = dict(zip(batch, _as_many(translator.translate(batch), batch), strict=True))
        tally.seconds += time.perf_counter() - began
        cache.add({s: t for s, t in texts.items() if t.strip() and s not in translator.failed})  # others: once more
        known |= texts
    tally.pieces += len(wanted)
    tally.known += len(wanted) - len(new)
    return known


def _join(
    line: str, line_pieces: Sequence[Piece], outs: Sequence[str], translator: Translator, tally: Tally, ratio: float, *,
    keep: bool,
) -> str:  # fmt: skip
    """The translation of a line from those of its pieces; the first fault of a line is told."""
    joined, first_fault = "", None
    for piece, raw in zip(line_pieces, outs, strict=True):
        text, mended = tidy(raw, piece.text)
        tally.mended.update(mended)
        why = translator.failed.get(piece.text, "")
        reason = FAILED if why else fault(piece.text, text, max_ratio=ratio)
        if reason and first_fault is None:
            first_fault = Fault(tally.lines, reason, why, piece.text[:_SHOWN], text[:_SHOWN])
        joined += (piece.joint if joined else "") + text
    if first_fault is None:
        tally.unchanged += bool(line_pieces) and joined == " ".join(line.split())
        return joined
    tally.faults.append(first_fault)
    return joined if keep else ""
