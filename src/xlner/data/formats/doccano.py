"""Doccano's JSON lines, and every other text with a list of character spans."""

from __future__ import annotations

from collections.abc import Iterator

from xlner.core.types import Sentence
from xlner.data.characters import CharacterSpan, on_words
from xlner.data.formats.base import Format
from xlner.data.formats.head import Head
from xlner.data.options import ReadOptions
from xlner.data.records import index, records, text_of
from xlner.data.report import ReadLog
from xlner.data.source import Input

_SPAN_KEYS = ("label", "labels", "entities")
_START = ("start", "start_offset", "begin")
_END = ("end", "end_offset")
_LABEL = ("label", "labels", "type", "entity")


class Doccano(Format):
    """`{"text": ..., "label": [[start, end, "PER"], ...]}`; also `labels` and `entities`, with lists or objects.

    One record is one sentence, whatever its length: an entity may cross any point where it could be split. Label
    Studio's JSON-MIN has this form, too. A record without any list of entities is unlabelled.
    """

    name = "doccano"
    is_json = True

    @classmethod
    def sniff(cls, head: Head) -> bool:
        return "text" in head.record and "words" not in head.record

    def read(self, source: Input, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """Sentences with text and offsets."""
        for line, record in records(source, log):
            text = text_of(record.get("text"), "text", log, line)
            if text is None:
                continue
            key = next((k for k in _SPAN_KEYS if k in record), None)
            spans = spans_of(record[key] if key and options.labelled else [], log, line)
            if spans is not None:
                sentence = on_words(text, spans, log, options, line=line, labelled=key is not None)
                if sentence is not None:
                    yield sentence


def spans_of(value: object, log: ReadLog, line: int) -> list[CharacterSpan] | None:
    """Character spans from `[start, end, label]` lists or objects; None after a fault."""
    if value is None:
        return []
    if not isinstance(value, list):
        log.fault(f"a list of entities is wanted, not {type(value).__name__}", line)
        return None
    spans = []
    for item in value:
        span = _span(item)
        if span is None:
            log.fault("an entity must be [start, end, label], or an object with start, end and label", line)
            return None
        spans.append(span)
    return spans


def _span(item: object) -> CharacterSpan | None:
    if isinstance(item, list) and len(item) == 3:
        start, end, label = item
    elif isinstance(item, dict):
        start, end, label = (next((item[k] for k in keys if k in item), None) for keys in (_START, _END, _LABEL))
    else:
        return None
    if isinstance(label, list) and label:
        label = label[0]
    first, last = index(start), index(end)
    if first is None or last is None or not is_label(label):
        return None
    return CharacterSpan(first, last, str(label))


def is_label(value: object) -> bool:
    """A type that can stand in a tag: a string of visible characters, not O."""
    return isinstance(value, str) and bool(value.strip()) and value.isprintable() and value != "O"
