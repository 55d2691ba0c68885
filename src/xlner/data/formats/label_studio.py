"""Label Studio's JSON export: an array of tasks, or one task per line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xlner.core.types import Sentence
from xlner.data.characters import CharacterSpan, on_words
from xlner.data.formats.base import Format
from xlner.data.formats.doccano import is_label
from xlner.data.formats.head import Head
from xlner.data.options import ReadOptions
from xlner.data.records import Record, index, records, text_of
from xlner.data.report import ReadLog
from xlner.data.source import Input

_RESULTS = ("annotations", "completions")


class LabelStudio(Format):
    """Tasks with `data` and `annotations`. The first annotation that nobody cancelled counts, the rest are left out.

    A task without annotation is unlabelled; `predictions` are never taken for gold. Offsets come from a browser, which
    counts UTF-16 units: each span's own `text` tells which count is meant once an emoji stands before it.
    """

    name = "label-studio"
    is_json = True

    @classmethod
    def sniff(cls, head: Head) -> bool:
        return "data" in head.record and any(k in head.record for k in (*_RESULTS, "predictions"))

    def read(self, source: Input, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """Sentences with text and offsets, one per task."""
        for line, record in records(source, log):
            text = _text(record, log, line)
            if text is None:
                continue
            results = _results(record, log, line) if options.labelled else None
            spans = _spans(results or [], text, log, line)
            if spans is not None:
                sentence = on_words(text, spans, log, options, line=line, labelled=results is not None)
                if sentence is not None:
                    yield sentence


def _text(record: Record, log: ReadLog, line: int) -> str | None:
    data = record.get("data")
    if not isinstance(data, dict):
        log.fault("a task needs 'data' with the text in it", line)
        return None
    texts = [v for v in data.values() if isinstance(v, str)]
    if "text" not in data and len(texts) != 1:
        log.fault(f"'data' holds no 'text', and {len(texts)} other strings", line)
        return None
    return text_of(data.get("text", texts[0] if texts else None), "text", log, line)


def _results(record: Record, log: ReadLog, line: int) -> list[Any] | None:
    """What the annotator marked; None when nobody annotated the task."""
    annotations: list[Any] = next((record[k] for k in _RESULTS if isinstance(record.get(k), list)), [])
    valid = [a for a in annotations if isinstance(a, dict) and not a.get("was_cancelled")]
    for _ in range(len(annotations) - len(valid)):
        log.drop("cancelled annotation", line)
    for _ in valid[1:]:
        log.drop("further annotation of the same task", line)
    if not valid:
        return None
    result = valid[0].get("result", [])
    return result if isinstance(result, list) else []


def _spans(results: list[Any], text: str, log: ReadLog, line: int) -> list[CharacterSpan] | None:
    spans: list[CharacterSpan] = []
    for result in results:
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(value, dict) or "labels" not in value:
            continue  # a choice, a relation, a rating: no entity
        labels = value["labels"]
        in_text = value.get("globalOffsets")  # markup counts from its own element, this from the start
        place = in_text if isinstance(in_text, dict) else value
        start, end = index(place.get("start")), index(place.get("end"))
        if start is None or end is None or not isinstance(labels, list) or not labels or not is_label(labels[0]):
            log.fault("a marked entity needs 'start', 'end' and one of 'labels'", line)
            return None
        start, end = _code_points(text, start, end, value.get("text"))
        spans.append(CharacterSpan(start, end, labels[0]))
    return spans


def _code_points(text: str, start: int, end: int, surface: object) -> tuple[int, int]:
    """Offsets as code points, found by the marked text itself where it is known."""
    if not isinstance(surface, str) or text[start:end] == surface or text.isascii() or start < 0:
        return start, end
    units = text.encode("utf-16-le")
    before, inside = (units[2 * a : 2 * b].decode("utf-16-le", "replace") for a, b in ((0, start), (start, end)))
    return (len(before), len(before) + len(inside)) if inside == surface else (start, end)
