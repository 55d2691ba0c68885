"""JSON records, one per line or in one array, each with the line it starts on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from xlner.data.report import ReadLog
from xlner.data.source import Input

Record = dict[str, Any]
_BLANK = " \t\r\n"


def records(source: Input, log: ReadLog) -> Iterator[tuple[int, Record]]:
    """Line number and object. Whatever is no JSON object is a fault with its line.

    Lines are read one by one. An array is read whole, since its objects have no lines of their own.
    """
    if source.head().removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"[":
        yield from _from_array(source.text(), log)
        return
    for number, line in source.lines():
        if line.strip(_BLANK):
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                log.fault(_no_json(error), number)
                continue
            if (record := _checked(value, log, number)) is not None:
                yield number, record


def _from_array(text: str, log: ReadLog) -> Iterator[tuple[int, Record]]:
    decoder = json.JSONDecoder()
    position = text.index("[") + 1
    line = 1 + text.count("\n", 0, position)

    def skip(position: int) -> int:
        while position < len(text) and text[position] in _BLANK:
            position += 1
        return position

    position, seen = skip(position), position
    while position < len(text) and text[position] != "]":
        line, seen = line + text.count("\n", seen, position), position
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            log.fault(_no_json(error), line + text.count("\n", position, getattr(error, "pos", position)))
            return
        if (record := _checked(value, log, line)) is not None:
            yield line, record
        position = skip(end)
        if position < len(text) and text[position] == ",":
            position = skip(position + 1)
        elif text[position : position + 1] != "]":
            break
    if text[position : position + 1] != "]" or text[position + 1 :].strip(_BLANK):
        log.fault("the JSON array does not end with one ]", 1 + text.count("\n", 0, position))


def _checked(value: object, log: ReadLog, line: int) -> Record | None:
    if not isinstance(value, dict):
        log.fault(f"a JSON object is wanted, not {type(value).__name__}", line)
        return None
    return value


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
    checked = [text_of(item, what, log, line) for item in value]
    return None if None in checked else [item for item in checked if item is not None]


def index(value: object) -> int | None:
    """A whole number that is no truth value (JSON's true is a Python int), or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _no_json(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"no JSON: {error.msg} at character {error.colno}"
    if isinstance(error, RecursionError):
        return "the JSON is nested too deeply"
    return f"no JSON: {error}"
