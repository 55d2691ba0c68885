"""Universal NER: five columns by TAB (id, word, tag, other annotation, annotator) under `#` comments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xlner.core.types import Sentence
from xlner.data.formats.head import Head
from xlner.data.options import ReadOptions
from xlner.data.report import ReadLog
from xlner.data.source import Source
from xlner.data.tagged import TaggedSentence, TagReader, deliver, looks_like_tag

_ID = re.compile(r"[0-9]+")
_COMPOUND = re.compile(r"[0-9]+[-.][0-9]+")  # 1-2 is a multiword token, 1.1 an empty node
_TEXT = "# text = "


class Uner:
    """UNER's `.iob2`. The sentence's `# text =` comment becomes its text when the words are found in it in order.

    Limits: ranges (`1-2`) and empty nodes (`1.1`) are no words and are skipped, counted.
    """

    name = "uner"
    extensions: tuple[str, ...] = ()

    def sniff(self, head: Head) -> bool:
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

    def read(self, source: Source, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """Sentences with their text, where the file gives it."""
        token = 1 if options.token_column is None else options.token_column
        tag = 2 if options.tag_column is None else options.tag_column
        log.columns = f"5 columns by TAB, word {token}, tag {tag}"
        return deliver(_rows(source, log, token, tag, labelled=options.labelled), log, options)


def _rows(source: Source, log: ReadLog, token: int, tag: int, *, labelled: bool) -> Iterator[TaggedSentence]:
    good_tag = TagReader(log)
    row = TaggedSentence([], [], 0)
    for number, line in source.lines():
        if not line.strip(" \t"):
            if row.words:
                yield _with_offsets(row, log)
            row = TaggedSentence([], [], 0)
            continue
        columns = line.split("\t")
        if line.startswith("#") and not _ID.fullmatch(columns[0]):
            if line.startswith(_TEXT):
                row.text = line.removeprefix(_TEXT)
            continue
        if _COMPOUND.fullmatch(columns[0]):
            log.drop("multiword range or empty node", number)
            continue
        if len(columns) != 5 or not _ID.fullmatch(columns[0]):
            log.fault(f"five columns by TAB that start with a number are wanted; got {len(columns)}", number)
            continue
        if not -5 <= token < 5 or not -5 <= tag < 5:
            log.fault(f"no columns {token} and {tag}; lines have 5, from 0", number)
            return
        word, label = columns[token], columns[tag].strip()
        if labelled and not good_tag(label, number):
            continue
        if not word or word.isspace():
            log.drop("word that is empty or only white space", number)
            continue
        row.line = row.line or number
        row.words.append(word)
        row.tags.append(label)
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


UNER = Uner()
