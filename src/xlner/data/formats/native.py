"""xlner's own JSON lines: everything a sentence knows, one object per line.

    {"text": "Amina lives in Kano.", "words": ["Amina", "lives", "in", "Kano", "."],
     "offsets": [[0, 5], [6, 11], [12, 14], [15, 19], [19, 20]],
     "spans": [{"start": 0, "end": 1, "label": "PER", "text": "Amina", "score": 0.98}, ...],
     "missing": [[3, 4]], "language": "eng", "labelled": true}

A record without `spans` is unlabelled: nobody looked. `"spans": []` says that there are no entities.

`start` and `end` of spans and of `missing` count words, half-open; `offsets` count code points of `text`. Only `words`
is required; `text` and `offsets` come together. A span's own `text` is there for people and is not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, TextIO

from xlner.core.languages import iso3
from xlner.core.types import Sentence, Span
from xlner.data.formats.json_dialect import JsonDialect
from xlner.data.formats.token_spans import ENTITY_KEYS
from xlner.data.formats.tokens import BESIDE_WORDS, TAG_KEYS
from xlner.data.marks import tell_unread
from xlner.data.options import ReadOptions
from xlner.data.records import Record, index, strings, text_of
from xlner.data.report import ReadLog
from xlner.errors import UsageError

_OTHERS = frozenset(("data", *ENTITY_KEYS, *TAG_KEYS))  # keys of other dialects
_READ = ("words", "offsets", "missing")


class Native(JsonDialect):
    """The form that loses nothing: text, offsets, spans, scores, language, missing."""

    name = "jsonl"

    @classmethod
    def takes(cls, record: Record) -> bool:
        return "words" in record and _OTHERS.isdisjoint(record)

    def sentences(self, record: Record, line: int, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """The sentence as it was written; `language` of the options wins over the record's."""
        sentence = _sentence(record, log, options, line)
        if sentence is not None:
            yield sentence if options.labelled else sentence.without_labels()

    def write(self, sentences: Iterable[Sentence], out: TextIO) -> int:
        """One object per line."""
        count = 0
        for sentence in sentences:
            out.write(json.dumps(as_record(sentence), ensure_ascii=False) + "\n")
            count += 1
        return count


def as_record(sentence: Sentence) -> dict[str, Any]:
    """A sentence as plain values."""
    record: dict[str, Any] = {}
    if sentence.text is not None and sentence.offsets is not None:
        record |= {"text": sentence.text, "words": list(sentence.words), "offsets": [list(o) for o in sentence.offsets]}
    else:
        record["words"] = list(sentence.words)
    record["spans"] = [_span_record(sentence, span) for span in sentence.spans]
    if sentence.missing:
        record["missing"] = [list(m) for m in sentence.missing]
    if sentence.language is not None:
        record["language"] = sentence.language
    record["labelled"] = sentence.labelled
    return record


def _span_record(sentence: Sentence, span: Span) -> dict[str, Any]:
    record = {"start": span.start, "end": span.end, "label": span.label, "text": sentence.surface(span)}
    return record if span.score is None else record | {"score": span.score}


def _sentence(record: Record, log: ReadLog, options: ReadOptions, line: int) -> Sentence | None:
    words = strings(record.get("words"), "words", log, line)
    if words is None:
        return None
    if not all(words):
        log.fault("'words' holds an empty string", line)
        return None
    if "spans" not in record and options.labelled and tell_unread(record, _READ, BESIDE_WORDS, log, line):
        return None
    text, offsets = record.get("text"), record.get("offsets")
    if (text is None) != (offsets is None):
        log.fault("'text' and 'offsets' come together or not at all", line)
        return None
    checked_offsets = None
    if text is not None:
        text = text_of(text, "text", log, line)
        checked_offsets = _ranges(offsets)
        if text is None:
            return None
        in_order = checked_offsets is not None and all(a[1] <= b[0] for a, b in pairwise(checked_offsets))
        if checked_offsets is None or not in_order or [text[s:e] for s, e in checked_offsets] != words:
            log.fault("'offsets' must be [start, end] per word, in their order, and text[start:end] that word", line)
            return None
    spans = _spans(record.get("spans", []), len(words))
    if isinstance(spans, str):
        log.fault(spans, line)
        return None
    missing = _ranges(record.get("missing", []))
    if missing is None or any(end > len(words) for _, end in missing):
        log.fault("'missing' must be a list of [start, end) over the words", line)
        return None
    missing = tuple(sorted(missing))
    if missing and any(a[1] > b[0] for a, b in pairwise(sorted([*missing, *((s.start, s.end) for s in spans)]))):
        log.fault("'missing' overlaps itself or a span", line)
        return None
    labelled = record.get("labelled", "spans" in record or "missing" in record)
    if not isinstance(labelled, bool):
        log.fault("'labelled' must be true or false", line)
        return None
    language = options.language or _language(record.get("language"), log, line)
    return Sentence(
        tuple(words), spans, language, text, checked_offsets, missing, labelled=labelled, where=log.where(line)
    )


def _spans(value: object, n_words: int) -> tuple[Span, ...] | str:
    """Sorted spans, or what is wrong with them."""
    if not isinstance(value, list):
        return "'spans' must be a list"
    spans = []
    for item in value:
        if not isinstance(item, dict):
            return "a span must be an object with start, end and label"
        start, end, label, score = (
            index(item.get("start")),
            index(item.get("end")),
            item.get("label"),
            item.get("score"),
        )
        if start is None or end is None or not 0 <= start < end <= n_words:
            return f"a span needs 0 <= start < end <= {n_words} words"
        if not isinstance(label, str) or not label.strip() or not label.isprintable():
            return "a span's label must be a non-empty string"
        if score is not None and (not isinstance(score, int | float) or isinstance(score, bool) or not 0 <= score <= 1):
            return "a span's score must be a number from 0 to 1"
        spans.append(Span(start, end, label, None if score is None else float(score)))
    spans.sort(key=lambda s: s.start)
    if any(a.end > b.start for a, b in pairwise(spans)):
        return "spans must not overlap"
    return tuple(spans)


def _ranges(value: object) -> tuple[tuple[int, int], ...] | None:
    if not isinstance(value, list):
        return None
    ranges: list[tuple[int, int]] = []
    for item in value:
        if not isinstance(item, list) or len(item) != 2:
            return None
        start, end = index(item[0]), index(item[1])
        if start is None or end is None or not 0 <= start < end:
            return None
        ranges.append((start, end))
    return tuple(ranges)


def _language(value: object, log: ReadLog, line: int) -> str | None:
    if value is None:
        return None
    try:
        return iso3(str(value))
    except UsageError as error:
        log.fault(str(error), line)
        return None
