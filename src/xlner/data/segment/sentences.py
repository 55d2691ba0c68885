"""Sentences of raw text: terminators of every script, and the periods that end nothing."""

from __future__ import annotations

import regex

from xlner.core.languages import iso3
from xlner.data.segment import abbreviations
from xlner.data.segment.periods import is_ordinal

# Terminator, closing quotes and brackets after it, and the gap. `plain` ones need a gap: they also stand in decimals,
# file names and "Yahoo!"; the others end a sentence wherever they stand.
_END = regex.compile(
    r"""
      (?P<line> [\r\n\u2028\u2029]+ )
    | (?P<own> (?: [[\p{Sentence_Terminal}\u17D4\u17D5\u0F0D-\u0F11]--[.!?\uFF0E\uFE52]]
                 | [\uFF0E\uFE52](?<!\p{Lu}.)(?!\p{Nd}) )
             [\p{Sentence_Terminal}]*+ (?P<own_close> ["'”’»)\]\p{Pe}\p{Pf}]*+ ) \s*+ )
    | (?P<plain> [.!?…]++ (?P<close> ["'”’»“\)\]\p{Pe}\p{Pf}]*+ ) (?P<gap> \s++ | \Z | (?=\p{Han}) ) )
    | (?P<wide> (?<=[\p{Thai}\p{Lao}])\ {2,}+ | (?<=[\p{Thai}\p{Lao}])\ (?=[\p{Thai}\p{Lao}]) )
    """,
    regex.VERBOSE | regex.VERSION1,
)
_BREAK = regex.compile(r"[\r\n\u2028\u2029]")
_LAST_WORD = regex.compile(r"[\p{L}\p{M}\p{N}.’']+\Z")
_OPENING = "\"'“‘«¿¡([{„‹"
_GOES_ON = "，、,;:；："
# Thai and Lao put a space where others put a comma or nothing, and one inside full names; only a long stretch is cut.
_LONG_STRETCH = 200


def split_sentences(text: str, language: str | None = None) -> list[tuple[int, int]]:
    """Sentences as code-point ranges of the text, in order, without the white space around them.

    A line break always ends a sentence. A period does not after titles, initials, abbreviations and ordinals, nor
    before a small letter. Thai and Lao have no terminators: there wide gaps end a sentence, and single spaces only
    after 200 characters, since a space also stands inside people's names.

    Args:
        text: any text.
        language: BCP-47 or ISO 639 code; None when unknown.
    """
    code = None if language is None else iso3(language)
    sentences: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        if _ends(text, start, match, code):
            _add(text, start, match.end(), sentences)
            start = match.end()
    _add(text, start, len(text), sentences)
    return sentences


def _add(text: str, start: int, end: int, sentences: list[tuple[int, int]]) -> None:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if start < end:
        sentences.append((start, end))


def _ends(text: str, start: int, match: regex.Match[str], language: str | None) -> bool:
    if _BREAK.search(match.group()):
        return True
    if match.lastgroup == "wide":
        return len(match.group()) > 1 or match.start() - start >= _LONG_STRETCH
    following = text[match.end() : match.end() + 1]
    if following in _GOES_ON and following:
        return False
    if match.lastgroup == "own":
        return True
    return _plain_ends(text, start, match, language)


def _plain_ends(text: str, start: int, match: regex.Match[str], language: str | None) -> bool:
    """Whether a full stop, question or exclamation mark or ellipsis before a gap ends the sentence."""
    rest = text[match.end() : match.end() + 40].lstrip(_OPENING)
    if not rest:
        return True
    if rest[0].islower():
        return False
    if not match.group().startswith(".") or match.group().startswith("..") or match.group("close"):
        return True
    last = _LAST_WORD.search(text, max(start, match.start() - 30), match.start())
    word = last.group() if last else ""
    if word.isdecimal():
        # "3. Oktober", and a numbered line "1. Amina": no sentence is only a number.
        return not is_ordinal(word, " " + rest, language) and match.start() - len(word) > start
    if len(word) == 1 and word.isupper():
        return False
    lower = word.casefold()
    if lower in abbreviations.titles(language):
        return False
    if lower in abbreviations.numbered(language):
        return not rest[0].isdecimal()
    return not ("." in word and all(len(part) <= 3 for part in word.split(".")) and not word[-1:].isdecimal())
