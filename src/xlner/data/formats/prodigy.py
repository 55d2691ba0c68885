"""Prodigy's JSON lines."""

from __future__ import annotations

from collections.abc import Iterator

from xlner.core.types import Sentence
from xlner.data.characters import on_words
from xlner.data.formats.base import Format
from xlner.data.formats.doccano import spans_of
from xlner.data.formats.head import Head
from xlner.data.options import ReadOptions
from xlner.data.records import Record, index, records, text_of
from xlner.data.report import ReadLog
from xlner.data.source import Input


class Prodigy(Format):
    """`{"text", "tokens", "spans", "answer"}`. Rejected and ignored examples are left out, counted.

    Prodigy's own tokens are the words, where the record has them; tokens of white space are no words.
    """

    name = "prodigy"
    is_json = True

    @classmethod
    def sniff(cls, head: Head) -> bool:
        record = head.record
        return "text" in record and "words" not in record and ("spans" in record or "answer" in record)

    def read(self, source: Input, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """Sentences with text and offsets."""
        for line, record in records(source, log):
            answer = record.get("answer", "accept")
            if answer != "accept" and options.labelled:
                log.drop(f"answer is {answer!r:.20}, not accept", line)
                continue
            text = text_of(record.get("text"), "text", log, line)
            if text is None:
                continue
            spans = spans_of(record.get("spans", []) if options.labelled else [], log, line)
            offsets = _tokens(record, text)
            if isinstance(offsets, str):
                log.fault(offsets, line)
            elif spans is not None:
                labelled = "spans" in record
                sentence = on_words(text, spans, log, options, line=line, offsets=offsets, labelled=labelled)
                if sentence is not None:
                    yield sentence


def _tokens(record: Record, text: str) -> list[tuple[int, int]] | str | None:
    """Offsets of the words; None when the record has no tokens; a string says what is wrong."""
    tokens = record.get("tokens")
    if tokens is None:
        return None
    if not isinstance(tokens, list):
        return "'tokens' must be a list"
    offsets: list[tuple[int, int]] = []
    last = 0
    for token in tokens:
        start, end = (index(token.get(k)) for k in ("start", "end")) if isinstance(token, dict) else (None, None)
        if start is None or end is None or not last <= start <= end <= len(text):
            return "each token needs start and end, in order and inside the text"
        if token.get("text", text[start:end]) != text[start:end]:
            return f"token {str(token.get('text'))[:40]!r} is not at [{start}, {end}) of the text"
        last = end
        if text[start:end].strip():
            offsets.append((start, end))
    return offsets
