"""Episodes of Few-NERD: a support and a query set of words with bare types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xlner.core.tags import UNKNOWN
from xlner.data.formats.json_dialect import JsonDialect
from xlner.data.formats.tokens import tagged
from xlner.data.options import ReadOptions
from xlner.data.records import Record, strings
from xlner.data.report import ReadLog
from xlner.data.tagged import TaggedSentence

_SETS = ("support", "query")


class FewNerd(JsonDialect):
    """Episodes `{"support": {"word": [[...]], "label": [[...]]}, "query": {...}, "types": [...]}`, one per line.

    The sentences of both sets are read. Labels are bare types: neighbouring words of one type are one entity. Types
    that an episode is not about read O in it, as the file has them.

    Reference: Ding et al., Few-NERD: A Few-shot Named Entity Recognition Dataset, ACL 2021.
    """

    name = "few-nerd"

    @classmethod
    def takes(cls, record: Record) -> bool:
        return all(isinstance(record.get(name), dict) and "word" in record[name] for name in _SETS)

    def sentences(self, record: Record, line: int, log: ReadLog, options: ReadOptions) -> Iterator[TaggedSentence]:
        """The sentences of both sets."""
        for name in _SETS:
            texts, labels = record[name]["word"], record[name].get("label")
            if not isinstance(texts, list) or (options.labelled and not _alike(texts, labels)):
                log.fault(f"'{name}' needs 'word' and 'label', with as many lists", line)
                return
            for i, text in enumerate(texts):
                words = strings(text, "word", log, line)
                types = strings(labels[i], "label", log, line) if options.labelled and labels else None
                if words is None or (options.labelled and types is None):
                    return
                if types is not None and len(types) != len(words):
                    log.fault(f"{len(words)} words but {len(types)} labels", line)
                    return
                tags = [t if t == "O" else f"I-{t}" for t in types] if types is not None else [UNKNOWN] * len(words)
                row = tagged(words, tags, line, log)
                if row is not None:
                    yield row


def _alike(words: Any, labels: Any) -> bool:
    return isinstance(labels, list) and len(words) == len(labels)
