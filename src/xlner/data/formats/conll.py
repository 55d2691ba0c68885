"""CoNLL columns: a word per line, a blank line between sentences, separated by TAB or spaces."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, TextIO

from xlner.component import option, options
from xlner.core.languages import iso3
from xlner.core.tags import UNKNOWN, Scheme, iob2
from xlner.core.types import Sentence
from xlner.data.formats.base import Format
from xlner.data.formats.head import Head
from xlner.data.options import SCHEME, ReadOptions
from xlner.data.report import ReadLog
from xlner.data.source import Input
from xlner.data.tagged import TaggedSentence, deliver, looks_like_tag
from xlner.errors import DataError, OptionError, UsageError

_SPACES = re.compile(r"[ \t]+")  # not str.split(): a word may hold a no-break space or \x85
_PREFIX = re.compile(r"([a-z]{2,3}(?:-[a-z]+)*):")
_HEAD_LINES = 5000
_COMMENT = ("# ", "#\t", "#begin document", "#end document")  # "#lagos" is a word, "# O" is one, too


@dataclass(frozen=True)
class Layout:
    """How the columns of one file are to be read.

    Args:
        tab: columns are separated by TAB, else by runs of spaces and TABs.
        width: how many columns a line has.
        token: column of the word, from 0.
        tag: column of the tag, from 0; None when labels are not wanted.
        fixed: the user named both columns from the left, so lines of other widths are fine.
        prefix: language prefix on every word, such as "en:"; "" for none.
    """

    tab: bool
    width: int
    token: int
    tag: int | None
    fixed: bool
    prefix: str = ""

    def split(self, line: str) -> list[str]:
        return _split(line, tab=self.tab)

    def is_comment(self, line: str, columns: list[str]) -> bool:
        """A line that starts with # and does not have the shape of a word with its tag: "# O" is a word."""
        if not line.startswith("#"):
            return False
        if len(columns) != self.width:
            return True
        if self.tag is None or not line.startswith(_COMMENT):
            return False
        return not looks_like_tag(columns[self.tag].strip(" "))

    def accepts(self, width: int) -> bool:
        """Whether a line of this many columns can be read without guessing."""
        if width <= self.token or (self.tag is not None and width <= self.tag):
            return False
        if self.fixed or width == self.width:
            return True
        # Without a tag to find, missing columns do no harm; a surplus one by spaces could be half of the word.
        return self.tag is None and (self.tab or width < self.width)

    def describe(self) -> str:
        return f"{self.width} columns by {'TAB' if self.tab else 'space'}, word {self.token}, tag {self.tag}"


class Conll(Format):
    """CoNLL-2002/2003, WikiAnn, MasakhaNER and every other file with a word and its tag per line.

    Limits: a blank line, even one that holds a space, ends a sentence; `-DOCSTART-` lines are skipped and counted.
    Words that are only white space are left out and counted; zero-width words stay (`data check` names them).
    """

    name = "conll"
    extensions = (".conll", ".conll02", ".conll03", ".iob", ".iob1", ".iob2", ".bio", ".tsv", ".ner")

    @options
    class Options:
        token_column: int | None = option(
            None, "Column of the word, from 0; negative counts from the end; default: the first that holds no ids."
        )
        tag_column: int | None = option(None, "Column of the tag, likewise; default: the last.")
        scheme: Scheme | None = option(None, SCHEME)
        separator: Literal["tab", "space"] | None = option(
            None, "Between columns; default: found in the file when reading, tab when writing."
        )

        def __post_init__(self) -> None:
            if self.token_column is not None and self.token_column == self.tag_column:
                raise OptionError("token_column", f"and `tag_column` cannot both be {self.tag_column}")

    @classmethod
    def sniff(cls, head: Head) -> bool:
        """At least half of the lines are a word and, in the last column, a tag."""
        lines = [line for line in head.lines[:_HEAD_LINES] if line.strip() and not line.startswith("-DOCSTART-")]
        if not lines or head.is_json:
            return False
        good = 0
        for line in lines:
            columns = _SPACES.split(line.strip(" \t"))
            # "\tO" and " \tO" are an empty and a blank word with a tag
            good += (len(columns) > 1 or line[:1] in " \t") and looks_like_tag(columns[-1])
        return 2 * good >= len(lines)

    def read(self, source: Input, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """Sentences; see the class for what is skipped."""
        return read_columns(source, log, options, self.options)

    def write(self, sentences: Iterable[Sentence], out: TextIO) -> int:
        """IOB2. Words whose label is unknown get `_`, which our reader reads back as unknown: missing is not O."""
        separator = " " if self.options.separator == "space" else "\t"
        count = 0
        for sentence in sentences:
            tags = iob2(sentence) if sentence.labelled else [UNKNOWN] * len(sentence)
            for start, end in sentence.missing:
                tags[start:end] = [UNKNOWN] * (end - start)
            for word, tag in zip(sentence.words, tags, strict=True):
                _check_word(word, separator, sentence)
                out.write(f"{word}{separator}{tag}\n")
            out.write("\n")
            count += 1
        return count


def read_columns(source: Input, log: ReadLog, options: ReadOptions, own: Any) -> Iterator[Sentence]:
    """The body of `Conll.read`."""
    if options.labelled:
        lines = list(source.lines())
        layout = find_layout((line for _, line in lines), log, options, own)
        rows = _rows(lines, layout, log)
    else:  # constant memory: the head tells the layout, the file is then read once
        first = (line for (_, line), _ in zip(source.lines(), range(_HEAD_LINES), strict=False))
        layout = find_layout(first, log, options, own)
        rows = _rows(source.lines(), layout, log)
    if layout is None:
        return iter(())
    log.columns = layout.describe()
    if layout.prefix:
        log.note(f"every word started with {layout.prefix}, which was taken off")
        options = _with_language(options, layout.prefix)
    return deliver(rows, log, options, scheme=own.scheme)


def find_layout(lines: Iterable[str], log: ReadLog, options: ReadOptions, own: Any) -> Layout | None:
    """Separator, width and columns, by the majority of lines; None for a file without words.

    Raises:
        UsageError: the user's columns are not in the file.
    """
    tabs = total = 0
    widths: dict[bool, Counter[int]] = {True: Counter(), False: Counter()}
    kept: list[str] = []
    for line in lines:
        if not line.strip(" \t") or line.startswith("-DOCSTART-"):
            continue
        kept.append(line)
        total += 1
        tabs += "\t" in line
        for tab in (True, False):
            widths[tab][len(_split(line, tab=tab))] += 1
    if not total:
        return None
    tab = 2 * tabs >= total if own.separator is None else own.separator == "tab"
    width = widths[tab].most_common(1)[0][0]
    token, tag = own.token_column, own.tag_column
    fixed = tag is not None and tag >= 0 and (token is None or token >= 0)
    if options.labelled and width == 1:
        width = 2  # words alone: each line then is a word without its tag, and is reported as such
    token_at = _column(0 if token is None else token, width, "word", log)
    tag_at = _column(-1 if tag is None else tag, width, "tag", log) if options.labelled else None
    if tag_at == token_at:
        raise DataError(f"the word and the tag cannot both be in column {token_at}", path=log.path)
    layout = Layout(tab, width, token_at, tag_at, fixed)
    return Layout(tab, width, token_at, tag_at, fixed, _common_prefix(kept, layout))


def _rows(lines: Iterable[tuple[int, str]], layout: Layout | None, log: ReadLog) -> Iterator[TaggedSentence]:
    if layout is None:
        return
    words: list[str] = []
    tags: list[str] = []
    numbers: list[int] = []
    first = comments = 0
    token, tag_column, prefix = layout.token, layout.tag, layout.prefix
    for number, line in lines:
        if not line.strip(" \t") or line.startswith("-DOCSTART-"):
            if line.startswith("-"):
                log.drop("document marker -DOCSTART-", number)
            if words:
                yield TaggedSentence(words, tags, first, lines=_short_range(numbers))
                words, tags, numbers = [], [], []
            continue
        columns = layout.split(line)
        if layout.is_comment(line, columns):
            comments += 1
            continue
        if not layout.accepts(len(columns)):
            log.fault(_wrong_width(line, columns, layout), number)
            continue
        word = columns[token]
        if prefix:
            word = word.removeprefix(prefix)
        if not word or word.isspace():
            log.drop("word that is empty or only white space", number)
            continue
        if tag_column is not None:
            tags.append(columns[tag_column].strip(" "))
        if not words:
            first = number
        words.append(word)
        numbers.append(number)
    if words:
        yield TaggedSentence(words, tags, first, lines=_short_range(numbers))
    if comments:
        log.note(f"{comments} comment lines skipped")


def _short_range(numbers: list[int]) -> list[int] | range:
    """Line numbers in little memory: nearly always they have no gap."""
    whole = range(numbers[0], numbers[-1] + 1)
    return whole if len(whole) == len(numbers) else numbers


def _split(line: str, *, tab: bool) -> list[str]:
    if tab:
        return line.split("\t")
    if "\t" not in line and "  " not in line:
        return line.strip(" ").split(" ")
    return _SPACES.split(line.strip(" \t"))


def _column(wanted: int, width: int, what: str, log: ReadLog) -> int:
    at = wanted + width if wanted < 0 else wanted
    if not 0 <= at < width:
        raise DataError(f"no column {wanted} for the {what}; lines have {width} columns, from 0", path=log.path)
    return at


def _wrong_width(line: str, columns: list[str], layout: Layout) -> str:
    if len(columns) == 1:
        return f"a word without a tag, or a tag without a word: '{_short(line)}'; {layout.width} columns are wanted"
    hint = "" if layout.tab else "; if a word holds a space, separate the columns by TAB"
    return f"{len(columns)} columns where lines of this file have {layout.width}: '{_short(line)}'{hint}"


def _short(line: str) -> str:
    return line if len(line) <= 60 else line[:57] + "..."


def _common_prefix(lines: list[str], layout: Layout) -> str:
    """`xx:` when every word of the file starts with the same one, as WikiAnn's do."""
    common = ""
    for line in lines:
        columns = layout.split(line)
        if layout.is_comment(line, columns) or len(columns) <= layout.token:
            continue
        if common:
            if not columns[layout.token].startswith(common):
                return ""
        elif match := _PREFIX.match(columns[layout.token]):
            common = match.group()
        else:
            return ""
    return common


def _with_language(options: ReadOptions, prefix: str) -> ReadOptions:
    if options.language is None:
        try:
            return replace(options, language=iso3(prefix.rstrip(":")))
        except UsageError:
            pass
    return options


def _check_word(word: str, separator: str, sentence: Sentence) -> None:
    if "\n" in word or "\r" in word or separator in word or ("\t" in word and separator.isspace()):
        raise DataError(
            f"the word {word!r} holds a column separator or line break, which CoNLL cannot; write jsonl instead",
            path=sentence.where,
        )
