"""The start of an input, prepared for the formats that look at it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from xlner.data.records import is_json
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
    def is_json(self) -> bool:
        """Whether it begins with a JSON object or array, see `xlner.data.records.is_json`."""
        return is_json(self.text)
