"""CoNLL columns: a word per line, a blank line between sentences, separated by TAB or spaces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal, TextIO

from xlner.component import option, options
from xlner.core.languages import iso3
from xlner.core.tags import UNKNOWN, Scheme, find_form, known_tags
from xlner.core.types import Sentence
from xlner.data.columns import find_layout
from xlner.data.formats.base import Format
from xlner.data.formats.head import Head
from xlner.data.ids import Division, is_compound, is_given
from xlner.data.layout import Layout, is_between, split_columns
from xlner.data.options import SCHEME, ReadOptions
from xlner.data.report import ReadLog
from xlner.data.source import Input
from xlner.data.tagged import TaggedSentence, deliver, looks_like_tag
from xlner.errors import DataError, OptionError, UsageError

_HEAD_LINES = 5000
_MARKER = "document marker -DOCSTART-"
_REMEMBERED = 1 << 14  # lines


class Conll(Format):
    """CoNLL-2002/2003, WikiAnn, GermEval and every other file with a word and its tag per line.

    Columns that number words or sentences are found over the whole file and are not taken for words. Of several columns
    of tags at the end that are nested in one another, the outermost is read and the entities of the others are counted
    as left out.

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
        tag_column: int | None = option(
            None, "Column of the tag, likewise; default: the last, or the outermost of nested ones."
        )
        scheme: Scheme | None = option(None, SCHEME)
        separator: Literal["tab", "space"] | None = option(
            None, "Between columns; default: found in the file when reading, tab when writing."
        )

        def __post_init__(self) -> None:
            if self.token_column is not None and self.token_column == self.tag_column:
                raise OptionError("token_column", f"and `tag_column` cannot both be {self.tag_column}")

    @classmethod
    def sniff(cls, head: Head) -> bool:
        """At least half of the lines are a word and, in the last column, a tag; or there are the named columns.

        Tags in other forms than B-PER are believed where every line has as many columns as the others.
        """
        lines = [line for line in head.lines[:_HEAD_LINES] if not is_between(line) and line.strip()]
        if not lines or head.is_json:
            return False
        if lines[0].startswith("#begin document"):  # of OntoNotes, whose names end in many ways
            return True
        split = [split_columns(line, tab=False) for line in lines]
        # "\tO" and " \tO" are an empty and a blank word with a tag
        tags = [
            columns[-1] for columns, line in zip(split, lines, strict=True) if len(columns) > 1 or line[:1] in " \t"
        ]
        if 2 * sum(map(looks_like_tag, tags)) >= len(lines):
            return True
        tab = all("\t" in line for line in lines if not line.startswith("#"))
        widths = Counter(line.count("\t") + 1 if tab else len(s) for s, line in zip(split, lines, strict=True))
        width, regular = widths.most_common(1)[0]
        if width < 2 or 10 * regular < 9 * len(lines):
            return False
        if head.columns != (None, None):
            return len(lines) > 1
        form = find_form(Counter(tags))
        return any(tag in ("O", "o") for tag in tags) and 10 * sum(map(form.fits, tags)) >= 9 * len(lines)

    def read(self, source: Input, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """Sentences; see the class for what is skipped."""
        layout = find_layout(source.blocks, log, self.options, labelled=options.labelled)
        if layout is None:
            return iter(())
        log.columns = layout.describe()
        if layout.prefix:
            log.note(f"words started with {layout.prefix}, which was taken off")
            options = _with_language(options, layout.prefix)
        return deliver(_rows(source.lines(), layout, log), log, options, scheme=self.options.scheme)

    def write(self, sentences: Iterable[Sentence], out: TextIO) -> int:
        """IOB2. Words whose label is unknown get `_`, which our reader reads back as unknown: missing is not O."""
        separator = " " if self.options.separator == "space" else "\t"
        count = 0
        for sentence in sentences:
            tags = known_tags(sentence)
            for word in sentence.words[:1] + sentence.words[-1:]:
                if is_between(word):
                    raise DataError(
                        f"the word {word!r} at the edge of a sentence would be read as a mark between documents or as "
                        "the end of the sentence; write jsonl instead",
                        path=sentence.where,
                    )
            for word, tag in zip(sentence.words, tags, strict=True):
                _check_word(word, separator, sentence)
                if separator in tag or "\t" in tag:
                    raise DataError(
                        f"the tag {tag!r} holds the separator of columns; take `separator tab`, or write jsonl",
                        path=sentence.where,
                    )
                out.write(f"{word}{separator}{tag}\n")
            out.write("\n")
            count += 1
        return count


def _rows(lines: Iterable[tuple[int, str]], layout: Layout, log: ReadLog) -> Iterator[TaggedSentence]:
    words: list[str] = []
    tags: list[str] = []
    numbers: list[int] = []
    marks: list[int] = []  # lines of this sentence that could be marks between documents
    comments = 0
    known: dict[str, tuple[str, str]] = {}  # lines repeat: the word and the tag of those that are nothing but that
    token, prefix = layout.token, layout.prefix
    before: dict[Division, str] = {}  # what the line before holds where sentences begin
    nested = dict.fromkeys(layout.nested, "")  # column -> type of the word before
    for number, line in lines:
        if pair := known.get(line):
            words.append(pair[0])
            tags.append(pair[1])
            numbers.append(number)
            continue
        columns = layout.split(line)
        if not line or is_between(line):
            if words and line.startswith("-") and len(columns) == layout.width:
                marks.append(number)  # a word, unless the sentence ends here
            else:
                if line.startswith("-"):
                    log.drop(_MARKER, number, content=False)
                if words:
                    yield _sentence(words, tags, numbers, marks, log)
                    words, tags, numbers, marks = [], [], [], []
                continue
        if layout.is_comment(line, columns):
            comments += 1
            continue
        if layout.is_header(columns):
            log.drop("header that names the columns", number, content=False)
            continue
        if not layout.accepts(columns):
            log.fault(_wrong_width(line, columns, layout), number)
            continue
        word = columns[token]
        if prefix:
            word = word.removeprefix(prefix)
        for column in nested:
            nested[column] = _count_nested(columns, column, nested[column], log, number)
        if layout.compounds is not None and is_compound(columns[layout.compounds]):
            log.drop("multiword range or empty node", number, content=False)
            continue
        if not word or word.isspace():
            log.drop("word that is empty or only white space", number)
            continue
        tag = layout.tag_of(columns)
        begins = False
        for division in layout.divisions:
            value = columns[division.column]
            begins |= division.begins(value, before.get(division, ""))
            before[division] = value if is_given(value) else before.get(division, "")
        if begins and words:
            yield _sentence(words, tags, numbers, marks, log)
            words, tags, numbers, marks = [], [], [], []
        words.append(word)
        tags.append(tag)
        numbers.append(number)
        if not nested and not marks and not layout.divisions and len(known) < _REMEMBERED:
            known[line] = (word, tag)
    if words:
        yield _sentence(words, tags, numbers, marks, log)
    if comments:
        log.note(f"{comments} comment lines skipped")


def _sentence(words: list[str], tags: list[str], numbers: list[int], marks: list[int], log: ReadLog) -> TaggedSentence:
    """The sentence of these lines. A mark between documents stands at its edge; inside it is a word."""
    if marks and marks[-1] == numbers[-1]:
        log.drop(_MARKER, marks.pop(), content=False)
        for values in (words, tags, numbers):
            values.pop()
    for number in marks:
        log.note_place("words -DOCSTART- inside of sentences, which are no marks between documents", number)
    whole = range(numbers[0], numbers[-1] + 1)  # nearly always line numbers have no gap
    return TaggedSentence(words, tags, numbers[0], lines=whole if len(whole) == len(numbers) else numbers)


def _count_nested(columns: list[str], column: int, before: str, log: ReadLog, number: int) -> str:
    """Count an entity that begins in a further column of tags; returns its type, "" for O."""
    tag = columns[column].strip(" ") if column < len(columns) else "O"
    kind = "" if tag in ("O", UNKNOWN) else tag[2:]
    if kind and (tag[0] in "BSU" or kind != before):
        log.drop("entity nested in another, of a further column", number)
    return kind


def _wrong_width(line: str, columns: list[str], layout: Layout) -> str:
    if len(columns) == 1:
        return f"a word without a tag, or a tag without a word: '{_short(line)}'; {layout.width} columns are wanted"
    hint = "" if layout.tab else "; if a word holds a space, separate the columns by TAB"
    return f"{len(columns)} columns where lines of this file have {layout.width}: '{_short(line)}'{hint}"


def _short(line: str) -> str:
    return line if len(line) <= 60 else line[:57] + "..."


def _with_language(options: ReadOptions, prefix: str) -> ReadOptions:
    if options.language is None:
        try:
            code = prefix.rstrip(":")
            return replace(options, language=iso3("en" if code == "simple" else code))  # the Simple English Wikipedia
        except UsageError:
            pass
    return options


def _check_word(word: str, separator: str, sentence: Sentence) -> None:
    if word.isspace() or word.startswith("\ufeff"):
        raise DataError(
            f"the word {word!r} would not be read back as it is, which CoNLL cannot help; write jsonl instead",
            path=sentence.where,
        )
    if "\n" in word or "\r" in word or separator in word or ("\t" in word and separator.isspace()):
        raise DataError(
            f"the word {word!r} holds a column separator or line break, which CoNLL cannot; write jsonl instead",
            path=sentence.where,
        )
