"""How the words of raw text are counted beside links that another program made.

Programs that align split lines at blanks and TABs, or at all white space, such as a no-break space. A line with one has
more words in the second way, and every link behind it another word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from xlner.align.files import LinkFile
from xlner.align.windows import WordPair
from xlner.errors import DataError, OptionError

WordsSplit = Literal["auto", "space", "unicode"]
SPLITS = ("space", "unicode")
_BLANKS = re.compile(r"[ \t]+")


def words_at(split: str, line: str) -> tuple[str, ...]:
    """The words of a line: between blanks and TABs ("space"), or between white space of any kind ("unicode")."""
    return tuple(filter(None, _BLANKS.split(line))) if split == "space" else tuple(line.split())


def check_words_split(words_split: str) -> None:
    """Refuse what is no way to split.

    Raises:
        OptionError: it is none.
    """
    if words_split not in ("auto", *SPLITS):
        raise OptionError("words_split", f"must be one of auto, space, unicode, got '{words_split}'")


def find_split(
    spaced: Sequence[WordPair], by_unicode: Sequence[WordPair], files: Sequence[LinkFile]
) -> Literal["space", "unicode"] | None:
    """The way to count words in which links were made.

    Where both ways give a side another number of words, links to words that are not there tell against a way. If both
    ways fit all lines, the one is taken whose last word is linked on more than half of these sides.

    Args:
        spaced: words of all pairs, split at blanks.
        by_unicode: split at all white space.
        files: links of these pairs; one with another number of lines says nothing.

    Returns:
        The way; None where no link tells.

    Raises:
        DataError: links fit neither way, or both and it matters.
    """
    differing = [k for k, (a, b) in enumerate(zip(spaced, by_unicode, strict=True)) if a != b]
    against: dict[str, tuple[str, int]] = {}
    last_linked: Counter[str] = Counter()
    sides, first = 0, ("", 0)
    for file in files if differing else ():
        alignments = file.read()
        for k in differing if len(alignments) == len(spaced) else ():
            highest = alignments[k].pairs.max(0, initial=-1).tolist()
            for side, last in enumerate(highest):
                counts = {"space": len(spaced[k][side]), "unicode": len(by_unicode[k][side])}
                if last < 0 or counts["space"] == counts["unicode"]:
                    continue
                sides, first = sides + 1, first if sides else (file.path, k + 1)
                for split, count in counts.items():
                    last_linked[split] += last == count - 1
                    if last >= count:
                        against.setdefault(split, (file.path, k + 1))
    if len(against) == 2:
        path, number = max(against.values(), key=lambda place: place[1])
        raise DataError(
            "links words that are not there, whether words are counted at blanks or at all white space; is this the "
            "text that was aligned?",
            path=path,
            line=number,
        )
    likely = [split for split in SPLITS if split not in against and (against or 2 * last_linked[split] > sides)]
    if sides and not likely:
        raise DataError(
            "links fit the text whether its words are counted at blanks or at all white space (it has no-break spaces "
            "or the like); say which with `words_split space` or `words_split unicode`",
            path=first[0],
            line=first[1],
        )
    if not sides:
        return None
    return "space" if likely == ["space"] else "unicode"
