"""Which column of a file holds the words and which the tags: found over the whole file, or named by the user."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from xlner.data.column_kinds import Ids, Tags
from xlner.data.report import ReadLog
from xlner.data.tagged import looks_like_tag
from xlner.errors import DataError

_SPACES = re.compile(r"[ \t]+")  # not str.split(): a word may hold a no-break space or \x85
_PREFIX = re.compile(r"([a-z]{2,3}(?:-[a-z]+)*):")
_COMMENT = ("# ", "#\t", "#begin document", "#end document")  # "#lagos" is a word, "# O" is one, too

Blocks = Callable[[], Iterable[list[str]]]


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


def find_layout(blocks: Blocks, log: ReadLog, wanted: Any, *, labelled: bool) -> Layout | None:
    """Separator, width and columns, by the majority of all lines; None for a file without words.

    Lines repeat, so most looks are at the different lines of a block and not at each one.

    Args:
        blocks: gives all lines from the start, many at a time, whenever it is called.
        log: names the file, and takes notes of what was found.
        wanted: `token_column`, `tag_column` and `separator` as the user named them, None where not.
        labelled: whether tags are wanted.

    Raises:
        DataError: the user's columns are not in the file.
    """
    shape = _shape(blocks(), wanted.separator)
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
        layout = _by_content(blocks(), layout, tag_at, wanted, log)
    return replace(layout, prefix=_common_prefix(blocks(), layout))


def _different(blocks: Iterable[list[str]]) -> Iterator[tuple[str, int]]:
    """The different lines of each block that hold words, and how often each occurs there."""
    for block in blocks:
        for line, times in Counter(block).items():
            if not is_between(line):
                yield line, times


def _shape(blocks: Iterable[list[str]], separator: str | None) -> tuple[bool, int] | None:
    """Whether TABs separate the columns, and how many there are."""
    tabs = total = 0
    widths: dict[bool, Counter[int]] = {True: Counter(), False: Counter()}
    for line, times in _different(blocks):
        total += times
        n_tabs = line.count("\t")
        tabs += times * (n_tabs > 0)
        widths[True][n_tabs + 1] += times
        widths[False][len(split_columns(line, tab=False))] += times
    if not total:
        return None
    tab = 2 * tabs >= total if separator is None else separator == "tab"
    return tab, widths[tab].most_common(1)[0][0]


def _by_content(blocks: Iterable[list[str]], layout: Layout, tag_at: int, wanted: Any, log: ReadLog) -> Layout:
    """The columns by what stands in them: ids are no words, and nested tags are not those of the outer entities."""
    ids = [Ids() for _ in range(layout.width - 1)]
    alive = len(ids)  # columns from the left that may hold ids; what stands right of a word is none
    tags = Tags(layout.width)
    first = True
    for block in blocks:
        for line in block:  # ids are told by the order of lines
            if not alive:
                break
            if is_between(line):
                first = True
                continue
            columns = _row(line, layout)
            if columns:
                for i in range(alive):
                    ids[i].see(columns[i], first=first)
                alive = next((i for i in range(alive) if not ids[i].alive), alive)
                first = False
        for line, times in _different([block]):
            columns = _row(line, layout)
            if columns:
                tags.see(columns, times)
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


def _row(line: str, layout: Layout) -> list[str]:
    """The columns of a line of words; none for a comment, and for a line of another width."""
    columns = layout.split(line)
    if len(columns) != layout.width or (line.startswith(_COMMENT) and not looks_like_tag(columns[-1].strip(" "))):
        return []
    return columns


def _column(wanted: int, width: int, what: str, log: ReadLog) -> int:
    at = wanted + width if wanted < 0 else wanted
    if not 0 <= at < width:
        raise DataError(f"no column {wanted} for the {what}; lines have {width} columns, from 0", path=log.path)
    return at


def _common_prefix(blocks: Iterable[list[str]], layout: Layout) -> str:
    """`xx:` when every word of the file starts with the same one, as WikiAnn's do."""
    common = ""
    for line, _ in _different(blocks):
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
