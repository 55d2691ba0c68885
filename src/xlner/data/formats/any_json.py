"""JSON of whatever dialects, one record per line, in an array or in an object."""

from __future__ import annotations

from xlner.data.formats.head import Head
from xlner.data.formats.json_dialect import JsonFormat


class AnyJson(JsonFormat):
    """JSON of any dialect that is known, found record by record; what nobody knows is refused, never taken for text."""

    name = "json"
    extensions = (".jsonl", ".ndjson", ".json")

    @classmethod
    def sniff(cls, head: Head) -> bool:
        """The content begins with a JSON object, or with an array of more than numbers."""
        return head.is_json
