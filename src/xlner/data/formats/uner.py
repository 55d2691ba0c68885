"""Universal NER: five columns by TAB (id, word, tag, other annotation, annotator) under `#` comments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xlner.component import option, options
from xlner.core.tags import Scheme
from xlner.core.types import Sentence
from xlner.data.formats.base import Format
from xlner.data.formats.head import Head
from xlner.data.options import SCHEME, ReadOptions
from xlner.data.report import ReadLog
from xlner.data.source import Input
from xlner.data.tagged import TaggedSentence, deliver, looks_like_tag

_ID = re.compile(r"[0-9]+")
_COMPOUND = re.compile(r"[0-9]+[-.][0-9]+")  # 1-2 is a multiword token, 1.1 an empty node
_TEXT = "# text = "


class Uner(Format):
    """UNER's `.iob2`. The sentence's `# text =` comment becomes its text when the words are found in it in order.

    Limits: ranges (`1-2`) and empty nodes (`1.1`) are no words and are skipped, counted.
    """

    name = "uner"

    @options
    class Options:
        token_column: int = option(1, "Column of the word, from 0; negative counts from the end.", ge=-5, le=4)
        tag_column: int = option(2, "Column of the tag, likewise.", ge=-5, le=4)
        scheme: Scheme | None = option(None, SCHEME)

    @classmethod
    def sniff(cls, head: Head) -> bool:
        """Every one of the first lines is a comment, blank, or five columns with an integer id and a tag third."""
        words = 0
        for line in head.lines[:200]:
            if not line.strip() or (line.startswith("#") and line.count("\t") != 4):
                continue
            columns = line.split("\t")
            if len(columns) != 5 or not (_ID.fullmatch(columns[0]) or _COMPOUND.fullmatch(columns[0])):
                return False
            if _ID.fullmatch(columns[0]) and not looks_like_tag(columns[2].strip()):
                return False
            words += 1
        return words > 0

    def read(self, source: Input, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """Sentences with their text, where the file gives it."""
        token, tag = self.options.token_column, self.options.tag_column
        log.columns = f"5 columns by TAB, word {token}, tag {tag}"
        return deliver(_rows(source, log, token, tag), log, options, scheme=self.options.scheme)


def _rows(source: Input, log: ReadLog, token: int, tag: int) -> Iterator[TaggedSentence]:
    lines: list[int] = []
    row = TaggedSentence([], [], 0, lines=lines)
    for number, line in source.lines():
        if not line.strip(" \t"):
            if row.words:
                yield _with_offsets(row, log)
            lines = []
            row = TaggedSentence([], [], 0, lines=lines)
            continue
        columns = line.split("\t")
        if line.startswith("#") and not _ID.fullmatch(columns[0]):
            if line.startswith(_TEXT):
                row.text = line.removeprefix(_TEXT)
            continue
        if _COMPOUND.fullmatch(columns[0]):
            log.drop("multiword range or empty node", number, content=False)
            continue
        if len(columns) != 5 or not _ID.fullmatch(columns[0]):
            log.fault(f"five columns by TAB that start with a number are wanted; got {len(columns)}", number)
            continue
        word, label = columns[token], columns[tag].strip()
        if not word or word.isspace():
            log.drop("word that is empty or only white space", number)
            continue
        row.line = row.line or number
        row.words.append(word)
        row.tags.append(label)
        lines.append(number)
    if row.words:
        yield _with_offsets(row, log)


def _with_offsets(row: TaggedSentence, log: ReadLog) -> TaggedSentence:
    """Find the words in the text; without a perfect match the text is given up, the words never are."""
    if row.text is None:
        return row
    offsets: list[tuple[int, int]] = []
    position = 0
    for word in row.words:
        start = row.text.find(word, position)
        # Only white space may lie between words: a find that skips letters has found another word.
        if start < 0 or row.text[position:start].strip():
            log.note("some words are not in their # text, as with contractions; those sentences have no text")
            row.text = None
            return row
        position = start + len(word)
        offsets.append((start, position))
    row.offsets = tuple(offsets)
    return row
