"""JSON records with the lines they start on: one per line, in an array, in an object, or over many lines."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any

from xlner.core.languages import iso3
from xlner.data.report import ReadLog
from xlner.data.source import Input
from xlner.errors import DataError, UsageError

Record = dict[str, Any]
Known = Callable[[Record], bool]
_BLANK = " \t\r\n"
_BLANKS = frozenset(_BLANK)
_WORDS = ("tokens", "words")  # lists of words, each of which may look like a record
_DECODER = json.JSONDecoder()
# What begins like an object with a key, or like a list of strings in a list: broken or cut off, but no prose.
_BEGINS_LIKE_JSON = re.compile(r"""(\[\s*){0,2}\{\s*["'][^"'\n]{0,80}["']\s*:|\[\s*\[\s*["']""")


def is_json(text: str) -> bool:
    """Whether a text begins with a JSON object, or with an array of more than numbers: `[1] See below` is prose."""
    text = text.lstrip(_BLANK + "\ufeff")
    if text[:1] not in ("{", "["):
        return False
    try:
        value, end = _DECODER.raw_decode(text)
    except RecursionError:
        return True
    except ValueError:
        return _BEGINS_LIKE_JSON.match(text) is not None
    rest = text[end:].lstrip(" \t")
    if not value:
        return not rest.strip(_BLANK)
    if isinstance(value, list) and all(isinstance(item, int | float) for item in value):
        return False
    return rest[:1] in ("", "\r", "\n", "{", "[", ",")


def records(source: Input, log: ReadLog, known: Known, *, split: str | None = None) -> Iterator[tuple[int, Record]]:
    """Line number and object. Whatever is no JSON object is a fault with its line.

    Lines are read one by one. Everything else is read whole: an array, an object over several lines, a list of records
    in an object (`{"data": [...]}`), an object of records (`{"1": {...}}`).

    Args:
        source: the input.
        log: takes the faults.
        known: whether some dialect reads such a record; if not, records are looked for inside.
        split: of several lists of records in one object, which one.
    """
    head = source.head()
    if is_lines(head.replace(b"\r", b"\n") if source.ends_with_returns else head):
        for number, line in source.lines():
            if line.strip(_BLANK):
                try:
                    value = json.loads(line)
                except (ValueError, RecursionError) as error:
                    log.fault(_no_json(error, line), number)
                    continue
                yield from _opened(value, number, log, known, split)
    else:
        yield from _Document(source.text(), log, known, split).records()


def is_lines(head: bytes) -> bool:
    """Whether each line is a value of its own, as far as the first one tells."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    first = text.partition(b"\n")[0].decode("utf-8", "replace").rstrip(_BLANK)
    if first[:1] not in ("{", "["):
        return True
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):
        # What ends with an open bracket goes on in the next line; any other broken line is a line that is broken.
        return first[0] == "{" and first[-1] not in "{[,:"
    return isinstance(value, dict) or _is_pair(value)


def _is_pair(value: object) -> bool:
    """spaCy's `[text, {"entities": [...]}]`."""
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], dict)


def _as_record(value: Any) -> Record | None:
    if isinstance(value, dict):
        return value
    return {"text": value[0], "annotations": value[1]} if _is_pair(value) else None


def _record(value: object, line: int, log: ReadLog) -> Iterator[tuple[int, Record]]:
    record = _as_record(value)
    if record is not None:
        yield line, record
    elif value is None:
        log.drop("null in the place of a record", line)
    else:
        log.fault(f"a JSON object is wanted, not {type(value).__name__}", line)


def _opened(value: Any, line: int, log: ReadLog, known: Known, split: str | None) -> Iterator[tuple[int, Record]]:
    """The records of a value that stands in one line."""
    place = _place(value, line, log, known, split)
    if place is None:
        yield from _record(value, line, log)
        return
    for item in value.values() if place == "" else value[place]:
        yield from _record(item, line, log)


def _place(value: Any, line: int, log: ReadLog, known: Known, split: str | None) -> str | None:
    """Where the records are in an object that is none: a key, "" for its values, None for nowhere."""
    if not isinstance(value, dict) or known(value):
        return None
    is_known = lambda item: (r := _as_record(item)) is not None and known(r)  # noqa: E731
    lists = [
        key
        for key, items in value.items()
        if key not in _WORDS and isinstance(items, list) and any(map(is_known, items))
    ]
    if len(lists) > 1 and split not in lists:
        log.fault(f"several lists of records ({', '.join(map(repr, lists))}); write one of them to a file", line)
        return None
    if lists:
        key = split if split in lists else lists[0]
        beside = ", ".join(repr(k) for k in value if k != key)
        log.note(f"the records stand in '{key}'" + (f"; not read: {beside:.200}" if beside else ""))
        return key
    return "" if value and any(map(is_known, value.values())) else None


class _Document:
    """A text of JSON values over several lines, read from its start to its end.

    Args:
        text: the whole text.
        log: takes the faults.
        known: as in `records`.
        split: as in `records`.
    """

    def __init__(self, text: str, log: ReadLog, known: Known, split: str | None) -> None:
        self._text, self._log, self._known, self._split = text, log, known, split
        self._breaks = [match.start() for match in re.finditer("\n", text)]
        self._at = 0

    def records(self) -> Iterator[tuple[int, Record]]:
        """The records of all values, one after the other."""
        try:
            while self._next():
                if self._next() == "[":
                    for value, line in self._elements():
                        yield from _record(value, line, self._log)
                else:
                    yield from self._object()
        except DataError:
            raise
        except (ValueError, RecursionError) as error:
            at = error.pos if isinstance(error, json.JSONDecodeError) else self._at
            self._log.fault(_no_json(error), self._line(min(at, len(self._text.rstrip(_BLANK)))))

    def _object(self) -> Iterator[tuple[int, Record]]:
        """An object: a record, or what holds records."""
        begin, line = self._at, self._line(self._at)
        value = self._value()
        end = self._at
        place = _place(value, line, self._log, self._known, self._split)
        if place is None:
            yield from _record(value, line, self._log)
            return
        self._at = begin
        for key in self._keys():
            if place == "":
                yield from _record(value[key], self._line(self._at), self._log)
            elif key == place and self._next() == "[":
                for item, line in self._elements():
                    yield from _record(item, line, self._log)
                break
            self._value()
        self._at = end

    def _elements(self) -> Iterator[tuple[Any, int]]:
        """The elements of an array, each with its line."""
        self._at += 1
        while self._next() != "]":
            line = self._line(self._at)
            yield self._value(), line
            self._separator("]")
        self._at += 1

    def _keys(self) -> Iterator[str]:
        """The keys of an object that is known to be good; whoever takes one reads its value."""
        self._at += 1
        while self._next() != "}":
            key = self._value()
            self._next()
            self._at += 1  # the colon
            self._next()
            yield key
            self._separator("}")

    def _separator(self, end: str) -> None:
        if self._next() == ",":
            self._at += 1
        elif self._next() != end:
            raise json.JSONDecodeError(f"a comma or {end} is wanted", self._text, self._at)

    def _next(self) -> str:
        """The next character that is not blank, without taking it; "" at the end."""
        while self._text[self._at : self._at + 1] in _BLANKS:
            self._at += 1
        return self._text[self._at : self._at + 1]

    def _value(self) -> Any:
        value, self._at = _DECODER.raw_decode(self._text, self._at)
        return value

    def _line(self, position: int) -> int:
        return 1 + bisect_left(self._breaks, position)


def text_of(value: object, what: str, log: ReadLog, line: int) -> str | None:
    r"""A string that can be written again, or None after a fault: JSON lets half a surrogate pair (\ud83d) pass."""
    if not isinstance(value, str):
        log.fault(f"'{what}' must be a string, not {type(value).__name__}", line)
        return None
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            log.fault(f"'{what}' holds half of a surrogate pair, which is no character", line)
            return None
    return value


def strings(value: object, what: str, log: ReadLog, line: int) -> list[str] | None:
    """A list of strings, or None after a fault."""
    if not isinstance(value, list):
        log.fault(f"'{what}' must be a list of strings, not {type(value).__name__}", line)
        return None
    try:
        "".join(value).encode("utf-8")  # all at once; which one is wrong is looked up below
    except (TypeError, UnicodeEncodeError):
        pass
    else:
        return value
    checked = [text_of(item, what, log, line) for item in value]
    return None if None in checked else [item for item in checked if item is not None]


def index(value: object) -> int | None:
    """A whole number, also 3.0, that is no truth value (JSON's true is a Python int); or None."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


LANGUAGE_KEYS = ("language", "lang")


def language_of(record: Record) -> str | None:
    """The language that a record names; None without one, or when its name is no code."""
    for key in LANGUAGE_KEYS:
        if isinstance(record.get(key), str):
            try:
                return iso3(record[key])
            except UsageError:
                return None
    return None


def _no_json(error: Exception, line: str | None = None) -> str:
    if isinstance(error, json.JSONDecodeError):
        message = f"no JSON: {error.msg} at character {error.colno}"
        if line is not None and line.rstrip(_BLANK)[-1:] in ("{", "[", ",", ":"):
            message += "; an object over several lines may follow no other one that is in one line"
        return message
    if isinstance(error, RecursionError):
        return "the JSON is nested too deeply"
    return f"no JSON: {error}"
