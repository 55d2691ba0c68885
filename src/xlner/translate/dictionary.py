"""Dictionaries in three formats, as heads and their translations."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xlner.core.languages import iso3
from xlner.data.source import Input
from xlner.errors import DataError, UsageError

_LONGEST = 6  # words of a head or a translation; longer ones are examples and explanations
_WIKTIONARY = " :: "
_POS = re.compile(r"^(?P<head>[^{]*?)\s*\{(?P<pos>[^}]*)\}")
_SEE = re.compile(r"\bSEE: (?P<other>.*)$")
_NOTES = re.compile(r"\{[^}]*\}|\[[^\]]*\]|\([^)]*\)|(?:(?<=\s)|^)/[^/]*/")
_SEPARATORS = re.compile(r"[,;，；、]")
_PAIR_IN_NAME = re.compile(r"^([a-z]{2,3})[-_]([a-z]{2,3})(?:\.|$)")
_UNUSABLE = re.compile(r"[0-9!?…„“”\"=<>/*~#]|\.\.|^-|-$")


@dataclass(frozen=True)
class Entry:
    """Translations of a head.

    Args:
        translations: translation -> how many senses and dictionaries name it; the order is that of the files.
        name: the head is a name in some dictionary.
    """

    translations: Mapping[str, int]
    name: bool = False


class Dictionary:
    """Heads and their translations, from one file or more.

    Args:
        entries: head, as words joined by single spaces -> entry.
        skipped: lines of the files that say nothing of use, such as whole sentences.
    """

    def __init__(self, entries: Mapping[str, Entry], skipped: int = 0) -> None:
        self.entries, self.skipped = entries, skipped
        self.longest = max((head.count(" ") + 1 for head in entries), default=1)

    @classmethod
    def load(cls, paths: Sequence[str | Path]) -> Dictionary:
        """Read dictionaries of one pair of languages.

        Each is `head<TAB>translation`, Wiktionary's `head {pos} /ipa/ (gloss) :: t1 {g}, t2`, or two words between
        spaces as MUSE has them. Lines that begin with "# " are comments.

        Raises:
            DataError: a file is no dictionary, or has no entry.
        """
        found: dict[str, dict[str, int]] = defaultdict(dict)
        names: set[str] = set()
        see: list[tuple[str, str]] = []
        skipped = 0
        for path in paths:
            before = len(found)
            for head, pos, texts, other in _records(Input.of(path)):
                if other:
                    see.append((head, other))
                    continue
                good = [t for t in texts if _usable(t)]
                skipped += not good or not _usable(head)
                if not _usable(head):
                    continue
                for t in good:
                    found[head][t] = found[head].get(t, 0) + 1
                if pos == "prop" and good:
                    names.add(head)
            if len(found) == before and not found:
                raise DataError("holds no entry of a dictionary", path=str(path))
        for head, other in see:
            for t, votes in found.get(other, {}).items() if head != other and _usable(head) else ():
                found[head].setdefault(t, votes)
        return cls({h: Entry(ts, h in names) for h, ts in found.items() if ts}, skipped)


def pair_of(path: str | Path) -> tuple[str, str] | None:
    """The languages that a file's name tells, such as en-es.txt; ISO 639-3."""
    match = _PAIR_IN_NAME.match(Path(path).name)
    try:
        return (iso3(match[1]), iso3(match[2])) if match else None
    except UsageError:
        return None


def _records(source: Input) -> Iterator[tuple[str, str, list[str], str]]:
    """Head, part of speech, translations, and the head that it points to instead."""
    for number, raw in source.lines():
        line = raw.strip("\n ")
        if not line.strip() or line.startswith("# "):
            continue
        if _WIKTIONARY in line + " ":
            yield _wiktionary(line)
        else:
            head, _, text = line.partition("\t") if "\t" in line else _two_words(line, source, number)
            head = re.sub(r"\s*\([^)]*\)", "", head)
            yield " ".join(head.split()), "", [" ".join(_NOTES.sub(" ", text).split())], ""


def _wiktionary(line: str) -> tuple[str, str, list[str], str]:
    left, _, right = (line + " ").partition(_WIKTIONARY)
    match = _POS.match(left)
    head, pos = (match["head"], match["pos"]) if match else (_NOTES.sub(" ", left), "")
    see = _SEE.search(left)
    texts = [" ".join(t.split()) for t in _SEPARATORS.split(_NOTES.sub(" ", right))]
    return " ".join(head.split()), pos, texts, " ".join(see["other"].split()) if see and not right.strip() else ""


def _two_words(line: str, source: Input, number: int) -> tuple[str, str, str]:
    words = line.split()
    if len(words) != 2:
        raise DataError(
            "is no line of a dictionary; wanted is head<TAB>translation, 'head {pos} (gloss) :: t1, t2', or two words",
            path=source.name, line=number,
        )  # fmt: skip
    return words[0], " ", words[1]


def _usable(text: str) -> bool:
    return 0 < len(text.split()) <= _LONGEST and not _UNUSABLE.search(text)


def stems(word: str, language: str) -> Iterable[str]:
    """Forms that a dictionary may list instead of a word, the likelier ones first. Rules of spelling, no more."""
    for ending, others in _ENDINGS.get(language, _ENDINGS[""]):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            root = word[: len(word) - len(ending)]
            yield from (root + o for o in others)
            if language == "eng" and len(root) > _SHORTEST and root[-1] == root[-2] and ending in ("ed", "ing"):
                yield root[:-1]


_SHORTEST = 2
# Ending -> what may stand there in a dictionary.
_ENDINGS: dict[str, list[tuple[str, tuple[str, ...]]]] = {
    "eng": [
        ("'s", ("",)), ("ies", ("y", "ie")), ("ves", ("f", "fe")), ("es", ("e", "")), ("s", ("",)), ("ied", ("y",)),
        ("ed", ("e", "")), ("ying", ("ie", "y")), ("ing", ("", "e")), ("iest", ("y",)), ("est", ("", "e")),
        ("ier", ("y",)), ("er", ("", "e")), ("ily", ("y",)), ("ly", ("", "le")), ("men", ("man",)),
    ],
    "spa": [("es", ("", "e")), ("s", ("",)), ("as", ("o",)), ("a", ("o",))],
    "por": [("ões", ("ão",)), ("ais", ("al",)), ("es", ("", "e")), ("s", ("",)), ("as", ("o",)), ("a", ("o",))],
    "deu": [("en", ("", "e")), ("ern", ("er", "")), ("es", ("", "e")), ("er", ("",)), ("em", ("",)), ("e", ("",)),
            ("n", ("",)), ("s", ("",))],
    "nld": [("en", ("", "e")), ("s", ("",)), ("e", ("",))],
    "fra": [("aux", ("al", "au")), ("es", ("", "e")), ("s", ("",)), ("e", ("",))],
    "": [("s", ("",))],
}  # fmt: skip
