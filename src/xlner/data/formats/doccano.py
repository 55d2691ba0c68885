"""Doccano's JSON, old and new, and every other text with a list of character spans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from xlner.core.types import Sentence
from xlner.data.characters import on_words
from xlner.data.counting import CharacterSpan
from xlner.data.formats.json_dialect import JsonDialect, Repeated
from xlner.data.formats.label_studio import LABEL_KEYS, everywhere, is_nowhere, lies_elsewhere, marked_span
from xlner.data.marks import (
    WANTED,
    count_relations,
    is_aside,
    is_label,
    looks_like_entity,
    one_annotator,
    spans_of,
    unread,
)
from xlner.data.options import ReadOptions
from xlner.data.records import Record, index, language_of, text_of
from xlner.data.report import ReadLog

_SPAN_KEYS = ("label", "labels", "entities", "annotations", "annotation")
_MARKUP_KEYS = LABEL_KEYS[1:]  # the first one, "labels", has many users
_FROM_LABEL_STUDIO = frozenset(("annotation_id", "annotator"))


class Doccano(JsonDialect):
    """Text with character spans: `{"text": ..., "label": [[start, end, "PER"], ...]}`, as doccano writes it.

    The text is `text` or `data`. The entities are lists or objects under `label`, `labels`, `entities`, `annotations`
    or any key whose values look like entities; what several keys hold is taken together. Label Studio's JSON-MIN has
    this form, too. One record is one sentence, whatever its length: an entity may cross any point where it could be
    split. A record without any list of entities is unlabelled. Of several annotators the first one counts.
    """

    name = "doccano"

    def __init__(self, options: object = None, /, **values: object) -> None:
        super().__init__(options, **values)
        self._repeated = Repeated()

    @classmethod
    def takes(cls, record: Record) -> bool:
        return "text" in record or isinstance(record.get("data"), str)

    def sentences(self, record: Record, line: int, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """A sentence with text and offsets."""
        key = "text" if "text" in record else "data"
        text = text_of(record[key], key, log, line)
        if text is None:
            return
        if not _FROM_LABEL_STUDIO.isdisjoint(record) and lies_elsewhere(text, log, line):
            return
        entities = _entities(record, text, log, line, self.options.labels) if options.labelled else None
        if entities is False:
            return
        if options.labelled and self._repeated(record.get("id"), record.get("annotation_id")):
            log.drop("further annotation of the same task", line)
            return
        nowhere = [span for span in entities or () if is_nowhere(span)]
        placed = [span for span in entities or () if not is_nowhere(span)] if nowhere else entities or ()
        sentence = on_words(
            text, placed, log, options, line=line, labelled=entities is not None, browser="annotation_id" in record,
            unknown=everywhere(nowhere, text, log, line), language=language_of(record),
        )  # fmt: skip
        if sentence is not None:
            yield sentence


def _entities(
    record: Record, text: str, log: ReadLog, line: int, labels: tuple[str, ...]
) -> list[CharacterSpan] | Literal[False] | None:
    """The entities of a record; None where nobody looked for any; False after a fault."""
    lists = [record[key] for key in _entity_keys(record) if record[key] is not None]
    count_relations(record.get("relations"), log, line)
    spans: list[CharacterSpan] | None = None
    for value in lists:
        if isinstance(value, dict):
            more = _by_type(value, log, line)
        elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            # Names of the whole text. Beside entities they can be left out; alone, the entities may have been lost.
            if len(lists) == 1:
                log.fault(f"names where entities are wanted ({', '.join(value):.40}): {WANTED}", line)
                return False
            log.drop("label of a whole text", line)
            continue
        else:
            if isinstance(value, list) and any(isinstance(item, dict) and "user" in item for item in value):
                value = one_annotator(value, "user", log, line)
            if isinstance(value, list) and any(map(_is_of_markup, value)):
                more = _of_label_studio(value, text, log, line)
            else:
                more = spans_of(value, log, line, labels=labels)
        if more is None:
            return False
        spans = [*(spans or ()), *more]
    if spans is None and (beside := unread(record)):
        log.note(f"texts without a list of entities are unlabelled; not read: {', '.join(map(repr, beside)):.200}")
    return spans


def _entity_keys(record: Record) -> list[str]:
    keys = [key for key in record if key in _SPAN_KEYS]
    further = [
        key
        for key, value in record.items()
        if key not in keys and not is_aside(key) and isinstance(value, list) and any(map(_is_entity, value))
    ]
    return keys + further


def _is_entity(item: object) -> bool:
    return looks_like_entity(item) or _is_of_markup(item)


def _is_of_markup(item: object) -> bool:
    """Whether an entity is one of Label Studio's in hypertext or paragraphs."""
    return isinstance(item, dict) and any(key in item for key in _MARKUP_KEYS)


def _of_label_studio(items: list[object], text: str, log: ReadLog, line: int) -> list[CharacterSpan] | None:
    spans = []
    for item in items:
        if isinstance(item, dict) and not any(key in item for key in LABEL_KEYS):
            log.fault("a marked part has no label; give it one, or take the full export, where it is unknown", line)
            return None
        span = marked_span(item, text, None, log, line) if isinstance(item, dict) else None
        if span is None:
            log.fault(WANTED, line)
            return None
        spans.append(span)
    return spans


def _by_type(value: Record, log: ReadLog, line: int) -> list[CharacterSpan] | None:
    """Entities as CLUENER has them, `{"name": {"Zuri": [[0, 3]]}}`: the type, the text, first and last character."""
    spans = []
    for label, texts in value.items():
        for surface, places in texts.items() if isinstance(texts, dict) else [(None, None)]:
            for place in places if isinstance(places, list) else [None]:
                start, last = map(index, place) if isinstance(place, list) and len(place) == 2 else (None, None)
                if start is None or last is None or not is_label(label):
                    log.fault(f"an object of entities must be type -> text -> [[first, last], ...]; {WANTED}", line)
                    return None
                spans.append(CharacterSpan(start, last + 1, label, None, surface))
    return spans
