"""Columns that number words, name sentences, or say where words stand: they are no words."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WHOLE = re.compile(r"(-?\d{1,9})(?:\.0+)?")  # "3.0", as tables with gaps write whole numbers
_PART = re.compile(r"([0-9]{1,9})\s*/\s*([0-9]{1,9})")  # "2/7"
_COUNTED = re.compile(r"(.*?)(\d{1,9})(\D*)")
_OFFSETS = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(?:[-:,][0-9]{1,9}(?:\.[0-9]{1,9})?)?")
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")
_COMPOUND = re.compile(r"([0-9]{1,9})([-.])([0-9]{1,9})")
_ABSENT = ("NaN", "nan", "None", "NULL", "null", "<NA>")
_TOLERATED = 0.05  # share of rows that may break the pattern of a column
_TRIAL = 50  # rows after which a column that breaks its pattern often is looked at no more
_REMEMBERED = 100_000  # values that are compared with those behind them; memory must not grow with the file
_ENOUGH = 10  # rows in which no id occurs twice


@dataclass(frozen=True)
class Division:
    """A column at which sentences begin that no blank line divides.

    Args:
        column: from 0.
        start: the number with which counting begins anew; None where the column names sentences, and changes.
    """

    column: int
    start: int | None = None

    def begins(self, value: str, before: str) -> bool:
        """Whether a new sentence begins at a line with this value.

        Args:
            value: what stands in the column.
            before: the last value that was not absent; "" at the start.
        """
        if self.start is None:
            return value != before and is_given(value)
        counted = number_of(value)
        return counted is not None and counted[1] == self.start and bool(before)


def is_given(value: str) -> bool:
    """Whether there is a value, not a sign for none."""
    return bool(value) and value not in _ABSENT


def number_of(value: str) -> tuple[str, int] | None:
    """What stands around the number of a value, and the number; None without one. `s2-7` gives 7."""
    if match := _WHOLE.fullmatch(value):
        return "", int(match.group(1))
    if match := _PART.fullmatch(value):
        return f"/{match.group(2)}", int(match.group(1))
    match = _COUNTED.fullmatch(value)
    return (f"{match.group(1)} {match.group(3)}", int(match.group(2))) if match else None


def is_compound(value: str) -> bool:
    """Whether a number is that of a multiword token (`2-3`) or of an empty node (`2.1`), as in treebanks."""
    return _COMPOUND.fullmatch(value) is not None


class Ids:
    """Looks whether one column numbers words, names sentences, or says where words stand in a text."""

    def __init__(self) -> None:
        self._alive = {"counts", "rises", "names", "changes", "numbers", "unique"}
        self._faults = dict.fromkeys(self._alive, 0)
        self._rows = self._inside = self._sentences = self._runs = self._odd_starts = 0
        self._restarts = self._compounds = 0
        self._before: tuple[str, int] | None = None
        self._start: int | None = None
        self._offset = -1.0
        self._first_run = ("", -1)
        self._name = self._run = ""
        self._seen: set[int] = set()  # hashes, of the first values
        self._different: set[str] = set()
        self._once: set[int] = set()

    def see(self, value: str, *, first: bool) -> None:
        """One value; `first` of its sentence or not."""
        value = value if is_given(value) else ""
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
        if "numbers" in self._alive:
            self._faults["numbers"] += _NUMBER.fullmatch(value) is None
        if "unique" in self._alive:
            self._look_for_repeats(value)
        if self._rows % _TRIAL == 0:
            self._alive = {kind for kind in self._alive if self._few(self._faults[kind], self._rows, 2)}

    def _count(self, value: str, first: bool) -> None:
        before = self._before
        if before is not None and (compound := _COMPOUND.fullmatch(value)) and self._goes_with(compound, first):
            self._compounds += 1
            return
        now = number_of(value)
        if self._start is None and now is not None:
            self._start = now[1]
        if now is None:
            self._faults["counts"] += 1
        elif first:
            goes_on = before is None or now == (before[0], before[1] + 1)
            self._odd_starts += not goes_on and now[1] > 1
        elif before is None or now != (before[0], before[1] + 1):
            if before is not None and now[1] in (0, 1) and now[1] == self._start:
                self._restarts += 1
            else:
                self._faults["counts"] += 1
        self._before = now

    def _goes_with(self, compound: re.Match[str], first: bool) -> bool:
        """Whether a compound stands among plain numbers: a range before its first word, an empty node after one."""
        around, before = self._before or ("", 0)
        start, end = int(compound.group(1)), int(compound.group(3))
        if around or (compound.group(2) == "-" and end <= start):
            return False
        return start in ((self._start or 0,) if first else (before, before + 1, self._start))

    def _rise(self, value: str, first: bool) -> None:
        match = _OFFSETS.fullmatch(value)
        offset = float(match.group(1)) if match else -1.0
        if offset < 0 or (offset <= self._offset and not first):
            self._faults["rises"] += 1
        self._offset = offset

    def _change(self, value: str, first: bool) -> None:
        if not first and (not value or value == self._run):  # some name a sentence at its first word only
            return
        self._runs += 1
        self._run = value
        if self._runs == 1:
            self._first_run = number_of(value) or ("", -1)
        if hash(value) in self._seen:
            if number_of(value) == self._first_run:  # numbers of sentences, which begin again in each document
                self._seen.clear()
            else:
                self._faults["changes"] += not first
        if len(self._seen) < _REMEMBERED:
            self._seen.add(hash(value))

    def _look_for_repeats(self, value: str) -> None:
        if hash(value) in self._once:
            self._alive.discard("unique")
            self._once.clear()
        else:
            if len(self._once) < _REMEMBERED:
                self._once.add(hash(value))
            self._faults["unique"] += not any(c.isdigit() for c in value)

    @staticmethod
    def _few(faults: int, of: int, factor: float = 1.0) -> bool:
        return faults <= factor * _TOLERATED * of

    def _holds(self, kind: str) -> bool:
        return kind in self._alive and self._few(self._faults[kind], self._inside)

    def _counts(self) -> bool:
        if 2 * self._restarts > self._inside or 2 * self._compounds > self._rows:  # numbers that do not count
            return False
        return self._holds("counts") and self._few(self._odd_starts, self._sentences)

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
    def has_compounds(self) -> bool:
        """Whether it numbers words as treebanks do, with lines between them that are no words."""
        return bool(self._compounds) and self._counts()

    def division(self, column: int) -> Division | None:
        """The sentences that this column divides where no blank line does; None if it does not."""
        if self._inside and self._counts():
            return Division(column, self._start) if self._restarts else None
        return Division(column) if self._ends_sentences() else None

    def _ends_sentences(self) -> bool:
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
        if self._counts():
            return "counts the words"
        if self._holds("names") and (self._sentences > 1 or self._inside > 1):
            return "names sentences" if self.differs else "is the same everywhere"
        if self._holds("rises") and self._inside > 1:
            return "says where words stand in the text"
        if self._ends_sentences():
            return "names sentences, which end where it changes"
        if self._rows >= _ENOUGH and self._holds("numbers"):
            return "holds nothing but numbers"
        if self._rows >= _ENOUGH and self._holds("unique"):
            return "holds something else on every line"
        return ""
