"""Universal NER: five columns by TAB (id, word, tag, other annotation, annotator) under `#` comments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xlner.component import option, options
from xlner.core.tags import Scheme
from xlner.core.types import Sentence
from xlner.data.column_kinds import are_tags
from xlner.data.formats.base import Format
from xlner.data.formats.head import Head
from xlner.data.formats.treebank import Shape, TreebankSentence, looks_like_treebank, share_tags, treebank_rows
from xlner.data.options import SCHEME, ReadOptions
from xlner.data.report import ReadLog
from xlner.data.source import Input
from xlner.data.tagged import deliver, looks_like_tag

_WIDTH = 5


class Uner(Format):
    """UNER's `.iob2`: numbered words with their tag third, and the text of the sentence in a comment.

    The `# text =` comment becomes the sentence's text when the words are found in it in order.

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
        """The first lines are comments, blank, or five columns with an integer id and a tag third, and none last."""
        last: set[str] = set()

        def is_word(columns: list[str]) -> bool:
            last.add(columns[-1].strip())
            return looks_like_tag(columns[2].strip())

        return looks_like_treebank(head, _WIDTH, is_word) and not are_tags(last)

    def read(self, source: Input, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """Sentences with their text, where the file gives it."""
        shape = Shape(_WIDTH, 0, self.options.token_column % _WIDTH, self.options.tag_column % _WIDTH)
        log.columns = shape.describe()
        rows: Iterable[TreebankSentence] = treebank_rows(source, log, shape)
        if options.labelled:
            rows = list(rows)
            share_tags(rows, log)
        return deliver(rows, log, options, scheme=self.options.scheme)
