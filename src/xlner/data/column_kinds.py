"""What one column of a file holds: words, tags, or ids that number words and name sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from xlner.core.tags import STANDARD, UNKNOWN, find_form
from xlner.data.tagged import looks_like_tag

_COUNTED = re.compile(r"(.*?)([0-9]{1,9})")
# Types of the chunks that stand beside entities in files of CoNLL's shared tasks.
_CHUNKS = {"NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP", "NC", "VC", "PC"}
_MOST_COVERED = 0.7  # of all words; entities cover far less
_TOLERATED = 0.05  # share of rows that may break the pattern of a column
_TRIAL = 50  # rows after which a column that breaks its pattern often is looked at no more


class Ids:
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
        match = _COUNTED.fullmatch(value)
        now = (match.group(1), int(match.group(2))) if match else None
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


class Tags:
    """Looks which of the columns at the right hold tags, and how they belong together."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._fits = [True] * width
        self._alive = list(range(1, width))  # columns that held nothing but tags so far
        self._known: set[str] = set()
        self._pairs = [Counter[tuple[str, str]]() for _ in range(width)]  # of a column and the next
        self._last = Counter[str]()  # of the last column, while its values are few

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
        if len(self._last) < 500:
            self._last[columns[-1].strip()] += times

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
