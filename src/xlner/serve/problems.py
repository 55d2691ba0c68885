"""What a server refuses, as one sentence with an HTTP status."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from xlner.errors import XlnerError

_HALF = re.compile("[\ud800-\udfff]")
HALF = "holds half of a surrogate pair (such as \\ud83d), which is no character"


def has_half(text: str) -> bool:
    """Whether a text holds what is no character and cannot be sent back: half of a surrogate pair."""
    return not text.isascii() and _HALF.search(text) is not None


class Refusal(XlnerError):
    """A request that is not answered as asked.

    Args:
        status: the HTTP status.
        message: one sentence for who sent it.
        headers: further headers of the answer.
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})


def come_again(message: str, seconds: float) -> Refusal:
    """503 with Retry-After, from 1 to 60 seconds."""
    wait = max(1, min(60, round(seconds)))
    return Refusal(503, f"{message}; try again in {wait} s", {"Retry-After": str(wait)})


def sentence_of(errors: Sequence[Any]) -> str:
    """What pydantic found wrong in a body, as one sentence that does not repeat the body."""
    if not errors:
        return "the body is not as described in /openapi.json"
    first = errors[0]
    kind, place = first["type"], [str(part) for part in first["loc"]]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    if kind == "json_invalid":
        return f"the body is no JSON: {first.get('ctx', {}).get('error', 'it cannot be read')}"
    if place == ["body"] and kind == "missing":
        return 'the body is missing; send JSON, such as {"text": "Amina lives in Kano."}'
    where = ".".join(part for part in place[1:] if not part.startswith("form-"))
    if not where:
        return "the body must be a JSON object with Content-Type: application/json; /openapi.json has its form"
    if kind == "extra_forbidden":
        return f"'{shortened(where)}' is no field that is known here{more}; /openapi.json has them"
    what = str(first["msg"]).removeprefix("Value error, ")
    return f"'{shortened(where)}': {what[:1].lower()}{what[1:]}{more}"


def shortened(text: str) -> str:
    """What a user wrote, so that it can stand in a sentence."""
    shown = "".join(c if c.isprintable() else "?" for c in text)
    return shown if len(shown) <= 80 else f"{shown[:79]}…"
