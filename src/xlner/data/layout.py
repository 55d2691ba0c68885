"""Files of columns: how one of them is divided into words and tags, line by line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xlner.core.tags import UNKNOWN
from xlner.data.ids import Division
from xlner.data.tagged import looks_like_tag

_SPACES = re.compile(r"[ \t]+")  # not str.split(): a word may hold a no-break space or \x85
COMMENT = ("# ", "#\t", "## ", "#begin document", "#end document")  # "#lagos" is a word, "# O" is one, too
WORD_NAMES = {"word", "words", "token", "tokens", "form", "text"}
_HEADER_WORDS = WORD_NAMES | {"wort", "mot", "palavra", "palabra", "parola", "woord", "слово", "词", "單詞", "単語"}
TAG_NAMES = {"tag", "tags", "label", "labels", "ner", "ner_tag", "ner_tags", "iob", "bio"}
# Names that a column of tags has in a header, but that could be a word or its type anywhere else.
_HEADER_TAGS = TAG_NAMES | {"ne", "ne-tag", "ner-tag", "ne_tag", "entity", "entities", "entity_type", "type", "ne-emb"}
_HEADER_TAGS |= {
    "ner_label",
    "etiqueta",
    "étiquette",
    "etichetta",
    "тег",
    "标签",
    "標籤",
    "namedentity",
    "named_entity",
    "named entity",
    "bioes",
    "iob2",
    "iob_tag",
    "bio_tag",
    "entity_label",
}


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
        divisions: the columns before the words at which sentences begin that no blank line divides.
        compounds: the column before the words that numbers words as treebanks do, with lines between that are no words.
        nested: further columns of tags, whose entities lie inside those of `tag`.
        unread_tag: column of tags in a file whose labels are not wanted; it tells comments from words.
        letter: column of letters (B, I, O) in a file whose tags stand in two columns; that of types is `tag`.
        tags: what the column of tags holds, where its tags are not like B-PER; they tell words from comments.
        header: the names of the columns in the first line, in small letters; empty if there is none.
        trailing: every line ends with a separator, so there is an empty column at the end, which does not count.
    """

    tab: bool
    width: int
    token: int
    tag: int | None
    fixed: bool
    prefix: str = ""
    divisions: tuple[Division, ...] = ()
    compounds: int | None = None
    nested: tuple[int, ...] = ()
    unread_tag: int | None = None
    letter: int | None = None
    tags: frozenset[str] = frozenset()
    header: tuple[str, ...] = ()
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

    def is_header(self, columns: list[str]) -> bool:
        """Whether a line names the columns; files that were joined have such lines in the middle, too."""
        if self.header and tuple(column.strip().casefold() for column in columns) == self.header:
            return True
        return is_header(columns)

    def is_comment(self, line: str, columns: list[str]) -> bool:
        """A line that starts with # and does not have the shape of a word with its tag: "# O" is a word."""
        if not line.startswith("#"):
            return False
        if len(columns) != self.width:
            tagged = line[1:2].isalnum() and len(columns) > 1 and looks_like_tag(columns[-1].strip())
            return not tagged  # "#New York B-LOC" is a word and its tag, with a column too many
        tag = self.unread_tag if self.tag is None else self.tag
        if not line.startswith(COMMENT):
            return False
        if tag is None:  # "#" may be a word, with whatever stands beside it
            return columns[0] != "#" or "=" in line
        return not (looks_like_tag(columns[tag].strip()) or columns[tag].strip() in self.tags)

    def accepts(self, columns: list[str]) -> bool:
        """Whether a line of these columns can be read without guessing."""
        width = len(columns)
        if width <= self.token or (self.tag is not None and width <= self.tag):
            return False
        if self.fixed or width == self.width:
            return True
        if self.tag is not None:
            return False
        if self.unread_tag is not None:  # a word whose tag is missing, not a line of another form
            return width == 1 and " " not in columns[0]
        # Where no column holds tags, missing columns do no harm; a surplus one by spaces could be half of the word.
        return self.tab or width < self.width

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


def header_of(columns: list[str]) -> tuple[int, tuple[int, ...]] | None:
    """The column of words and those of tags that the first line of a file names; None if it names none."""
    names = [column.strip(" #").casefold() for column in columns]
    token = next((i for i, name in enumerate(names) if name in _HEADER_WORDS), None)
    tags = tuple(i for i, name in enumerate(names) if name in _HEADER_TAGS and i != token)
    return None if token is None or not tags else (token, tags)
