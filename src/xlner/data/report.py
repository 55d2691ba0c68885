"""What a reader read, and what it left out, with the reasons."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from xlner.core.types import Sentence
from xlner.errors import DataError

_PLACES = 1000  # of things that are only form, such as marks between documents; memory must not grow with the file


@dataclass(frozen=True, slots=True)
class Dropped:
    """One thing of the input that is not in the sentences, and why.

    Args:
        reason: what it was.
        where: `file:line`.
        content: it held words or labels; False for what is only form, such as a mark between documents.
    """

    reason: str
    where: str
    content: bool = True


@dataclass(frozen=True)
class ReadReport:
    """What was read from one input.

    Args:
        path: the input's name.
        format: name of the format it was read as.
        scheme: tag scheme that was found or given; None for formats with character spans and for raw text.
        columns: how columns were read, such as "2 columns by TAB, word 0, tag 1"; None for other formats.
        encoding: always a Unicode form: "utf-8" or "utf-8 with byte order mark".
        sentences: number of sentences.
        words: number of words.
        types: entities per type, after mapping.
        missing: words whose label is unknown; they are masked in training, never O.
        broken: places (`file:line` of the sentence) whose tags break the scheme, once per broken entity.
        dropped: what was left out, with reasons: everything that held words or labels, and the first thousand of the
            rest per reason.
        faults: lines that could not be used; only a tolerant reading (`xlner data check`) goes on after one.
        notes: further findings in words, such as a prefix that was taken off.
        further: how often more than in `dropped` each reason left out what is only form.
    """

    path: str
    format: str
    scheme: str | None = None
    columns: str | None = None
    encoding: str = "utf-8"
    sentences: int = 0
    words: int = 0
    types: dict[str, int] = field(default_factory=dict)
    missing: int = 0
    broken: tuple[str, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    further: dict[str, int] = field(default_factory=dict)

    @property
    def entities(self) -> int:
        return sum(self.types.values())

    @property
    def reasons(self) -> dict[str, int]:
        """How often each reason dropped something."""
        return dict((Counter(d.reason for d in self.dropped) + Counter(self.further)).most_common())

    def describe(self) -> str:
        """The findings in a few lines."""
        how = ", ".join(part for part in (self.format, self.scheme, self.columns, self.encoding) if part)
        types = ", ".join(f"{label} {count}" for label, count in self.types.items())
        lines = [
            f"{self.path}: {how}",
            f"  {self.sentences} sentences, {self.words} words, {self.entities} entities"
            + (f" ({types})" if types else ""),
        ]
        if self.missing:
            lines.append(f"  {self.missing} words with unknown labels (masked, not O)")
        if self.broken:
            lines.append(f"  {len(self.broken)} broken tag sequences, the first at {self.broken[0]}")
        first: dict[str, str] = {}
        for item in self.dropped:
            first.setdefault(item.reason, item.where)
        lines += [f"  left out {n}: {reason} (first {first[reason]})" for reason, n in self.reasons.items()]
        lines += [f"  {note}" for note in self.notes]
        return "\n".join(lines)

    def remarks(self) -> list[str]:
        """What a user of this input should hear, whatever the command: what was left out or doubtful, and the notes.

        Empty when everything was read as it stands.
        """
        counted = Counter(d.reason for d in self.dropped if d.content)
        parts = [f"left out {n} times: {reason}" for reason, n in counted.most_common()]
        if self.broken:
            parts.append(f"{len(self.broken)} broken tag sequences, the first at {self.broken[0]}")
        lines = [f"{self.path}: {'; '.join(parts)}"] if parts else []
        return lines + [f"{self.path}: {note}" for note in self.notes]

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        return {
            "path": self.path,
            "format": self.format,
            "scheme": self.scheme,
            "columns": self.columns,
            "encoding": self.encoding,
            "sentences": self.sentences,
            "words": self.words,
            "entities": self.entities,
            "types": dict(self.types),
            "missing_words": self.missing,
            "broken": list(self.broken),
            "dropped": [{"reason": d.reason, "where": d.where} for d in self.dropped],
            "dropped_counts": self.reasons,
            "faults": list(self.faults),
            "notes": list(self.notes),
        }


class ReadLog:
    """Collects findings while a reader runs; readers write here, `report` closes it.

    Args:
        path: the input's name.
        format: the format's name.
        tolerant: note faults and go on, instead of raising the first one.
    """

    def __init__(self, path: str, format: str, *, tolerant: bool = False) -> None:
        self.path, self.format, self.tolerant = path, format, tolerant
        self.scheme: str | None = None
        self.columns: str | None = None
        self.encoding = "utf-8"
        self.sentences = self.words = self.missing = 0
        self.types: Counter[str] = Counter()
        self.broken: list[str] = []
        self.dropped: list[Dropped] = []
        self.faults: list[str] = []
        self.notes: list[str] = []
        self._found: dict[str, tuple[int, str]] = {}
        self._forms: Counter[str] = Counter()

    def where(self, line: int) -> str:
        return f"{self.path}:{line}"

    def fault(self, message: str, line: int | None = None) -> None:
        """A line cannot be used: DataError, or a note of it when tolerant."""
        error = DataError(message, path=self.path, line=line)
        if not self.tolerant:
            raise error
        self.faults.append(str(error))

    def drop(self, reason: str, line: int, *, content: bool = True) -> None:
        """Something of this line is left out of the sentences; `content` is False if it held no words and labels."""
        if not content:
            self._forms[reason] += 1
            if self._forms[reason] > _PLACES:
                return
        self.dropped.append(Dropped(reason, self.where(line), content))

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def note_place(self, finding: str, line: int) -> None:
        """Something to tell once for the whole input, with how often it was and where first; a noun in the plural."""
        number, first = self._found.get(finding, (0, self.where(line)))
        self._found[finding] = (number + 1, first)

    def count(self, sentence: Sentence) -> Sentence:
        """Count a sentence that is handed out, and return it."""
        self.sentences += 1
        self.words += len(sentence)
        self.missing += sum(end - start for start, end in sentence.missing)
        for span in sentence.spans:
            self.types[span.label] += 1
        return sentence

    def report(self) -> ReadReport:
        return ReadReport(
            self.path,
            self.format,
            self.scheme,
            self.columns,
            self.encoding,
            self.sentences,
            self.words,
            dict(sorted(self.types.items())),
            self.missing,
            tuple(self.broken),
            tuple(self.dropped),
            tuple(self.faults),
            (*self.notes, *(f"{n} {finding} (first {first})" for finding, (n, first) in self._found.items())),
            {reason: n - _PLACES for reason, n in self._forms.items() if n > _PLACES},
        )
