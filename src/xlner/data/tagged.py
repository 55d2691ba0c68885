"""Words with one tag each, as files hold them, into sentences with spans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from xlner.core.tags import SEVERAL, STANDARD, UNKNOWN, Scheme, detect_scheme, find_form, read_tags
from xlner.core.types import Sentence
from xlner.data.options import ReadOptions
from xlner.data.report import ReadLog
from xlner.errors import DataError


@dataclass(slots=True)
class TaggedSentence:
    """One sentence as read, before the form of the tags and their scheme are known.

    Args:
        words: the words.
        tags: one tag per word, as the file spells it; `_` where nobody knows.
        line: line of the first word.
        text: the original text with offsets into it, where the file gives both.
        offsets: per word `(start, end)` code points into `text`.
        lines: line of each word, where words stand on lines of their own.
        language: ISO 639-3 code, where the file names one per sentence; that of the options wins.
    """

    words: list[str]
    tags: list[str]
    line: int
    text: str | None = None
    offsets: tuple[tuple[int, int], ...] | None = None
    lines: list[int] | range | None = None
    language: str | None = None


@lru_cache(maxsize=1 << 12)
def looks_like_tag(text: str) -> bool:
    """Whether a column could be a tag with its letter in front, for finding formats."""
    return text in ("O", UNKNOWN) or STANDARD.fits(text)


def deliver(
    rows: Iterable[TaggedSentence], log: ReadLog, options: ReadOptions, *, scheme: Scheme | None = None
) -> Iterator[Sentence]:
    """Labelled sentences, or raw ones one by one in constant memory when labels are not wanted.

    Args:
        rows: the sentences as the file has them.
        log: takes faults and findings.
        options: how to read.
        scheme: tag scheme, if the user named one.
    """
    if options.labelled:
        return assemble(rows, log, options, scheme=scheme)
    make: Callable[[TaggedSentence], Sentence] = lambda row: raw(row, log, options)  # noqa: E731
    return map(make, rows)


def assemble(
    rows: Iterable[TaggedSentence], log: ReadLog, options: ReadOptions, *, scheme: Scheme | None = None
) -> Iterator[Sentence]:
    """Sentences from tagged rows: finds the form of tags and the scheme over all of them, then reads each.

    Words tagged `_` become missing; a sentence of nothing else is unlabelled.
    """
    sentences = list(rows)
    scheme = standardise(sentences, log, scheme)
    for row in sentences:
        sentence = labelled(row, log, options, scheme)
        if sentence is not None:
            yield sentence


def standardise(rows: list[TaggedSentence], log: ReadLog, scheme: Scheme | None) -> Scheme:
    """Spell the tags of all rows our way, in place, and tell their scheme, which is `scheme` if that is one."""
    _in_standard_form(rows, log, scheme)
    has_entities = any(row.tags.count("O") + row.tags.count(UNKNOWN) < len(row.tags) for row in rows)
    if scheme is not None:
        log.scheme = scheme
        return scheme
    scheme = detect_scheme(_known(row.tags) for row in rows)
    log.scheme = scheme if has_entities else None  # a file of nothing but O shows no scheme
    return scheme


def labelled(row: TaggedSentence, log: ReadLog, options: ReadOptions, scheme: Scheme) -> Sentence | None:
    """The sentence of a row whose tags are spelt our way; None after a fault."""
    try:
        spans, broken = read_tags(_known(row.tags), scheme, repair=options.repair)
    except DataError as error:
        log.fault(str(error), row.line)
        return None
    log.broken.extend([log.where(row.line)] * broken)
    missing = runs([tag == UNKNOWN for tag in row.tags]) if UNKNOWN in row.tags else ()
    nobody_looked = missing == ((0, len(row.words)),)
    return Sentence(
        words=tuple(row.words),
        spans=spans,
        language=options.language or row.language,
        text=row.text,
        offsets=row.offsets,
        missing=() if nobody_looked else missing,
        labelled=not nobody_looked,
        where=log.where(row.line),
    )


def _in_standard_form(rows: list[TaggedSentence], log: ReadLog, scheme: Scheme | None) -> None:
    """The rows with their tags spelt our way. A tag that cannot be read is a fault, and unknown after it."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(row.tags)
    stripped: Counter[str] = Counter()  # a no-break space at the edge of a tag is no part of its type
    for tag, times in counts.items():
        stripped[tag.strip()] += times
    form = find_form(stripped, bare=True if scheme == "IO" else None if scheme is None else False)
    if form != STANDARD:
        log.note(f"the tags {form.describe()}")
    spelt: dict[str, str] = {}
    faulty: dict[str, str] = {}
    for tag in counts:
        try:
            spelt[tag] = form.standard(tag.strip())
            if SEVERAL.fullmatch(tag.strip()):
                faulty[tag] = f"'{tag}' is several tags; write the outermost alone, or each in a column of its own"
        except ValueError as error:
            faulty[tag] = f"{error}{_hint(tag)}"
    if all(tag == standard for tag, standard in spelt.items()) and not faulty:
        return
    for row in rows:
        for i, tag in enumerate(row.tags if faulty else ()):
            if tag in faulty and row.lines is not None:
                log.fault(f"{faulty[tag]}; `tag_column` and `token_column` name the columns", row.lines[i])
            elif tag in faulty:
                log.fault(faulty[tag], row.line)
        row.tags = [spelt.get(tag, UNKNOWN) for tag in row.tags]


def _hint(tag: str) -> str:
    return "; if tags are bare types, `scheme` is IO" if tag.isalpha() else ""


def runs(flags: Iterable[bool]) -> tuple[tuple[int, int], ...]:
    """Ranges `[start, end)` of neighbouring true flags."""
    ranges: list[tuple[int, int]] = []
    start = -1
    end = 0
    for end, flag in enumerate([*flags, False]):
        if flag and start < 0:
            start = end
        elif not flag and start >= 0:
            ranges.append((start, end))
            start = -1
    return tuple(ranges)


def raw(row: TaggedSentence, log: ReadLog, options: ReadOptions) -> Sentence:
    """The words of a row as raw text, labels ignored."""
    return Sentence(
        words=tuple(row.words),
        language=options.language or row.language,
        text=row.text,
        offsets=row.offsets,
        labelled=False,
        where=log.where(row.line),
    )


def _known(tags: list[str]) -> list[str]:
    return ["O" if tag == UNKNOWN else tag for tag in tags] if UNKNOWN in tags else tags
