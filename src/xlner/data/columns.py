"""Which column of a file holds the words and which the tags: found over the whole file, or named by the user."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from xlner.core.tags import STANDARD, UNKNOWN, find_form
from xlner.data.report import ReadLog
from xlner.data.tagged import looks_like_tag
from xlner.errors import DataError

_SPACES = re.compile(r"[ \t]+")  # not str.split(): a word may hold a no-break space or \x85
_PREFIX = re.compile(r"([a-z]{2,3}(?:-[a-z]+)*):")
_COMMENT = ("# ", "#\t", "#begin document", "#end document")  # "#lagos" is a word, "# O" is one, too
_COUNTED = re.compile(r"(.*?)([0-9]{1,9})")
# Types of the chunks that stand beside entities in files of CoNLL's shared tasks.
_CHUNKS = {"NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP", "NC", "VC", "PC"}
_MOST_COVERED = 0.7  # of all words; entities cover far less
_TOLERATED = 0.05  # share of rows that may break the pattern of a column
_TRIAL = 50  # rows after which a column that breaks its pattern often is looked at no more


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
        ids: columns before the words that number words or sentences.
        nested: further columns of tags, whose entities lie inside those of `tag`.
    """

    tab: bool
    width: int
    token: int
    tag: int | None
    fixed: bool
    prefix: str = ""
    ids: tuple[int, ...] = ()
    nested: tuple[int, ...] = ()

    def split(self, line: str) -> list[str]:
        return split_columns(line, tab=self.tab)

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


def is_between(line: str) -> bool:
    """Whether a line separates sentences or documents."""
    return not line.strip(" \t") or line.startswith("-DOCSTART-")


def split_columns(line: str, *, tab: bool) -> list[str]:
    if tab:
        return line.split("\t")
    if "\t" not in line and "  " not in line:
        return line.strip(" ").split(" ")
    return _SPACES.split(line.strip(" \t"))


def find_layout(lines: Callable[[], Iterable[str]], log: ReadLog, wanted: Any, *, labelled: bool) -> Layout | None:
    """Separator, width and columns, by the majority of all lines; None for a file without words.

    Args:
        lines: gives all lines from the start, whenever it is called.
        log: names the file, and takes notes of what was found.
        wanted: `token_column`, `tag_column` and `separator` as the user named them, None where not.
        labelled: whether tags are wanted.

    Raises:
        DataError: the user's columns are not in the file.
    """
    shape = _shape(lines(), wanted.separator)
    if shape is None:
        return None
    tab, width = shape
    if labelled and width == 1:
        width = 2  # words alone: each line then is a word without its tag, and is reported as such
    token, tag = wanted.token_column, wanted.tag_column
    token_at = 0 if token is None else _column(token, width, "word", log)
    tag_at = _column(-1 if tag is None else tag, width, "tag", log)
    fixed = tag is not None and tag >= 0 and (token is None or token >= 0)
    if token is not None and tag_at == token_at and (labelled or tag is not None):
        raise DataError(f"the word and the tag cannot both be in column {token_at}", path=log.path)
    layout = Layout(tab, width, token_at, tag_at if labelled else None, fixed)
    if width > 1 and (token is None or tag is None):
        layout = _by_content(lines(), layout, tag_at, wanted, log)
    return replace(layout, prefix=_common_prefix(lines(), layout))


def _shape(lines: Iterable[str], separator: str | None) -> tuple[bool, int] | None:
    """Whether TABs separate the columns, and how many there are."""
    tabs = total = 0
    widths: dict[bool, Counter[int]] = {True: Counter(), False: Counter()}
    for line in lines:
        if not is_between(line):
            total += 1
            tabs += "\t" in line
            widths[True][line.count("\t") + 1] += 1
            widths[False][len(split_columns(line, tab=False))] += 1
    if not total:
        return None
    tab = 2 * tabs >= total if separator is None else separator == "tab"
    return tab, widths[tab].most_common(1)[0][0]


def _by_content(lines: Iterable[str], layout: Layout, tag_at: int, wanted: Any, log: ReadLog) -> Layout:
    """The columns by what stands in them: ids are no words, and nested tags are not those of the outer entities."""
    ids = [_Ids() for _ in range(layout.width - 1)]
    tags = _Tags(layout.width)
    alive = list(range(layout.width - 1))
    first = True
    for line in lines:
        if is_between(line):
            first = True
            continue
        columns = layout.split(line)
        if len(columns) != layout.width or (line.startswith(_COMMENT) and not looks_like_tag(columns[-1].strip(" "))):
            continue
        for i in alive:
            ids[i].see(columns[i], first=first)
            if not ids[i].alive:
                alive = [c for c in alive if c != i]
        tags.see(columns)
        first = False
    nested: tuple[int, ...] = ()
    if wanted.tag_column is None and layout.tag is not None:
        outer = tags.outermost()
        nested = tuple(range(outer + 1, layout.width))
        tag_at = outer
        if nested:
            log.note(
                f"columns {outer} to {layout.width - 1} hold tags; those of column {outer} were taken, and the others "
                f"left out; `tag_column {layout.width - 1}` reads the last"
            )
    token = layout.token
    if wanted.token_column is None:
        while token < layout.width - 1 and token + 1 != tag_at and ids[token].verdict and not tags.all_tags(token + 1):
            token += 1
        if token + 1 < layout.width and token + 1 == tag_at and layout.tag is None and not tags.all_tags(tag_at):
            token += bool(ids[token].verdict)  # words with numbers and without tags
        for column in range(token):
            log.note(
                f"column {column} {ids[column].verdict}; words are in column {token} (`token_column` says otherwise)"
            )
    return replace(
        layout,
        token=token,
        tag=None if layout.tag is None else tag_at,
        ids=tuple(range(token)) if wanted.token_column is None else (),
        nested=nested,
    )


class _Ids:
    """Looks whether one column numbers words, or names sentences."""

    def __init__(self) -> None:
        self.alive = True
        self._counts = self._names = True
        self._rows = self._inside = self._sentences = 0
        self._miscounted = self._misnamed = self._odd_starts = 0
        self._before: tuple[str, int] | None = None
        self._name = ""
        self._different: set[str] = set()

    def see(self, value: str, *, first: bool) -> None:
        """One value; `first` of its sentence or not."""
        self._rows += 1
        self._inside += not first
        self._sentences += first
        if self._counts:
            self._count(value, first)
        if self._names:
            if first:
                self._name = value
                if len(self._different) < 2:
                    self._different.add(value)
            elif value and value != self._name:
                self._misnamed += 1
        if self._rows >= _TRIAL and self._rows % _TRIAL == 0:
            self._counts = self._counts and self._few(self._miscounted, self._rows, 2)
            self._names = self._names and self._few(self._misnamed, self._rows, 2)
            self.alive = self._counts or self._names

    def _count(self, value: str, first: bool) -> None:
        found = _COUNTED.fullmatch(value)
        now = (found.group(1), int(found.group(2))) if found else None
        if now is None:
            self._miscounted += 1
        elif first:
            goes_on = self._before is None or now == (self._before[0], self._before[1] + 1)
            self._odd_starts += not goes_on and now[1] not in (0, 1)
        elif self._before is None or now != (self._before[0], self._before[1] + 1):
            self._miscounted += 1
        self._before = now

    @staticmethod
    def _few(faults: int, of: int, factor: float = 1.0) -> bool:
        return faults <= factor * _TOLERATED * of

    @property
    def verdict(self) -> str:
        """What the column does, in words; "" if it may hold words."""
        if not self._inside:
            return ""
        if self._counts and self._few(self._miscounted, self._inside) and self._few(self._odd_starts, self._sentences):
            return "counts the words"
        if self._names and self._few(self._misnamed, self._inside) and (self._sentences > 1 or self._inside > 1):
            return "names sentences" if len(self._different) > 1 else "is the same everywhere"
        return ""


class _Tags:
    """Looks which of the columns at the right hold tags, and how they belong together."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._fits = [True] * width
        self._alive = list(range(1, width))  # columns that held nothing but tags so far
        self._known: set[str] = set()
        self._pairs = [Counter[tuple[str, str]]() for _ in range(width)]  # of a column and the next
        self._last = Counter[str]()  # of the last column, while its values are few

    def see(self, columns: Sequence[str]) -> None:
        before = ""
        column_before = -1
        for i in self._alive:
            value = columns[i].strip(" ")
            if value not in self._known:
                if not looks_like_tag(value):
                    self._fits[i] = False
                    self._alive = [c for c in self._alive if c != i]
                    continue
                self._known.add(value)
            if column_before == i - 1:
                self._pairs[i - 1][before, value] += 1
            before, column_before = value, i
        if len(self._last) < 500:
            self._last[columns[-1].strip(" ")] += 1

    def all_tags(self, column: int) -> bool:
        """Whether a column holds nothing but tags."""
        if column == self._width - 1 and not self._fits[column]:
            form = find_form(self._last)
            return all(form.fits(tag) for tag in self._last)
        return self._fits[column]

    def outermost(self) -> int:
        """The last column of tags, or the first of those at the end whose entities are nested in it."""
        column = self._width - 1
        while column > 1 and self._fits[column] and self._fits[column - 1] and self._is_nested(column):
            column -= 1
        return column

    def _is_nested(self, column: int) -> bool:
        pairs = self._pairs[column - 1]
        typed = {(_type(a), _type(b), a == b): 0 for a, b in pairs}
        for (a, b), n in pairs.items():
            typed[_type(a), _type(b), a == b] += n
        in_outer = sum(n for (a, _, _), n in typed.items() if a)
        in_inner = sum(n for (_, b, _), n in typed.items() if b)
        either = sum(n for (a, b, _), n in typed.items() if a or b)
        same = sum(n for (a, _, equal), n in typed.items() if a and equal)
        if in_inner >= in_outer or 2 * same > either or either - in_outer > _TOLERATED * in_inner:
            return False  # two taggings of one text, such as gold and prediction: the last one counts
        outer, inner = {a for a, _, _ in typed} - {""}, {b for _, b, _ in typed} - {""}
        # Chunks of a shared task are no entities: they have names of their own and cover nearly every word.
        chunks = outer <= _CHUNKS or in_outer > _MOST_COVERED * sum(typed.values())
        return bool(outer & inner) or not chunks


def _type(tag: str) -> str:
    return "" if tag in ("O", UNKNOWN) or not STANDARD.fits(tag) else tag[2:]


def _column(wanted: int, width: int, what: str, log: ReadLog) -> int:
    at = wanted + width if wanted < 0 else wanted
    if not 0 <= at < width:
        raise DataError(f"no column {wanted} for the {what}; lines have {width} columns, from 0", path=log.path)
    return at


def _common_prefix(lines: Iterable[str], layout: Layout) -> str:
    """`xx:` when every word of the file starts with the same one, as WikiAnn's do."""
    common = ""
    for line in lines:
        if is_between(line):
            continue
        columns = layout.split(line)
        if layout.is_comment(line, columns) or len(columns) <= layout.token:
            continue
        if common:
            if not columns[layout.token].startswith(common) or columns[layout.token] == common:
                return ""
        elif (match := _PREFIX.match(columns[layout.token])) and match.group() != columns[layout.token]:
            common = match.group()
        else:
            return ""
    return common
