"""Lines into pieces that a translator can take: sentences, and parts of very long ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xlner.data.segment import split_sentences

_STRETCH = 8  # letters that count as one word in text without spaces


@dataclass(frozen=True)
class Piece:
    """A part of a line.

    Args:
        text: without white space around it.
        joint: what stands between its translation and the one before.
    """

    text: str
    joint: str = " "


def pieces(line: str, *, language: str | None = None, split: bool = True, longest: int = 250) -> list[Piece]:
    """The sentences of a line, and long ones in parts.

    Args:
        line: any text.
        language: BCP-47 or ISO 639 code; helps to find the ends of sentences.
        split: False keeps the sentences of a line together.
        longest: words of a piece; longer sentences are divided, at a comma or its like near the middle if there is one.

    Returns:
        Pieces in order; none for an empty line. None ends inside square brackets, which mark names: [Yahoo! Inc.]
    """
    text = " ".join(line.split())
    ranges = _with_whole_brackets(text, split_sentences(text, language)) if split else [(0, len(text))]
    return [p for start, end in ranges for p in _parts(text[start:end], longest) if p.text]


def _with_whole_brackets(text: str, ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for start, end in ranges:
        before = text[out[-1][0] : out[-1][1]] if out else ""
        if before.rfind("[") > before.rfind("]") and "]" in text[start:]:
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def halves(text: str) -> tuple[str, str, str]:
    """A text in two, and what joins them: divided after a comma near the middle, else at a space, else anywhere."""
    middle = len(text) / 2
    near = sorted(range(1, len(text)), key=lambda n: abs(n - middle))
    near = [n for n in near if text.rfind("[", 0, n) <= text.rfind("]", 0, n)] or near  # no marked name falls apart
    inner = [n for n in near if 0.3 < n / len(text) < 0.7]
    for ends in (_MARKS, " "):
        for n in inner if ends != " " else near:
            if text[n - 1] in ends and (text[n - 1] not in ",;: " or text[n - 1] == " " or text[n] == " "):
                return text[:n].strip(), text[n:].strip(), " " if " " in text[n - 1 : n + 1] else ""
    cut = max(1, len(text) // 2)
    return text[:cut], text[cut:], ""


_MARKS = ",;:—、，；：，；"


def _parts(text: str, longest: int, joint: str = " ") -> list[Piece]:
    if max(text.count(" ") + 1, len(text) / _STRETCH / 2) <= longest or len(text) < 2:
        return [Piece(text, joint)]
    left, right, between = halves(text)
    return [*_parts(left, longest, joint), *_parts(right, longest, between)]
