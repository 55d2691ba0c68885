"""Which columns of a file hold tags, and how they belong together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set

from xlner.core.tags import LETTERS, STANDARD, UNKNOWN, find_form
from xlner.data.tagged import looks_like_tag

# Types of the chunks that stand beside entities in files of CoNLL's shared tasks.
_CHUNKS = {"NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP", "NC", "VC", "PC"}
_FEW = 500  # different values of a column that is looked at closely
_NO_TYPE = ("", "O", UNKNOWN, "-", "*")  # of a word outside of entities, where types have their own column
_MOST_COVERED = 0.7  # of all words; entities cover far less
_TOLERATED = 0.05  # share of rows that may break the pattern of a column


class Tags:
    """Looks which of the columns at the right hold tags, and how they belong together."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._fits = [True] * width
        self._types: list[set[str]] = [set() for _ in range(width)]
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
            if len(self._types[i]) < _FEW and (kind := _type(value)):
                self._types[i].add(kind)
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

    def inside(self) -> int | None:
        """The one column of tags with types, where the last of all holds none: `_` alone, or other things."""
        if self._fits[-1] and (self._types[-1] or any(tag == "O" for _, tag in self._ends)):
            return None
        typed = [i for i in range(1, self._width - 1) if self._fits[i] and not self._types[i] <= _CHUNKS]
        return typed[0] if len(typed) == 1 else None

    def outermost(self) -> int:
        """The last column of tags, or the first of those at the end whose entities are nested in it."""
        column = self._width - 1
        while column > 1 and self._fits[column] and self._fits[column - 1] and self._is_nested(column):
            column -= 1
        return column

    def further(self) -> tuple[int, ...]:
        """Columns of tags right before the last one, but for chunks of a shared task."""
        column = self._width - 1
        while column > 1 and self._fits[column] and self._fits[column - 1] and not self._types[column - 1] <= _CHUNKS:
            column -= 1
        return tuple(range(column, self._width - 1))

    def _is_nested(self, column: int) -> bool:
        pairs = self._pairs[column - 1]
        typed = {(_type(a), _type(b), a == b): 0 for a, b in pairs}
        for (a, b), n in pairs.items():
            typed[_type(a), _type(b), a == b] += n
        in_outer = sum(n for (a, _, _), n in typed.items() if a)
        in_inner = sum(n for (_, b, _), n in typed.items() if b)
        either = sum(n for (a, b, _), n in typed.items() if a or b)
        # Gold and prediction have most tags of the one with fewer in common; nested entities hardly ever.
        same = sum(n for (a, _, equal), n in typed.items() if a and equal)
        if in_inner >= in_outer or 2 * same > in_inner or either - in_outer > max(1, _TOLERATED * in_inner):
            return False  # two taggings of one text, such as gold and prediction: the last one counts
        outer, inner = {a for a, _, _ in typed} - {""}, {b for _, b, _ in typed} - {""}
        # Chunks of a shared task are no entities: they have names of their own and cover nearly every word.
        words = sum(typed.values())
        chunks = bool(outer & _CHUNKS) or (words > _FEW and in_outer > _MOST_COVERED * words)
        return bool(outer & inner) or not chunks


def are_tags(values: Set[str]) -> bool:
    """Whether these are tags and nothing else, with a type at one of them at least: "O" alone can be a word."""
    return any(STANDARD.fits(tag) and len(tag) > 2 for tag in values) and all(map(looks_like_tag, values))


def _type(tag: str) -> str:
    return "" if tag in ("O", UNKNOWN) or not STANDARD.fits(tag) else tag[2:]
