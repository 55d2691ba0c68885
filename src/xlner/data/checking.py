"""Checking data before anybody trains on it: what is in each file, what is wrong, what the files share."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

from xlner.core.tags import Scheme
from xlner.core.types import Sentence
from xlner.data.corpus import Reading, read_labelled
from xlner.data.report import ReadReport
from xlner.data.suspects import suspicion
from xlner.errors import DataError

Level = Literal["error", "warning", "note"]

LONG_SENTENCE = 200  # words; a longer one usually lacks a sentence break
_EXAMPLES = 5

# Common names of the four usual types, in lower case; used for a suggestion, never applied unasked.
_USUAL = {
    "PER": ("per", "person", "persons", "people", "pers", "prs", "人名", "nr"),
    "ORG": ("org", "organization", "organisation", "organizations", "corporation", "company", "nt"),
    "LOC": ("loc", "location", "locations", "gpe", "place", "geo", "ns", "loca"),
    "MISC": ("misc", "miscellaneous", "other", "oth"),
}
_SUGGEST = {name: usual for usual, names in _USUAL.items() for name in names}


@dataclass(frozen=True)
class Finding:
    """One thing that check has to say.

    Args:
        level: "error" makes the check fail; "warning" deserves a look; "note" is for information.
        kind: short fixed name, such as "duplicate".
        message: what was found, with a count.
        where: some places, as `file:line`.
    """

    level: Level
    kind: str
    message: str
    where: tuple[str, ...] = ()

    def __str__(self) -> str:
        places = f" ({', '.join(self.where[:_EXAMPLES])})" if self.where else ""
        return f"{self.level}: {self.message}{places}"


@dataclass(frozen=True)
class FileCheck:
    """What was found in one file.

    Args:
        path: the file.
        report: how it was read; None when it could not be opened at all.
        lengths: words per sentence: min, median, mean, p95, max.
        findings: everything to say about this file.
    """

    path: str
    report: ReadReport | None
    lengths: dict[str, float] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def row(self) -> dict[str, str]:
        """The file as one row of a table."""
        report = self.report or ReadReport(self.path, "?")
        return {
            "file": self.path,
            "format": report.format,
            "scheme": report.scheme or "-",
            "sentences": str(report.sentences),
            "words": str(report.words),
            "entities": ", ".join(f"{label} {n}" for label, n in report.types.items()) or "-",
            "words/sentence": "-" if not self.lengths else f"{self.lengths['median']:g} (max {self.lengths['max']:g})",
            "errors": str(sum(f.level == "error" for f in self.findings)),
            "warnings": str(sum(f.level == "warning" for f in self.findings)),
        }


@dataclass(frozen=True)
class CheckReport:
    """What was found in all files.

    Args:
        files: one entry per file.
        between: findings that concern several files.
        mapping: suggested type renamings, empty when none is called for.
    """

    files: tuple[FileCheck, ...]
    between: tuple[Finding, ...] = ()
    mapping: dict[str, str] = field(default_factory=dict)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (*(f for file in self.files for f in file.findings), *self.between)

    @property
    def ok(self) -> bool:
        """False when there is an error: something that would stop a later step."""
        return all(f.level != "error" for f in self.findings)

    @property
    def suggestion(self) -> str:
        """The suggested renamings, such as "`mapping GPE=LOC`"; "" for none."""
        return " ".join(f"`mapping {old}={new}`" for old, new in self.mapping.items())

    def rows(self) -> list[dict[str, str]]:
        """One row per file, for a table."""
        return [file.row() for file in self.files]

    def describe(self) -> str:
        """Everything as plain text."""
        lines: list[str] = []
        for file in self.files:
            lines.append(file.report.describe() if file.report else f"{file.path}: cannot be read")
            if file.lengths:
                lines.append("  words per sentence: " + ", ".join(f"{k} {v:g}" for k, v in file.lengths.items()))
            lines += [f"  {finding}" for finding in file.findings]
        lines += [str(finding) for finding in self.between]
        if self.mapping:
            lines.append(f"for the usual type names add: {self.suggestion}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        return {
            "ok": self.ok,
            "files": [
                {
                    "path": f.path,
                    "report": None if f.report is None else f.report.as_dict(),
                    "lengths": f.lengths,
                    "findings": [_plain(x) for x in f.findings],
                }
                for f in self.files
            ],
            "between": [_plain(x) for x in self.between],
            "suggested_map": self.mapping,
        }


def check(
    paths: Sequence[str | Path],
    *,
    format: str | None = None,
    language: str | None = None,
    mapping: Mapping[str, str] | None = None,
    token_column: int | None = None,
    tag_column: int | None = None,
    scheme: Scheme | None = None,
    labels: Sequence[str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> CheckReport:
    """Look at files without using them. A broken line is reported and the reading goes on.

    Args:
        paths: the files, in the order of reporting.
        format: as in `load`.
        language: as in `load`.
        mapping: as in `load`.
        token_column: as in `load`.
        tag_column: as in `load`.
        scheme: as in `load`.
        labels: as in `load`.
        options: as in `load`.
    """
    columns = {"token_column": token_column, "tag_column": tag_column}
    values = {**columns, "scheme": scheme, "labels": labels, **(options or {})}
    read = [_read(path, format, mapping, values, language) for path in paths]
    files = tuple(_check_file(path, report, sentences, fault) for path, report, sentences, fault in read)
    corpora = [(str(path), report, sentences) for path, report, sentences, _ in read if report is not None]
    types = {t for _, report, _ in corpora for t in report.types}
    return CheckReport(files, tuple(_between(corpora)), _suggest(types))


def _read(
    path: str | Path,
    format: str | None,
    mapping: Mapping[str, str] | None,
    values: Mapping[str, Any],
    language: str | None,
) -> tuple[str, ReadReport | None, list[Sentence], str | None]:
    """Path, report, the sentences up to an error that ended the reading, and that error."""
    sentences: list[Sentence] = []
    reading: Reading | None = None
    fault = None
    try:
        reading = read_labelled(path, format, mapping, values, language=language, tolerant=True)
        for sentence in reading:
            sentences.append(sentence)
    except DataError as error:
        fault = str(error)
    return str(path), None if reading is None else reading.report(), sentences, fault


def _check_file(path: str, report: ReadReport | None, sentences: list[Sentence], fault: str | None) -> FileCheck:
    findings: list[Finding] = []
    faults = [*(report.faults if report else ()), *([fault] if fault else [])]
    findings += [Finding("error", "broken line", message) for message in faults[:50]]
    if len(faults) > 50:
        findings.append(Finding("error", "broken line", f"{len(faults) - 50} further broken lines"))
    if not any(len(s) for s in sentences):
        if not faults:
            findings.append(Finding("error", "empty", f"{path}: no sentence in it"))
        return FileCheck(path, report, {}, tuple(findings))
    if report is not None and report.broken:
        findings.append(
            Finding("warning", "broken sequence", f"{len(report.broken)} entities break {report.scheme}", report.broken)
        )
    if not any(s.labelled for s in sentences):
        findings.append(Finding("note", "unlabelled", "raw text: nobody labelled it"))
    elif report is not None and not report.types:
        findings.append(Finding("warning", "no entities", "labelled, but without any entity"))
    findings += _suspect_words(sentences)
    findings += _long_sentences(sentences)
    findings += _duplicates(sentences)
    return FileCheck(path, report, _lengths(sentences), tuple(findings))


def _suspect_words(sentences: Iterable[Sentence]) -> list[Finding]:
    suspects: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)  # reason -> place and word
    known: dict[str, str | None] = {}
    for sentence in sentences:
        for word in sentence.words:
            if word not in known:
                known[word] = suspicion(word)
            if (reason := known[word]) is not None:
                suspects[reason].append((sentence.where or "", word))
    return [
        Finding(
            "warning",
            "suspect word",
            f"{len(places)} words: {reason}, such as {_shown(places[0][1])}",
            tuple(dict.fromkeys(where for where, _ in places[: 4 * _EXAMPLES])),
        )
        for reason, places in sorted(suspects.items())
    ]


def _long_sentences(sentences: Iterable[Sentence]) -> list[Finding]:
    long = [s for s in sentences if len(s) > LONG_SENTENCE]
    if not long:
        return []
    message = (
        f"{len(long)} sentences of more than {LONG_SENTENCE} words, the longest {max(map(len, long))}; "
        "is a blank line missing?"
    )
    return [Finding("warning", "long sentence", message, tuple(s.where or "" for s in long))]


def _duplicates(sentences: Iterable[Sentence]) -> list[Finding]:
    seen: dict[tuple[str, ...], Sentence] = {}
    again: list[str] = []
    conflicts: list[str] = []
    for sentence in sentences:
        first = seen.setdefault(sentence.words, sentence)
        if first is not sentence:
            again.append(sentence.where or "")
            if _differ(first, sentence):
                conflicts.append(f"{first.where} and {sentence.where}")
    findings = []
    if again:
        findings.append(Finding("note", "duplicate", f"{len(again)} sentences occur before in this file", tuple(again)))
    if conflicts:
        message = f"{len(conflicts)} repeated sentences are labelled differently"
        findings.append(Finding("warning", "conflict", message, tuple(conflicts)))
    return findings


def _between(corpora: list[tuple[str, ReadReport, list[Sentence]]]) -> list[Finding]:
    """Sentences that two files share, and types that one has and the other lacks."""
    findings: list[Finding] = []
    indexed = [(path, report, {s.words: s for s in reversed(sentences)}) for path, report, sentences in corpora]
    for (path_a, report_a, a), (path_b, report_b, b) in combinations(indexed, 2):
        shared = [words for words in b if words in a]
        if shared:
            places = tuple(f"{a[w].where} and {b[w].where}" for w in shared[:_EXAMPLES])
            message = f"{len(shared)} sentences of {path_b} are in {path_a}, too"
            findings.append(Finding("warning", "overlap", message, places))
        conflicts = tuple(f"{a[w].where} and {b[w].where}" for w in shared if _differ(a[w], b[w]))
        if conflicts:
            message = f"{len(conflicts)} sentences that {path_a} and {path_b} share are labelled differently"
            findings.append(Finding("warning", "conflict", message, conflicts))
        types_a, types_b = set(report_a.types), set(report_b.types)
        if types_a and types_b and types_a != types_b:
            only = [f"only in {p}: {', '.join(sorted(t))}" for p, t in _only(path_a, types_a, path_b, types_b) if t]
            findings.append(Finding("warning", "types", f"the files have different types; {'; '.join(only)}"))
    return findings


def _only(path_a: str, a: set[str], path_b: str, b: set[str]) -> list[tuple[str, set[str]]]:
    return [(path_a, a - b), (path_b, b - a)]


def _differ(a: Sentence, b: Sentence) -> bool:
    if not (a.labelled and b.labelled) or a.missing or b.missing:
        return False
    return [s.key for s in a.spans] != [s.key for s in b.spans]


def _lengths(sentences: Sequence[Sentence]) -> dict[str, float]:
    lengths = sorted(map(len, sentences))
    last = len(lengths) - 1
    return {
        "min": lengths[0],
        "median": lengths[len(lengths) // 2],
        "mean": round(sum(lengths) / len(lengths), 2),
        "p95": lengths[round(0.95 * last)],
        "max": lengths[-1],
    }


def _suggest(types: Iterable[str]) -> dict[str, str]:
    """Renamings to PER, ORG, LOC and MISC for types with a known other name."""
    usual = {t: _SUGGEST[t.casefold()] for t in sorted(types) if t.casefold() in _SUGGEST}
    return {old: new for old, new in usual.items() if old != new}


def _shown(word: str) -> str:
    return ascii(word if len(word) <= 30 else word[:27] + "...")


def _plain(finding: Finding) -> dict[str, Any]:
    counted = Counter(finding.where)
    return {"level": finding.level, "kind": finding.kind, "message": finding.message, "where": list(counted)}
