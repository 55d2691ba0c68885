"""JSON records of `tokens` and `ner_tags`, as data sets on hubs are exported."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

from xlner.core.tags import UNKNOWN, known_tags
from xlner.core.types import Sentence
from xlner.data.formats.json_dialect import JsonDialect
from xlner.data.formats.token_spans import ENTITY_KEYS
from xlner.data.marks import tell_unread
from xlner.data.options import ReadOptions
from xlner.data.records import Record, index, language_of, strings
from xlner.data.report import ReadLog
from xlner.data.tagged import TaggedSentence, looks_like_tag

TAG_KEYS = ("ner_tags", "ner", "named_entities", "tags", "labels")  # the surer its meaning, the earlier
TOKEN_KEYS = ("tokens", "words")
BESIDE_WORDS = (
    "beside words they are read from 'ner' as [first word, last word, label], or from 'entities' as objects with "
    "start, end (the word after the last) and type"
)


class Tokens(JsonDialect):
    """Records `{"tokens": [...], "ner_tags": [...]}`; also `words`, and `tags`, `ner` or `labels`.

    Few-NERD, MultiNERD, WikiNEuRal and most data sets on hubs have this form. Integer tags need names: the `labels`
    option, in order; they are never guessed. Where another key holds the names of the same tags, that one is read.
    """

    name = "tokens"

    def __init__(self, options: object = None, /, **values: object) -> None:
        super().__init__(options, **values)
        self._shapes: set[tuple[str, ...]] = set()  # keys of the records so far

    @classmethod
    def takes(cls, record: Record) -> bool:
        words = next((record[k] for k in TOKEN_KEYS if k in record), None)
        if words is None or _of(words, dict):
            return False
        tags = [record[k] for k in TAG_KEYS if k in record]
        if not tags:
            return "words" not in record and _of(words, str) and not any(k in record for k in ("text", *ENTITY_KEYS))
        if all(value == [] and key in ENTITY_KEYS for key, value in record.items() if key in TAG_KEYS) and words:
            return False  # no entity in this sentence, in a file of entities by number of word
        return not all(_of(value, dict) or _of(value, list) for value in tags)

    def sentences(self, record: Record, line: int, log: ReadLog, options: ReadOptions) -> Iterator[TaggedSentence]:
        """One sentence of words; there is no text to point into."""
        if options.labelled and (keys := tuple(record)) not in self._shapes:
            self._shapes.add(keys)
            _note_further_tags(record, log)
        return rows(iter([(line, record)]), log, options, self.options.labels)

    def write(self, sentences: Iterable[Sentence], out: TextIO) -> int:
        """One object per line, with IOB2 tags by name; `_` where nobody knows. `datasets` reads it as JSON."""
        count = 0
        for sentence in sentences:
            record = {"tokens": list(sentence.words), "ner_tags": known_tags(sentence)}
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
            count += 1
        return count


def _note_further_tags(record: Record, log: ReadLog) -> None:
    """Say which other lists look like tags of named entities, as nested ones have them."""
    first = next((key for key in TAG_KEYS if key in record), None)
    if first is None:
        return
    size = len(record[first]) if isinstance(record[first], list) else 0
    for key, value in record.items():
        if key in (*TAG_KEYS, *TOKEN_KEYS) or "chunk" in key or not size or not _of(value, str) or len(value) != size:
            continue
        strings_of = [tag for tag in value if isinstance(tag, str)]
        if len(strings_of) == size and set(strings_of) != {UNKNOWN} and all(map(looks_like_tag, strings_of)):
            log.note(f"{key!r:.40} looks like tags, too, and is not read beside '{first}'")


def _of(value: object, kind: type) -> bool:
    """A list that begins with such a value."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], kind)


def rows(
    items: Iterator[tuple[int, Record]], log: ReadLog, options: ReadOptions, labels: Sequence[str] = ()
) -> Iterator[TaggedSentence]:
    """Tagged sentences from records, shared with `datasets` objects."""
    for line, record in items:
        words = strings(next((record[k] for k in TOKEN_KEYS if k in record), None), "tokens", log, line)
        if words is None:
            continue
        tags = [UNKNOWN] * len(words)
        if options.labelled and any(key in record for key in TAG_KEYS):
            named = _tags(_tag_values(record, len(words), numbers=bool(labels)), labels, log, line)
            if named is None:
                continue
            if len(named) != len(words):
                log.fault(f"{len(words)} tokens but {len(named)} tags", line)
                continue
            tags = named
        elif options.labelled and tell_unread(record, TOKEN_KEYS, BESIDE_WORDS, log, line):
            continue
        row = tagged(words, tags, line, log)
        if row is not None:
            row.language = language_of(record)
            yield row


def tagged(words: Sequence[str], tags: Sequence[str], line: int, log: ReadLog) -> TaggedSentence | None:
    """A sentence without words that are white space; None if that leaves none."""
    if words and all(map(str.strip, words)):
        return TaggedSentence(list(words), list(tags), line)
    present = [i for i, word in enumerate(words) if word and not word.isspace()]
    for _ in range(len(words) - len(present)):
        log.drop("word that is empty or only white space", line)
    if not present:
        log.drop("record without words", line)
        return None
    return TaggedSentence([words[i] for i in present], [tags[i] for i in present], line)


def _tag_values(record: Record, length: int, *, numbers: bool) -> Any:
    """The tags: names before numbers, and else the first key.

    Args:
        record: has one key of tags at least.
        length: number of words.
        numbers: numbers have names, so only tags of entities come before them.
    """
    values = [record[key] for key in TAG_KEYS if key in record]
    for value in values:
        if _of(value, str) and len(value) == length and _number(value[0]) is None:
            strings_of = [tag for tag in value if isinstance(tag, str)]
            if not numbers or (len(strings_of) == length and all(map(looks_like_tag, strings_of))):
                return value
    return values[0]


def _tags(value: object, labels: Sequence[str], log: ReadLog, line: int) -> list[str] | None:
    if isinstance(value, list) and value and all(_number(tag) is not None for tag in value):
        numbers = [_number(tag) or 0 for tag in value]
        if not labels:
            log.fault(
                "tags are numbers and nobody names them; give their names in order, e.g. "
                "labels=['O', 'B-PER', 'I-PER']",
                line,
            )
            return None
        unnamed = [tag for tag in numbers if not 0 <= tag < len(labels)]
        if unnamed:
            log.fault(f"tag {unnamed[0]} has no name; there are {len(labels)} names", line)
            return None
        return [labels[tag] for tag in numbers]
    return strings(value, "ner_tags", log, line)


def _number(tag: object) -> int | None:
    """The number that a tag is, also as a string: "3"."""
    if isinstance(tag, str):
        return int(tag) if len(tag) < 10 and tag.isascii() and tag.removeprefix("-").isdigit() else None
    return index(tag)
