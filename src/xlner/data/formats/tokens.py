"""JSON lines of `tokens` and `ner_tags`, as data sets on hubs are exported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from xlner.component import option, options
from xlner.core.tags import Scheme
from xlner.core.types import Sentence
from xlner.data.formats.base import Format
from xlner.data.formats.head import Head
from xlner.data.options import LABELS, SCHEME, ReadOptions
from xlner.data.records import Record, index, records, strings
from xlner.data.report import ReadLog
from xlner.data.source import Input
from xlner.data.tagged import UNKNOWN, TaggedSentence, deliver

TAG_KEYS = ("ner_tags", "tags", "ner", "labels")
TOKEN_KEYS = ("tokens", "words")


class Tokens(Format):
    """Records `{"tokens": [...], "ner_tags": [...]}`; also `words`, and `tags`, `ner` or `labels`.

    Integer tags need names: the `labels` option, in order. They are never guessed.
    """

    name = "tokens"
    is_json = True

    @options
    class Options:
        scheme: Scheme | None = option(None, SCHEME)
        labels: tuple[str, ...] = option((), LABELS)

    @classmethod
    def sniff(cls, head: Head) -> bool:
        return all(any(key in head.record for key in keys) for keys in (TOKEN_KEYS, TAG_KEYS))

    def read(self, source: Input, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """Sentences of words; there is no text to point into."""
        items = rows(records(source, log), log, options, self.options.labels)
        return deliver(items, log, options, scheme=self.options.scheme)


def rows(
    items: Iterator[tuple[int, Record]], log: ReadLog, options: ReadOptions, labels: Sequence[str] = ()
) -> Iterator[TaggedSentence]:
    """Tagged sentences from records, shared with `datasets` objects."""
    for line, record in items:
        words = strings(next((record[k] for k in TOKEN_KEYS if k in record), None), "tokens", log, line)
        if words is None:
            continue
        tags = [UNKNOWN] * len(words)
        if options.labelled:
            named = _tags(next((record[k] for k in TAG_KEYS if k in record), None), labels, log, line)
            if named is None:
                continue
            if len(named) != len(words):
                log.fault(f"{len(words)} tokens but {len(named)} tags", line)
                continue
            tags = named
        kept = [i for i, word in enumerate(words) if word and not word.isspace()]
        for _ in range(len(words) - len(kept)):
            log.drop("word that is empty or only white space", line)
        if kept:
            yield TaggedSentence([words[i] for i in kept], [tags[i] for i in kept], line)
        else:
            log.drop("record without words", line)


def _tags(value: object, labels: Sequence[str], log: ReadLog, line: int) -> list[str] | None:
    if isinstance(value, list) and value and all(index(tag) is not None for tag in value):
        if not labels:
            log.fault(
                "tags are numbers and nobody names them; give their names in order, e.g. "
                "labels=['O', 'B-PER', 'I-PER']",
                line,
            )
            return None
        unnamed = [tag for tag in value if not 0 <= tag < len(labels)]
        if unnamed:
            log.fault(f"tag {unnamed[0]} has no name; there are {len(labels)} names", line)
            return None
        return [labels[tag] for tag in value]
    return strings(value, "ner_tags", log, line)
