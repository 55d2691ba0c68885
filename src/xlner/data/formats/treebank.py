"""What CoNLL-U and the formats made from it share: numbered words in columns by TAB, under `#` comments."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from xlner.core.tags import UNKNOWN, TagForm, find_form
from xlner.data.characters import find_words
from xlner.data.formats.head import Head
from xlner.data.report import ReadLog
from xlner.data.source import Input
from xlner.data.tagged import TaggedSentence

_ID = re.compile(r"[0-9]+")
_COMPOUND = re.compile(r"([0-9]{1,9})([-.])([0-9]{1,9})")  # 1-2 is a multiword token, 1.1 an empty node
_TEXT = re.compile(r"#\s*text\s*=\s?(.*)")
_GLUED = "SpaceAfter=No"
# The letters of a multiword token's words, by its own: of the first, of those between, of the last.
_LETTERS = {"B": "BII", "S": "BIE", "E": "IIE", "U": "BIL", "L": "IIL", "W": "BIE"}


@dataclass(frozen=True, slots=True)
class Compound:
    """A line that is no word: a multiword token (`1-2`), or an empty node (`1.1`), which covers no words.

    Args:
        start: its first word, from 0.
        end: the word after its last.
        tag: what stands in the column of the tag.
        line: its line.
    """

    start: int
    end: int
    tag: str
    line: int


@dataclass(slots=True)
class TreebankSentence(TaggedSentence):
    """A sentence with those lines that are no words but may hold tags."""

    compounds: tuple[Compound, ...] = ()


@dataclass(frozen=True)
class Shape:
    """The columns of a treebank's lines.

    Args:
        width: how many there are.
        number: column of the word's number; None if there is none.
        token: column of the word.
        tag: column that is handed on as the tag; None hands on `_`.
        misc: column that says SpaceAfter=No; None if there is none.
        several: name and column of each, where several columns hold tags; MISC, which has names inside, has none.
    """

    width: int
    number: int | None
    token: int
    tag: int | None
    misc: int | None = None
    several: tuple[tuple[str, int], ...] = ()

    def tag_of(self, columns: list[str]) -> str:
        """What is handed on as the tag of a line; of several columns all that hold something, `name=value|...`."""
        if self.several:
            values = ((name, columns[i].strip()) for name, i in self.several)
            return "|".join(f"{name}={value}" if name else value for name, value in values if value != UNKNOWN)
        return UNKNOWN if self.tag is None else columns[self.tag].strip()

    def describe(self) -> str:
        return f"{self.width} columns by TAB, word {self.token}, tag {'none' if self.tag is None else self.tag}"


def looks_like_treebank(head: Head, width: int, is_word: Callable[[list[str]], bool] = lambda columns: True) -> bool:
    """Whether the first lines are comments, blank, or have so many columns with a number first; 1 in 20 may differ."""
    words = others = 0
    for line in head.lines[:200]:
        if not line.strip() or (line.startswith("#") and line.count("\t") != width - 1):
            continue
        columns = line.split("\t")
        if len(columns) != width or not (_ID.fullmatch(columns[0]) or _COMPOUND.fullmatch(columns[0])):
            others += 1  # the reader says what is wrong with it
            continue
        if _ID.fullmatch(columns[0]) and not is_word(columns):
            return False
        words += 1
    return words > 0 and 20 * others <= words


def treebank_rows(source: Input, log: ReadLog, shape: Shape) -> Iterator[TreebankSentence]:
    """Sentences with what stands in the tag's column, and with their text where comments or SpaceAfter=No give it."""
    sentence = _Sentence()
    tag_of = shape.tag_of
    for number, line in source.lines():
        if not line.strip(" \t"):
            if sentence.words:
                yield sentence.finish(log)
            sentence = _Sentence()
            continue
        columns = line.split("\t")
        is_word = len(columns) == shape.width and (shape.number is None or bool(_ID.fullmatch(columns[shape.number])))
        if line.startswith("#") and not (is_word and shape.number == 0):
            if comment := _TEXT.fullmatch(line):
                sentence.set_text(comment.group(1))
            continue
        if (
            shape.number is not None
            and len(columns) > shape.number
            and (compound := _COMPOUND.fullmatch(columns[shape.number]))
        ):
            if sentence.words and compound[2] == "-" and compound[1] == "1":
                yield sentence.finish(log)
                sentence = _Sentence(sentence.next_text)
            sentence.is_plain = False
            tag = tag_of(columns) if len(columns) == shape.width else UNKNOWN
            if tag not in ("", UNKNOWN):
                size = int(compound[3]) - int(compound[1]) + 1 if compound[2] == "-" else 0
                sentence.add_compound(size, tag, number)
            log.drop("multiword range or empty node", number, content=False)
            continue
        if not is_word:
            spaces = len(columns) == 1 and len(line.split()) == shape.width
            hint = "; these are separated by spaces, so put a TAB in place of each run of spaces" if spaces else ""
            log.fault(f"{_in_words(shape)} are wanted; got {len(columns)}: '{line[:60]}'{hint}", number)
            continue
        if sentence.words and shape.number is not None and columns[shape.number] == "1":
            log.note("sentences that no blank line divides; a new one begins where the numbers begin again")
            yield sentence.finish(log)
            sentence = _Sentence(sentence.next_text)
        word = columns[shape.token]
        if not word or word.isspace():
            log.drop("word that is empty or only white space", number)
            continue
        glued = shape.misc is not None and _GLUED in columns[shape.misc].split("|")
        sentence.add(word, tag_of(columns), number, glued=glued)
    if sentence.words:
        yield sentence.finish(log)


class _Sentence:
    """A sentence while its lines are read."""

    def __init__(self, text: str | None = None) -> None:
        self.text = text
        self.next_text: str | None = None  # a comment behind its words, where no blank line divides it from the next
        self.is_plain = True  # every surface word has a line of its own
        self.words: list[str] = []
        self._tags: list[str] = []
        self._lines: list[int] = []
        self._glued: list[bool] = []
        self._compounds: list[Compound] = []

    def set_text(self, text: str) -> None:
        if self.words:
            self.next_text = text
        else:
            self.text = text

    def add(self, word: str, tag: str, line: int, *, glued: bool) -> None:
        self.words.append(word)
        self._tags.append(tag)
        self._lines.append(line)
        self._glued.append(glued)

    def add_compound(self, size: int, tag: str, line: int) -> None:
        start = len(self.words)
        self._compounds.append(Compound(start, start + max(size, 0), tag, line))

    def finish(self, log: ReadLog) -> TreebankSentence:
        """The sentence; its text is given up where the words are not in it, the words never are."""
        text, offsets = self.text, None
        if text is None and self.is_plain and any(self._glued):
            text = "".join(
                w + ("" if glued else " ") for w, glued in zip(self.words, self._glued, strict=True)
            ).rstrip()
        if text is not None:
            offsets = find_words(text, self.words)
            if offsets is None:
                log.note("some words are not in their # text, as with contractions; those sentences have no text")
                text = None
        return TreebankSentence(
            self.words, self._tags, self._lines[0], text, offsets, self._lines, compounds=tuple(self._compounds)
        )


def share_tags(rows: Iterable[TreebankSentence], log: ReadLog) -> None:
    """Give the tags of multiword tokens to their words, in place, where those have none.

    Some programs write the tag at the token alone: `1-2 ... ner=B-LOC`. Entities that the words contradict, and those
    of empty nodes, are left out, counted.
    """
    rows = [row for row in rows if any(c.tag not in ("", UNKNOWN) for c in row.compounds)]
    if not rows:
        return
    counts = Counter(tag for row in rows for tag in [*row.tags, *(c.tag for c in row.compounds)] if tag)
    form = find_form(counts)
    for row in rows:
        for compound in row.compounds:
            if compound.tag in ("", UNKNOWN):
                continue
            here = slice(compound.start, compound.end)
            size = compound.end - compound.start
            present = {tag for tag in row.tags[here] if tag not in ("", UNKNOWN)}
            if size and not present and compound.end <= len(row.words):
                row.tags[here] = _of_words(compound.tag, size, form)
            elif compound.end > len(row.words):
                log.drop("tag of a multiword token with more words than follow", compound.line)
            elif not size and _type(compound.tag, form):
                log.drop("entity of an empty node, which is no word", compound.line)
            elif size and _type(compound.tag, form) not in ["", *(_type(tag, form) for tag in present)]:
                log.drop("entity of a multiword token whose words have other tags", compound.line)


def _type(tag: str, form: TagForm) -> str:
    """The type of a tag; "" for O and for what is no tag."""
    try:
        return form.standard(tag)[2:]
    except ValueError:
        return ""


def _of_words(tag: str, size: int, form: TagForm) -> list[str]:
    """The tags of the words of a multiword token, spelt like its own."""
    if size == 1 or not _type(tag, form) or form.kind == "type":
        return [tag] * size
    at = len(tag) - 1 if form.kind == "suffix" else 0
    letter = tag[at]
    letters = _LETTERS.get(letter.upper(), letter * 3)
    letters = letters[0] + letters[1] * (size - 2) + letters[2]
    return [tag[:at] + (new.lower() if form.lower else new) + tag[at + 1 :] for new in letters]


def _in_words(shape: Shape) -> str:
    first = "" if shape.number is None else " that start with a number"
    return f"{_NUMBERS.get(shape.width, shape.width)} columns by TAB{first}"


_NUMBERS = {5: "five", 10: "ten"}
