"""Files of columns: how one of them is divided into words and tags, line by line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xlner.core.tags import UNKNOWN
from xlner.data.tagged import looks_like_tag

_SPACES = re.compile(r"[ \t]+")  # not str.split(): a word may hold a no-break space or \x85
COMMENT = ("# ", "#\t", "## ", "#begin document", "#end document")  # "#lagos" is a word, "# O" is one, too
WORD_NAMES = {"word", "words", "token", "tokens", "form"}
TAG_NAMES = {"tag", "tags", "label", "labels", "ner", "ner_tag", "ner_tags", "iob", "bio"}


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
        sentence: the one among `ids` that names sentences which no blank line divides: they end where it changes.
        nested: further columns of tags, whose entities lie inside those of `tag`.
        unread_tag: column of tags in a file whose labels are not wanted; it tells comments from words.
        letter: column of letters (B, I, O) in a file whose tags stand in two columns; that of types is `tag`.
        trailing: every line ends with a separator, so there is an empty column at the end, which does not count.
    """

    tab: bool
    width: int
    token: int
    tag: int | None
    fixed: bool
    prefix: str = ""
    ids: tuple[int, ...] = ()
    sentence: int | None = None
    nested: tuple[int, ...] = ()
    unread_tag: int | None = None
    letter: int | None = None
    trailing: bool = False

    def split(self, line: str) -> list[str]:
        columns = split_columns(line, tab=self.tab)
        if self.trailing and not columns[-1]:
            columns.pop()
        return columns

    def tag_of(self, columns: list[str]) -> str:
        """The tag of a line of words; `_` where labels are not wanted."""
        if self.tag is None:
            return UNKNOWN
        if self.letter is None:
            return columns[self.tag].strip()
        letter = columns[self.letter].strip()
        return letter if letter == "O" else f"{letter}-{columns[self.tag].strip()}"

    def is_comment(self, line: str, columns: list[str]) -> bool:
        """A line that starts with # and does not have the shape of a word with its tag: "# O" is a word."""
        if not line.startswith("#"):
            return False
        if len(columns) != self.width:
            return True
        tag = self.unread_tag if self.tag is None else self.tag
        if tag is None or not line.startswith(COMMENT):
            return False
        return not looks_like_tag(columns[tag].strip())

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


def is_header(columns: list[str]) -> bool:
    """Whether a line names the columns, such as HIPE's "TOKEN NE-COARSE-LIT"."""
    names = [column.casefold() for column in columns]
    if names[0] not in WORD_NAMES:  # a column of ids, such as "Sentence #", may stand before
        return len(names) > 2 and names[1] in WORD_NAMES and names[-1] in TAG_NAMES
    return any(name in TAG_NAMES or name.startswith("ne-") for name in names[1:])
