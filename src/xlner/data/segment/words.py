"""Words of raw text, close to what annotated corpora hold: UAX #29 with the habits of NER data on top."""

from __future__ import annotations

import re
from functools import lru_cache

import regex

from xlner.core.languages import iso3
from xlner.data.segment import clitics, periods
from xlner.data.segment.complex_scripts import split_run

Offsets = list[tuple[int, int]]

# Scripts without spaces between words have rules of their own, so an ordinary word stops before them.
_NO_SPACES = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Line_Break=Complex_Context}\u30FC\uFF70"
_START = rf"[[\p{{L}}\p{{N}}_]--[{_NO_SPACES}]]"
_LETTER = rf"[[\p{{L}}\p{{M}}\p{{N}}_]--[{_NO_SPACES}]]"
# Invisible marks may stand inside a word (Persian and Indic joiners, soft hyphen, direction marks), not around it.
_INVISIBLE = r"\u00AD\u200C-\u200F\u2060-\u2064\uFEFF"
_APOSTROPHE = "'’‘＇"
_LINK = rf"""
    [{_INVISIBLE}]*+ (?: [\-‐‑·‧{_APOSTROPHE}\u05F3\u05F4]
                       | (?<=\p{{Hebrew}})"(?=\p{{Hebrew}}(?!\p{{Hebrew}}))
                       | (?<=\p{{L}}) (?: (?<!\p{{Ll}})\. | \.(?!\p{{Lu}}) ) (?=\p{{L}}) )
    | [{_INVISIBLE}]++
"""

# Everything is bounded or possessive: a line of 100 000 characters of one kind must not cost its square.
_PATTERN = rf"""
    (?P<han> (?:\p{{Han}}(?!\p{{M}}))++ )
  | (?P<variant> \p{{Han}}\p{{M}}++ )
  | (?P<url> (?:https?|ftp):// [[!-~]--[<>"]]{{1,2000}}+
           | www\. [A-Za-z0-9\-]{{1,63}}+ \. [[!-~]--[<>"]]{{1,2000}}+ )
  | (?P<mail> [A-Za-z0-9._%+\-]{{1,64}}+ @ [A-Za-z0-9\-]{{1,63}}+ (?:\.[A-Za-z0-9\-]{{1,63}}+){{1,8}}+ )
  | (?P<tag> [\#@] (?=[[\p{{L}}_]--[{_NO_SPACES}]]) {_LETTER}++ )
  | (?P<emoji> \p{{RI}}\p{{RI}}
           | [0-9\#*]\uFE0F?\u20E3
           | \p{{Extended_Pictographic}}[\uFE0F\p{{EMod}}\U000E0020-\U000E007F]*+
             (?:\u200D\p{{Extended_Pictographic}}[\uFE0F\p{{EMod}}]*+)*+ )
  | (?P<clitic> (?<!{_LETTER}) ['’] (?:s|m|d|re|ve|ll) (?![{_APOSTROPHE}]|{_LETTER}) )
  | (?P<currency> (?<!{_LETTER}) \p{{Lu}}{{1,3}}\$ )
  | (?P<face> (?<!\S) [:;=8][\-o^']?[)(\]\[DPp/\\|3*] (?!\S) )
  | (?P<number> \p{{Nd}}++ (?:[.,:/’'٫٬\-]\p{{Nd}}++)++ )
  | (?P<acronym> (?: [\p{{L}}--[{_NO_SPACES}]]\p{{M}}*+\. ){{2,}}+ )
  | (?P<complex> \p{{Line_Break=Complex_Context}} [\p{{Line_Break=Complex_Context}}\p{{M}}\u200C\u200D]*+ )
  | (?P<kana> [\p{{Katakana}}\u30FC\uFF70\uFF9E\uFF9F]\p{{M}}*+ (?:[\p{{Katakana}}\u30FC\uFF70\uFF9E\uFF9F]\p{{M}}*+)*+
           | \p{{Hiragana}}\p{{M}}*+ (?:[\p{{Hiragana}}\u30FC]\p{{M}}*+)*+ )
  | (?P<word> LEADING {_START} {_LETTER}*+ (?: (?:{_LINK}) {_LETTER}++ | [\u200C\u200D]++ )*+ )
  | (?P<marks> (?P<mark> [.!?…\-–—=*~+·•`'’] )(?P=mark)*+ )
  | (?P<other> [^\s\p{{Cc}}\p{{Cf}}\p{{Default_Ignorable_Code_Point}}] [\p{{M}}\u200D]*+ )
"""

_CHUNK = re.compile(r"\S+")
_FIRST_WITHOUT_SPACES = "\u0e00"  # Thai; every script below it puts spaces between words
_CACHED_LENGTH = 40
_URL_TAIL = ".,;:!?'*)]}"
_LEADING_APOSTROPHE = {"hau", "nld", "afr"}  # 'yan, 't, 'n


def split_words(text: str, language: str | None = None) -> Offsets:
    """Words as code-point ranges of the text, in order; between them lies nothing that can be seen.

    Punctuation is split off; numbers with separators, abbreviations, URLs, e-mail addresses, hashtags and emoji
    sequences stay whole. A hyphen joins. English clitics are split as CoNLL has them ("do", "n't"; "Kofi", "'s"),
    Romance elisions after the apostrophe ("l'", "homme"), and in all other languages an apostrophe between letters is
    a letter ("ng'ombe", "Ankara'da").

    Han is one word per character: Chinese NER data is annotated so, no boundary of an entity can then fall inside a
    word, and there is no dictionary to agree on. Kana are runs, Korean is by spaces. For Thai, Lao, Khmer and Myanmar
    see `xlner.data.segment.complex_scripts`.

    Args:
        text: any text.
        language: BCP-47 or ISO 639 code; None when unknown, which then splits only a final 's.
    """
    code = None if language is None else iso3(language)
    words: Offsets = []
    chunks = [match.span() for match in _CHUNK.finditer(text)]
    for i, (start, end) in enumerate(chunks):
        following = text[chunks[i + 1][0]] if i + 1 < len(chunks) else ""
        chunk = text[start:end]
        if chunk.isalpha() and (chunk.isascii() or max(chunk) < _FIRST_WITHOUT_SPACES):
            words.append((start, end))
        elif len(chunk) <= _CACHED_LENGTH:
            words += [(start + a, start + b) for a, b in _split_cached(chunk, following, code)]
        else:
            words += [(start + a, start + b) for a, b in _split_chunk(chunk, following, code)]
    return words


def _split_chunk(chunk: str, following: str, code: str | None) -> Offsets:
    """Words of a stretch without white space; `following` is the first character of the next stretch."""
    search = _compiled(code in _LEADING_APOSTROPHE).search
    text = f"{chunk} {following}"
    words: Offsets = []
    position = 0
    while match := search(text, position, len(chunk)):
        start, position = match.span()
        kind = match.lastgroup
        if kind == "han":
            words += [(i, i + 1) for i in range(start, position)]
        elif kind == "word":
            position = periods.end_with_period(text, start, position, code)
            words += clitics.split(text, start, position, code)
        elif kind == "complex":
            for length in split_run(match.group(), code):
                words.append((start, start + length))
                start += length
        else:
            if kind == "url":
                position = start + len(match.group().rstrip(_URL_TAIL))
            elif kind == "number":
                position = periods.end_with_period(text, start, position, code)
            words.append((start, position))
    return words


_split_cached = lru_cache(maxsize=1 << 16)(_split_chunk)  # words repeat; this is most of the speed


@lru_cache(maxsize=2)
def _compiled(leading: bool) -> regex.Pattern[str]:
    apostrophe = rf"(?:(?<!{_LETTER})[{_APOSTROPHE}](?=\p{{L}}))?+" if leading else ""
    return regex.compile(_PATTERN.replace("LEADING", apostrophe), regex.VERBOSE | regex.VERSION1)
