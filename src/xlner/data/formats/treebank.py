"""What CoNLL-U and the formats made from it share: numbered words in columns by TAB, under `#` comments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from xlner.data.formats.head import Head
from xlner.data.report import ReadLog
from xlner.data.source import Input
from xlner.data.tagged import TaggedSentence

_ID = re.compile(r"[0-9]+")
_COMPOUND = re.compile(r"[0-9]+[-.][0-9]+")  # 1-2 is a multiword token, 1.1 an empty node
_TEXT = re.compile(r"#\s*text\s*=\s?(.*)")
_GLUED = "SpaceAfter=No"


@dataclass(frozen=True)
class Shape:
    """The columns of a treebank's lines.

    Args:
        width: how many there are.
        number: column of the word's number; None if there is none.
        token: column of the word.
        tag: column that is handed on as the tag; None hands on `_`.
        misc: column that says SpaceAfter=No; None if there is none.
    """

    width: int
    number: int | None
    token: int
    tag: int | None
    misc: int | None = None

    def describe(self) -> str:
        return f"{self.width} columns by TAB, word {self.token}, tag {'none' if self.tag is None else self.tag}"


def looks_like_treebank(head: Head, width: int, is_word: Callable[[list[str]], bool] = lambda columns: True) -> bool:
    """Whether every one of the first lines is a comment, blank, or has so many columns with a number first."""
    words = 0
    for line in head.lines[:200]:
        if not line.strip() or (line.startswith("#") and line.count("\t") != width - 1):
            continue
        columns = line.split("\t")
        if len(columns) != width or not (_ID.fullmatch(columns[0]) or _COMPOUND.fullmatch(columns[0])):
            return False
        if _ID.fullmatch(columns[0]) and not is_word(columns):
            return False
        words += 1
    return words > 0


def treebank_rows(source: Input, log: ReadLog, shape: Shape) -> Iterator[TaggedSentence]:
    """Sentences with what stands in the tag's column, and with their text where comments or SpaceAfter=No give it."""
    sentence = _Sentence()
    for number, line in source.lines():
        if not line.strip(" \t"):
            if sentence.words:
                yield sentence.finish(log)
            sentence = _Sentence()
            continue
        columns = line.split("\t")
        is_word = len(columns) == shape.width and (shape.number is None or bool(_ID.fullmatch(columns[shape.number])))
        if line.startswith("#") and not (is_word and shape.number == 0):
            if comment := _TEXT.fullmatch(line):
                sentence.text = comment.group(1)
            continue
        if shape.number is not None and len(columns) > shape.number and _COMPOUND.fullmatch(columns[shape.number]):
            sentence.is_plain = False
            log.drop("multiword range or empty node", number, content=False)
            continue
        if not is_word:
            log.fault(f"{_in_words(shape)} are wanted; got {len(columns)}: '{line[:60]}'", number)
            continue
        word = columns[shape.token]
        if not word or word.isspace():
            log.drop("word that is empty or only white space", number)
            continue
        glued = shape.misc is not None and _GLUED in columns[shape.misc].split("|")
        sentence.add(word, "_" if shape.tag is None else columns[shape.tag].strip(), number, glued=glued)
    if sentence.words:
        yield sentence.finish(log)


class _Sentence:
    """A sentence while its lines are read."""

    def __init__(self) -> None:
        self.text: str | None = None
        self.is_plain = True  # every surface word has a line of its own
        self.words: list[str] = []
        self._tags: list[str] = []
        self._lines: list[int] = []
        self._glued: list[bool] = []

    def add(self, word: str, tag: str, line: int, *, glued: bool) -> None:
        self.words.append(word)
        self._tags.append(tag)
        self._lines.append(line)
        self._glued.append(glued)

    def finish(self, log: ReadLog) -> TaggedSentence:
        """The sentence; its text is given up where the words are not in it, the words never are."""
        text, offsets = self.text, None
        if text is None and self.is_plain and any(self._glued):
            text = "".join(
                w + ("" if glued else " ") for w, glued in zip(self.words, self._glued, strict=True)
            ).rstrip()
        if text is not None:
            offsets = _find_words(text, self.words)
            if offsets is None:
                log.note("some words are not in their # text, as with contractions; those sentences have no text")
                text = None
        return TaggedSentence(self.words, self._tags, self._lines[0], text, offsets, self._lines)


def _find_words(text: str, words: list[str]) -> tuple[tuple[int, int], ...] | None:
    offsets: list[tuple[int, int]] = []
    position = 0
    for word in words:
        start = text.find(word, position)
        # Only white space may lie between words: a find that skips letters has found another word.
        if start < 0 or text[position:start].strip():
            return None
        position = start + len(word)
        offsets.append((start, position))
    return tuple(offsets)


def _in_words(shape: Shape) -> str:
    first = "" if shape.number is None else " that start with a number"
    return f"{_NUMBERS.get(shape.width, shape.width)} columns by TAB{first}"


_NUMBERS = {5: "five", 10: "ten"}
