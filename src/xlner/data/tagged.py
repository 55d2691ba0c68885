"""Words with one tag each, as files hold them, into sentences with spans."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from xlner.core.tags import detect_scheme, read_tags, split_tag
from xlner.core.types import Sentence
from xlner.data.options import ReadOptions
from xlner.data.report import ReadLog
from xlner.errors import DataError

UNKNOWN = "_"  # the tag of a word whose label nobody knows; our own CoNLL writer uses it


@dataclass(slots=True)
class TaggedSentence:
    """One sentence as read, before the tag scheme is known.

    Args:
        words: the words.
        tags: one tag per word, each already checked by a `TagReader`.
        line: line of the first word.
        text: the original text with offsets into it, where the file gives both.
    """

    words: list[str]
    tags: list[str]
    line: int
    text: str | None = None
    offsets: tuple[tuple[int, int], ...] | None = None


class TagReader:
    """Checks tags one by one; remembers the good ones, since a file has few different tags."""

    def __init__(self, log: ReadLog) -> None:
        self._log = log
        self._good = {"O", UNKNOWN}

    def __call__(self, tag: str, line: int) -> bool:
        """Whether the tag can be read; if not, a fault has been logged."""
        if tag in self._good:
            return True
        try:
            split_tag(tag)
        except ValueError as error:
            self._log.fault(str(error), line)
            return False
        self._good.add(tag)
        return True


def looks_like_tag(text: str) -> bool:
    """Whether a column could be a tag, for finding formats."""
    if text in ("O", UNKNOWN):
        return True
    return len(text) > 2 and text[1] == "-" and text[0] in "BIESLUMW" and not text[2:].isspace()


def assemble(rows: Iterable[TaggedSentence], log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
    """Sentences from tagged rows: finds the scheme over all of them, then reads each.

    Words tagged `_` become missing; a sentence of nothing else is unlabelled.
    """
    kept = list(rows)
    scheme = options.scheme or detect_scheme(_known(row.tags) for row in kept)
    if options.scheme is None and any(tag not in ("O", UNKNOWN) for row in kept for tag in row.tags):
        log.scheme = scheme
    else:
        log.scheme = options.scheme  # a file of nothing but O shows no scheme
    for row in kept:
        try:
            spans, broken = read_tags(_known(row.tags), scheme, repair=options.repair)
        except DataError as error:
            log.fault(str(error), row.line)
            continue
        log.broken.extend([log.where(row.line)] * broken)
        missing = runs([tag == UNKNOWN for tag in row.tags]) if UNKNOWN in row.tags else ()
        nobody_looked = missing == ((0, len(row.words)),)
        yield Sentence(
            words=tuple(row.words),
            spans=spans,
            language=options.language,
            text=row.text,
            offsets=row.offsets,
            missing=() if nobody_looked else missing,
            labelled=not nobody_looked,
            where=log.where(row.line),
        )


def runs(flags: Iterable[bool]) -> tuple[tuple[int, int], ...]:
    """Ranges `[start, end)` of neighbouring true flags."""
    found: list[tuple[int, int]] = []
    start = -1
    end = 0
    for end, flag in enumerate([*flags, False]):
        if flag and start < 0:
            start = end
        elif not flag and start >= 0:
            found.append((start, end))
            start = -1
    return tuple(found)


def raw(row: TaggedSentence, log: ReadLog, options: ReadOptions) -> Sentence:
    """The words of a row as raw text, labels ignored."""
    return Sentence(
        words=tuple(row.words),
        language=options.language,
        text=row.text,
        offsets=row.offsets,
        labelled=False,
        where=log.where(row.line),
    )


def deliver(rows: Iterable[TaggedSentence], log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
    """Labelled sentences, or raw ones one by one in constant memory when labels are not wanted."""
    if options.labelled:
        return assemble(rows, log, options)
    make: Callable[[TaggedSentence], Sentence] = lambda row: raw(row, log, options)  # noqa: E731
    return map(make, rows)


def _known(tags: list[str]) -> list[str]:
    return ["O" if tag == UNKNOWN else tag for tag in tags] if UNKNOWN in tags else tags
