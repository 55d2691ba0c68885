"""The start of an input, prepared for the formats that look at it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from xlner.data.source import HEAD_BYTES

_NEWLINE = re.compile(r"\r\n|\r|\n")
_LONE_RETURN = re.compile(r"\r(?![\r\n])")


@dataclass(frozen=True)
class Head:
    """The first bytes of an input.

    Args:
        data: the bytes.
        suffix: the file name's extension in lower case, with its dot; "" when there is none.
        columns: of the word and of the tag, where the user named them.
    """

    data: bytes
    suffix: str = ""
    columns: tuple[int | None, int | None] = (None, None)

    @cached_property
    def text(self) -> str:
        return self.data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")

    @cached_property
    def lines(self) -> list[str]:
        """Whole lines only: the last one is left out where the head cuts it."""
        lines = self.text.split("\n")
        if len(_LONE_RETURN.findall(self.text)) >= len(lines):  # as on old Macs
            lines = _NEWLINE.split(self.text)
        if len(self.data) >= HEAD_BYTES and len(lines) > 1:
            lines.pop()
        return [line.rstrip("\r") for line in lines]

    @cached_property
    def record(self) -> dict[str, Any]:
        """The first JSON object, alone or in an array; {} when the input is no JSON.

        Of an object that is longer than the head, the keys (of any depth) with empty values: enough to tell the
        dialects apart.
        """
        text = self.text.lstrip()
        if text.startswith("["):
            text = text[1:].lstrip()
        if not text.startswith("{"):
            return {}
        try:
            value, _ = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError):
            return dict.fromkeys(re.findall(r'"(\w{1,40})"\s*:', text))
        return value if isinstance(value, dict) else {}

    @property
    def is_json(self) -> bool:
        return self.text.lstrip()[:1] == "{" or bool(self.record)
