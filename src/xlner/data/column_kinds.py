"""What one column of a file holds: words, tags, or ids that number words and name sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence, Set

from xlner.core.tags import LETTERS, STANDARD, UNKNOWN, find_form
from xlner.data.tagged import looks_like_tag

_COUNTED = re.compile(r"(.*?)([0-9]{1,9})[.):]?")
_OFFSETS = re.compile(r"([0-9]{1,9})(?:[-:,][0-9]{1,9})?")
# Types of the chunks that stand beside entities in files of CoNLL's shared tasks.
_CHUNKS = {"NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP", "NC", "VC", "PC"}
_FEW = 500  # different values of a column that is looked at closely
_NO_TYPE = ("", "O", UNKNOWN, "-", "*")  # of a word outside of entities, where types have their own column
_MOST_COVERED = 0.7  # of all words; entities cover far less
_TOLERATED = 0.05  # share of rows that may break the pattern of a column
_TRIAL = 50  # rows after which a column that breaks its pattern often is looked at no more


class Ids:
    """Looks whether one column numbers words, names sentences, or says where words stand in a text."""

    def __init__(self) -> None:
        self._alive = {"counts", "rises", "names", "changes"}
        self._faults = dict.fromkeys(self._alive, 0)
        self._rows = self._inside = self._sentences = self._runs = self._odd_starts = 0
        self._before: tuple[str, int] | None = None
        self._offset = -1
        self._name = self._run = ""
        self._seen: set[str] = set()
        self._different: set[str] = set()

    def see(self, value: str, *, first: bool) -> None:
        """One value; `first` of its sentence or not."""
        self._rows += 1
        self._inside += not first
        self._sentences += first
        if first and len(self._different) < 2:
            self._different.add(value)
        if "counts" in self._alive:
            self._count(value, first)
        if "rises" in self._alive:
            self._rise(value, first)
        if "names" in self._alive:
            if first:
                self._name = value
            elif value and value != self._name:
                self._faults["names"] += 1
        if "changes" in self._alive:
            self._change(value, first)
        if self._rows % _TRIAL == 0:
            self._alive = {kind for kind in self._alive if self._few(self._faults[kind], self._rows, 2)}

    def _count(self, value: str, first: bool) -> None:
        match = _COUNTED.fullmatch(value)
        now = (match.group(1), int(match.group(2))) if match else None
        if now is None:
            self._faults["counts"] += 1
        elif first:
            goes_on = self._before is None or now == (self._before[0], self._before[1] + 1)
            self._odd_starts += not goes_on and now[1] not in (0, 1)
        elif self._before is None or now != (self._before[0], self._before[1] + 1):
            self._faults["counts"] += 1
        self._before = now

    def _rise(self, value: str, first: bool) -> None:
        match = _OFFSETS.fullmatch(value)
        offset = int(match.group(1)) if match else -1
        if offset < 0 or (offset <= self._offset and not first):
            self._faults["rises"] += 1
        self._offset = offset

    def _change(self, value: str, first: bool) -> None:
        if not first and (not value or value == self._run):  # some name a sentence at its first word only
            return
        self._runs += 1
        self._run = value
        if value in self._seen and not first:
            self._faults["changes"] += 1
        self._seen.add(value)

    @staticmethod
    def _few(faults: int, of: int, factor: float = 1.0) -> bool:
        return faults <= factor * _TOLERATED * of

    def _holds(self, kind: str) -> bool:
        return kind in self._alive and self._few(self._faults[kind], self._inside)

    @property
    def alive(self) -> bool:
        """Whether it may still hold something else than words."""
        return bool(self._alive)

    @property
    def alone(self) -> bool:
        """Whether every sentence is one word."""
        return not self._inside

    @property
    def differs(self) -> bool:
        """Whether not all sentences begin with the same value."""
        return len(self._different) > 1

    @property
    def ends_sentences(self) -> bool:
        """Whether it names sentences that nothing else divides: they end where it changes."""
        if self._holds("names") or self._holds("rises") or not self._holds("changes"):
            return False
        return self._runs > self._sentences and 2 * self._rows >= 3 * self._runs

    @property
    def verdict(self) -> str:
        """What the column does, in words; "" if it may hold words."""
        if not self._inside:  # every sentence is one word, which then has the number 0 or 1
            numbers = all(value.isdecimal() for value in self._different)
            return "is the same everywhere" if self._sentences > 1 and numbers and not self.differs else ""
        if self._holds("counts") and self._few(self._odd_starts, self._sentences):
            return "counts the words"
        if self._holds("names") and (self._sentences > 1 or self._inside > 1):
            return "names sentences" if self.differs else "is the same everywhere"
        if self._holds("rises") and self._inside > 1:
            return "says where words stand in the text"
        if self.ends_sentences:
            return "names sentences, which end where it changes"
        return ""


class Tags:
    """Looks which of the columns at the right hold tags, and how they belong together."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._fits = [True] * width
        self._alive = list(range(1, width))  # columns that held nothing but tags so far
        self._known: set[str] = set()
        self._pairs = [Counter[tuple[str, str]]() for _ in range(width)]  # of a column and the next
        self._ends = Counter[tuple[str, str]]()  # of the last two columns, while their values are few

    def see(self, columns: Sequence[str], times: int = 1) -> None:
        """One row, and how often it occurs; the order of rows does not matter."""
        before = ""
        column_before = -1
        for i in self._alive:
            value = columns[i].strip()
            if value not in self._known:
                if not looks_like_tag(value):
                    self._fits[i] = False
                    self._alive = [c for c in self._alive if c != i]
                    continue
                self._known.add(value)
            if column_before == i - 1:
                self._pairs[i - 1][before, value] += times
            before, column_before = value, i
        if len(self._ends) < _FEW:
            self._ends[columns[-2].strip(), columns[-1].strip()] += times

    def all_tags(self, column: int) -> bool:
        """Whether a column holds nothing but tags."""
        if column == self._width - 1 and not self._fits[column]:
            last = Counter[str]()
            for (_, tag), times in self._ends.items():
                last[tag] += times
            form = find_form(last)
            return all(form.fits(tag) for tag in last)
        return self._fits[column]

    def letters_apart(self) -> bool:
        """Whether the letters of the tags stand in the column before that of their types: `Zuri B PER`."""
        letters = {letter for letter, _ in self._ends}
        if self._width < 3 or len(self._ends) >= _FEW or not {"O"} < letters <= LETTERS | {"O"}:
            return False
        return all(
            (kind not in _NO_TYPE and not looks_like_tag(kind)) if letter != "O" else kind in _NO_TYPE
            for letter, kind in self._ends
        )

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


def are_tags(values: Set[str]) -> bool:
    """Whether these are tags and nothing else, with a type at one of them at least: "O" alone can be a word."""
    return any(STANDARD.fits(tag) and len(tag) > 2 for tag in values) and all(map(looks_like_tag, values))


def _type(tag: str) -> str:
    return "" if tag in ("O", UNKNOWN) or not STANDARD.fits(tag) else tag[2:]
