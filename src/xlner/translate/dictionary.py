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
_WIKTIONARY, _NAME = " :: ", "prop"
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
        name: every sense of the head is a name, where a dictionary says so.
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
    def load(cls, paths: Sequence[str | Path], pair: tuple[str, str] | None = None) -> Dictionary:
        """Read dictionaries of one pair of languages.

        Each is `head<TAB>translation`, Wiktionary's `head {pos} /ipa/ (gloss) :: t1 {g}, t2`, or two words between
        spaces as MUSE has them. Lines that begin with "# " are comments.

        Args:
            paths: files; one whose name tells the pair the other way round (spa-eng.tsv) is read backwards.
            pair: the languages, ISO 639-3; None reads all files forwards.

        Raises:
            DataError: a file is no dictionary, or has no entry.
        """
        entries: dict[str, dict[str, int]] = defaultdict(dict)
        names: set[str] = set()
        others: set[str] = set()
        see: list[tuple[str, str]] = []
        skipped = 0
        for path in paths:
            back = pair is not None and pair_of(path) == pair[::-1]
            good = 0
            for head, pos, texts, other in _records(Input.of(path)):
                if not _usable(head):
                    skipped += 1
                elif other:
                    see.append((head, other))
                elif usable := [t for t in texts if _usable(t)]:
                    good += 1
                    for a, b in [(t, head) if back else (head, t) for t in usable]:
                        entries[a][b] = entries[a].get(b, 0) + 1
                        if pos:
                            (names if pos == _NAME else others).add(a)
                else:
                    skipped += 1
            if not good:
                raise DataError("holds no entry of a dictionary", path=str(path))
        for head, other in see:
            if head != other and other in entries:
                for t, votes in list(entries[other].items()):
                    entries[head].setdefault(t, votes)
        names -= others
        return cls({head: Entry(ts, head in names) for head, ts in entries.items()}, skipped)


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
            yield _plain(head), "", [_plain(text)], ""


def _wiktionary(line: str) -> tuple[str, str, list[str], str]:
    left, _, right = (line + " ").partition(_WIKTIONARY)
    match = _POS.match(left)
    head, pos = (match["head"], match["pos"]) if match else (left, "")
    see = None if right.strip() else _SEE.search(left)
    texts = [_plain(t) for t in _SEPARATORS.split(_NOTES.sub(" ", right))]
    return _plain(head), pos, texts, _plain(see["other"]) if see else ""


def _plain(text: str) -> str:
    """Without notes in brackets."""
    if any(mark in text for mark in "({[/"):
        text = _NOTES.sub(" ", text)
    return " ".join(text.split())


def _two_words(line: str, source: Input, number: int) -> tuple[str, str, str]:
    words = line.split()
    if len(words) != 2:
        raise DataError(
            "is no line of a dictionary; wanted is head<TAB>translation, 'head {pos} (gloss) :: t1, t2', or two words",
            path=source.name, line=number,
        )  # fmt: skip
    return words[0], "", words[1]


def _usable(text: str) -> bool:
    return bool(text) and text.count(" ") < _LONGEST and not _UNUSABLE.search(text)


def stems(word: str, language: str) -> Iterable[str]:
    """Forms that a dictionary may list instead of a word, the likelier ones first. Rules of spelling, no more."""
    if language == "eng" and word in _IRREGULAR:
        yield _IRREGULAR[word]
    for ending, others in _ENDINGS.get(language, _ENDINGS[""]):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            root = word[: len(word) - len(ending)]
            yield from (root + o for o in others)
            if language == "eng" and len(root) > _SHORTEST and root[-1] == root[-2] and ending in ("ed", "ing"):
                yield root[:-1]


_SHORTEST = 2
# English words whose forms no rule of spelling leads back to their heads, and that news are full of.
_IRREGULAR = {
    form: head
    for head, forms in {
        "be": "am is are was were been 'm 're", "have": "has had 've", "do": "does did done", "go": "went gone goes",
        "not": "n't", "will": "'ll wo", "can": "ca", "say": "said", "make": "made", "take": "took taken",
        "come": "came", "see": "saw seen", "know": "knew known", "get": "got gotten", "give": "gave given",
        "find": "found", "think": "thought", "tell": "told", "become": "became", "show": "shown", "leave": "left",
        "feel": "felt", "bring": "brought", "begin": "began begun", "keep": "kept", "hold": "held",
        "write": "wrote written", "stand": "stood", "hear": "heard", "mean": "meant", "meet": "met", "run": "ran",
        "pay": "paid", "sit": "sat", "speak": "spoke spoken", "lead": "led", "grow": "grew grown", "lose": "lost",
        "fall": "fell fallen", "send": "sent", "build": "built", "buy": "bought", "drive": "drove driven",
        "win": "won", "beat": "beaten", "sell": "sold", "rise": "rose risen", "draw": "drew drawn",
        "break": "broke broken", "choose": "chose chosen", "spend": "spent", "shoot": "shot", "fight": "fought",
        "teach": "taught", "catch": "caught", "die": "dying", "person": "people", "child": "children",
        "woman": "women", "foot": "feet", "good": "better best", "bad": "worse worst",
    }.items()
    for form in forms.split()
}  # fmt: skip
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
