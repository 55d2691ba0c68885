"""Raw text: a line is a paragraph, split into sentences and words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TextIO

from xlner.core.types import Sentence
from xlner.data.formats.base import Format
from xlner.data.options import ReadOptions
from xlner.data.report import ReadLog
from xlner.data.segment import sentence_from_text, split_sentences
from xlner.data.source import Input


class Text(Format):
    """Raw text in any script. Nobody looked for entities in it, so its sentences are unlabelled.

    Limits: one line is held in memory at a time, so a file of any size can be read, a line of any size not.
    """

    name = "text"
    extensions = (".txt", ".text")

    @classmethod
    def line_by_line(cls, head: bytes) -> bool:
        """Always: a line is a paragraph."""
        return True

    def read(self, source: Input, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """Unlabelled sentences with text and offsets."""
        for number, line in source.lines():
            where = log.where(number)
            if options.words_of is not None:
                yield Sentence(options.words_of(line), language=options.language, labelled=False, where=where)
                continue
            if not options.split_lines:
                yield sentence_from_text(line, options.language, where=where)
                continue
            for start, end in split_sentences(line, options.language):
                sentence = sentence_from_text(line[start:end], options.language, where=where)
                if sentence.words:
                    yield sentence

    def write(self, sentences: Iterable[Sentence], out: TextIO) -> int:
        """One sentence per line: its text where it has one, else its words with spaces between them."""
        count = 0
        for sentence in sentences:
            text = sentence.with_text().text or ""
            out.write(re.sub(r"[\r\n\u2028\u2029]+", " ", text) + "\n")
            count += 1
        return count
