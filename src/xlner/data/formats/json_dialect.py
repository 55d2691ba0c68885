"""What a dialect of JSON is, and how files of any dialects are read: each record by the one that knows it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator

from xlner.component import option, options
from xlner.core.tags import Scheme
from xlner.core.types import Sentence
from xlner.data.formats.base import Format
from xlner.data.formats.head import Head
from xlner.data.options import LABELS, SCHEME, ReadOptions
from xlner.data.records import Record, is_lines, records
from xlner.data.report import ReadLog
from xlner.data.source import Input
from xlner.data.tagged import TaggedSentence, labelled, raw, standardise

Item = Sentence | TaggedSentence


class JsonFormat(Format):
    """JSON whose records are read one by one, each by the dialect that knows it."""

    is_json = True

    @options
    class Options:
        scheme: Scheme | None = option(None, SCHEME)
        labels: tuple[str, ...] = option((), LABELS)
        split: str | None = option(None, "Which list of records of an object that holds several.")

    @classmethod
    def line_by_line(cls, head: bytes) -> bool:
        """Where each line is a record."""
        return is_lines(head)

    def read(self, source: Input, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """The sentences of all records, of whatever dialect."""
        return read_json(source, log, options, self)


class JsonDialect(JsonFormat, ABC):
    """A dialect of JSON: it knows its records, and makes sentences of each.

    An object lives for one reading, so it may remember earlier records.
    """

    @classmethod
    @abstractmethod
    def takes(cls, record: Record) -> bool:
        """Whether a record is of this dialect. Never raises."""

    @classmethod
    def sniff(cls, head: Head) -> bool:
        """Never: JSON is found as such, and its dialects record by record."""
        return False

    @abstractmethod
    def sentences(self, record: Record, line: int, log: ReadLog, options: ReadOptions) -> Iterator[Item]:
        """The sentences of one record; every fault and drop goes to `log`."""


def read_json(source: Input, log: ReadLog, options: ReadOptions, asked: JsonFormat) -> Iterator[Sentence]:
    """Sentences of JSON records, in order. A record that no dialect knows is a fault.

    Args:
        source: the input.
        log: takes faults and findings, and the name of the first record's dialect as the format.
        options: how to read.
        asked: its options hold for all; if it is a dialect, it is asked first.
    """
    dialects = _dialects(asked)
    split, scheme = asked.options.split, asked.options.scheme
    counts: Counter[str] = Counter()

    finder = _Finder(dialects)

    def items() -> Iterator[Item]:
        for line, record in records(source, log, lambda record: finder(record) is not None, split=split):
            dialect = finder(record)
            if dialect is None:
                log.fault(_nobody(record), line)
                continue
            if not counts:
                log.format = dialect.name
            counts[dialect.name] += 1
            yield from dialect.sentences(record, line, log, options)
        if len(counts) > 1:
            log.note("records of several dialects: " + ", ".join(f"{name} {n}" for name, n in counts.most_common()))

    return _delivered(items(), log, options, scheme)


class _Finder:
    """The dialect of a record, or None. Remembers the last answer, since each record is asked about twice."""

    def __init__(self, dialects: list[JsonDialect]) -> None:
        self._dialects = dialects
        self._last: tuple[Record, JsonDialect | None] = ({}, None)

    def __call__(self, record: Record) -> JsonDialect | None:
        if record is not self._last[0]:
            self._last = (record, None)
            for dialect in self._dialects:
                if dialect.takes(record):
                    self._last = (record, dialect)
                    break
        return self._last[1]


def _dialects(asked: JsonFormat) -> list[JsonDialect]:
    """All dialects in the order of asking, with the options of the one that was asked for."""
    from xlner.data.formats import FORMATS

    kinds = [FORMATS.load(name) for name in FORMATS.names()]
    kinds = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, JsonDialect)]
    mine = [kind for kind in kinds if isinstance(asked, kind)]
    if isinstance(asked, JsonDialect) and not mine:  # one that nobody registered
        mine = [type(asked)]
    order = [*mine, *(kind for kind in kinds if kind not in mine)]
    return [kind(asked.options if kind.Options is asked.Options else None) for kind in order]


def _delivered(items: Iterator[Item], log: ReadLog, options: ReadOptions, scheme: Scheme | None) -> Iterator[Sentence]:
    """Sentences at once; from the first tagged one on, after all tags have told their scheme."""
    rest: list[Item] = []
    for item in items:
        if not isinstance(item, TaggedSentence):
            yield item
        elif not options.labelled:
            yield raw(item, log, options)
        else:
            rest = [item, *items]
    tagged = [item for item in rest if isinstance(item, TaggedSentence)]
    if not tagged:
        return
    scheme = standardise(tagged, log, scheme)
    for item in rest:
        sentence = labelled(item, log, options, scheme) if isinstance(item, TaggedSentence) else item
        if sentence is not None:
            yield sentence


def _nobody(record: Record) -> str:
    keys = ", ".join(repr(str(key)[:30]) for key in list(record)[:8]) or "no keys"
    return f"no JSON dialect that is known has such records ({keys}); `xlner formats` lists what is known"


class Repeated:
    """Who annotated which task first, where an export has a record per annotator: the first one counts."""

    def __init__(self) -> None:
        self._first: dict[object, object] = {}

    def __call__(self, task: object, annotator: object) -> bool:
        """Whether somebody else has annotated the same task before."""
        if task is None or annotator is None or isinstance(task, list | dict) or isinstance(annotator, list | dict):
            return False
        return self._first.setdefault(task, annotator) != annotator
