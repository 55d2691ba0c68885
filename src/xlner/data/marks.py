"""Entities of JSON records, in the spellings of many tools, as character spans."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from xlner.data.counting import CharacterSpan
from xlner.data.records import Record, index
from xlner.data.report import ReadLog

_START = ("start", "start_offset", "startOffset", "begin", "start_idx", "start_char")
_END = ("end", "end_offset", "endOffset", "end_idx", "end_char")
_LABEL = ("label", "labels", "type", "tag", "entity_type", "entity_group", "entity")
_ASIDE = ("relations", "Comments", "comments", "cats", "meta", "metadata", "tokens")  # no entities
_TAG = re.compile(r"[BI]-[A-Z]{3,}")  # not I-9, a type that may be
_SURFACE = ("text", "surface", "mention", "word", "entity")

WANTED = "an entity must be [start, end, label], or an object with start, end and label"


def spans_of(value: object, log: ReadLog, line: int, *, labels: Sequence[str] = ()) -> list[CharacterSpan] | None:
    """Character spans from `[start, end, label]` lists or objects; None after a fault.

    Args:
        value: what stands under the key of the entities.
        log: takes faults, and what is left out.
        line: the record's line.
        labels: names of labels that are numbers.
    """
    if not isinstance(value, list):
        log.fault(f"a list of entities is wanted, not {type(value).__name__}", line)
        return None
    spans = []
    for item in value:
        span = span_of(item, log, line, labels=labels)
        if span is None:
            log.fault(WANTED, line)
            return None
        spans.append(span)
    return spans


def span_of(item: object, log: ReadLog, line: int, *, labels: Sequence[str] = ()) -> CharacterSpan | None:
    """One entity; None if it is none."""
    surface = None
    if isinstance(item, list) and len(item) == 3:
        start, end, label = item
    elif isinstance(item, dict):
        start, end, label = (_first(item, keys) for keys in (_START, _END, _LABEL))
        surface = next((v for k in _SURFACE if isinstance(v := item.get(k), str) and v and v != label), None)
    else:
        return None
    number = index(label)
    if number is not None and 0 <= number < len(labels):
        label = labels[number]
    first, last, name = index(start), index(end), label_of(label, log, line)
    if first is None or last is None or name is None:
        return None
    return CharacterSpan(first, last, name, None, surface)


def label_of(value: object, log: ReadLog, line: int) -> str | None:
    """The label of an entity, the first where a list holds several; the others are counted. None if it is none."""
    if isinstance(value, list):
        for _ in value[1:]:
            log.drop("further label of the same entity", line)
        value = value[0] if value else None
    if isinstance(value, str) and _TAG.fullmatch(value):
        log.fault(f"'{value}' is the tag of a word and no type; an entity is one span of type {value[2:]}", line)
    return value if is_label(value) and isinstance(value, str) else None


def is_label(value: object) -> bool:
    """A type that can stand in a tag: a string of visible characters, not O."""
    return isinstance(value, str) and bool(value.strip()) and value.isprintable() and value != "O"


def looks_like_entity(item: object) -> bool:
    """Whether a value has the shape of an entity, for finding the key under which they stand."""
    if isinstance(item, list):
        return len(item) == 3 and index(item[0]) is not None and index(item[1]) is not None
    return isinstance(item, dict) and all(any(k in item for k in keys) for keys in (_START, _END, _LABEL))


def one_annotator(items: list[object], key: str, log: ReadLog, line: int) -> list[object]:
    """The entities of whoever comes first, where each one names its annotator; the others' are counted."""
    names = [item.get(key) if isinstance(item, dict) else None for item in items]
    of_first = [item for item, name in zip(items, names, strict=True) if name == names[0]]
    for _ in range(len(items) - len(of_first)):
        log.drop("entity of a further annotator", line)
    return of_first


def count_relations(value: object, log: ReadLog, line: int) -> None:
    """Relations between entities are no entities: left out, counted."""
    for item in value if isinstance(value, list) else ():
        lists = isinstance(item, list) and all(isinstance(inner, list | dict) for inner in item)
        for _ in item if lists else (item,):  # some have a list of relations per sentence
            log.drop("relation between entities", line)


def is_aside(key: str) -> bool:
    """Whether what stands under a key is known to be no entities."""
    return key in _ASIDE or key.startswith("_")


def unread(record: Record, read: Iterable[str] = ()) -> list[str]:
    """Keys under which a record may hold labels that nobody read: lists and objects with something in them."""
    return [k for k, v in record.items() if v and isinstance(v, list | dict) and k not in read and not is_aside(k)]


def tell_unread(record: Record, read: Iterable[str], hint: str, log: ReadLog, line: int) -> bool:
    """Tell what stands beside what was read of a record without labels: entities are a fault, other things a note.

    Args:
        record: the record, in which no labels were found.
        read: keys that were read.
        hint: how to write entities so that they are read.
        log: takes the fault or the note.
        line: the record's line.

    Returns:
        Whether there was a fault.
    """
    beside = unread(record, read)
    for key in beside:
        if isinstance(record[key], list) and any(map(looks_like_entity, record[key])):
            log.fault(f"{key!r:.40} looks like entities; {hint}", line)
            return True
    if beside:
        log.note(f"records without labels; not read: {', '.join(map(repr, beside)):.200}")
    return False


def _first(item: dict[str, object], keys: Iterable[str]) -> object:
    return next((item[k] for k in keys if item.get(k) is not None), None)
