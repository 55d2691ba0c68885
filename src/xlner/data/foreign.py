"""Files that hold annotations but that nobody here can read: to tag them as text would be wrong in silence."""

from __future__ import annotations

import csv
import re
from collections import Counter

from xlner.data.column_kinds import are_tags
from xlner.data.formats.head import Head
from xlner.data.layout import TAG_NAMES, WORD_NAMES
from xlner.data.tagged import looks_like_tag

_BRAT = re.compile(r"(?:[TREAMN]\d+|\*|#\d*)\t")
_BRAT_ENTITY = re.compile(r"T\d+\t\S+ \d+ \d+(?:;\d+ \d+)*(?:\t|$)")
_PUBTATOR = re.compile(r"\w+\|t\|")
_MARKUP = re.compile(r"\s*(?:<\?xml|<!DOCTYPE|<html\b)", re.IGNORECASE)
_PYTHON = re.compile(r"""\s*(?:\w+\s*=\s*)?\[\s*\(\s*[rf]?["'][^\0]{0,20000}?\{\s*["']entities["']\s*:""")
_WEBANNO = "#FORMAT=WebAnno TSV"
_WORD_WITH_TAG = re.compile(r"\[?\S+[/_][A-Za-z][A-Za-z0-9$-]{0,11}(?:\][A-Za-z]{1,5})?|\S+[/_][^\w\s]{1,3}")
_WORD_BESIDE_TAG = re.compile(r"\S+[/|_,;](?:O|[BIESLUMW]-\S+)")
# Marks that no running text has by chance, so one line is enough; those that may be links must be on most lines.
_INLINE = re.compile(
    r"<([A-Z]{3,12}|person|location|organi[sz]ation|misc|entity)>[^<>]+</\1>|<START:\S+> .*? <END>"
    r"|<(?:ENAMEX|NUMEX|TIMEX|EM) [A-Z]+=[^<>]*>|\[(?:PER|PERSON|LOC|ORG|MISC) [^\[\]]+\]"
    r"|\[[^\[\]]+\](?:\{[A-Za-z_]{2,20}\}|\((?:PER|PERS|PERSON|LOC|ORG|MISC|GPE|DATE)\))"
)
_LINKED = re.compile(r"\[[^\[\]]+\](?:\{[^{}]+\}|\([A-Za-z_]{2,20}\))")
_ELEMENT = re.compile(r"</?[A-Za-z]\w*(?: [^<>]*)?>")
_TUPLE = re.compile(r"""\[?\(\s*["'].+["']\s*,\s*["'](?:O|[BIESLUMW]-\S+)["']\s*\)""")
_LINES = 200


def marked(head: Head) -> str | None:
    """What a file is whose first line names a form that cannot be read, though its lines look like columns."""
    if head.text.startswith(_WEBANNO):
        return "this is WebAnno TSV, as INCEpTION exports it, which is not read; export it as CoNLL 2002"
    if _sentences_beside_tags([line for line in head.lines[:_LINES] if line.strip()]):
        return (
            "each line holds a sentence and its tags; write a word and its tag per line, separated by TAB, and a blank "
            "line after each sentence"
        )
    if _is_brat(head):
        return "annotations of brat, without their text; convert text and annotations to JSON lines or CoNLL first"
    if _text_in_a_table([line for line in head.lines[:_LINES] if line.strip()]):
        return (
            "the lines are a table with sentences in it, and its other columns would be taken for words; write the "
            "sentences alone, one per line"
        )
    return None


def foreign(head: Head) -> str | None:
    """What a file is that looks like annotations in a form that cannot be read, and how to mend it; None for text."""
    if what := marked(head):
        return what
    lines = [line for line in head.lines[:_LINES] if line.strip()]
    if not lines:
        return None
    if _PUBTATOR.match(lines[0]):
        return "this looks like PubTator, which is not read; convert it to JSON lines or CoNLL first"
    if _MARKUP.match(head.text) or (head.suffix in (".xml", ".html", ".htm") and head.text.lstrip().startswith("<")):
        return "this looks like XML or HTML, whose markup would be taken for words; convert it to text or CoNLL first"
    if len(lines) > 1 and _ELEMENT.fullmatch(lines[0].strip()):
        return "the first line is markup, which would be taken for words; take the markup off, or convert it first"
    if 2 * sum(map(bool, map(_TUPLE.match, lines))) > len(lines):
        return "words and tags stand in tuples, which would be taken for words; write a word and its tag per line"
    if _PYTHON.match(head.text):
        return "this is Python code and no JSON; write it with json.dump, one record per line"
    if _tags_first(lines):
        return "each line begins with a tag; write the word first, or name the format and both columns"
    if any(map(_INLINE.search, lines)) or 2 * sum(map(bool, map(_LINKED.search, lines))) > len(lines):
        return (
            "names stand between marks of their type (<PER>Zuri</PER>, [Zuri]{PER}, [Zuri](PER)), which would be taken "
            "for words; convert it to CoNLL or JSON lines first"
        )
    if _words_with_tags(lines):
        return (
            "the words carry tags (word/nr), which would be taken for words; take the tags off, or write a word and "
            "its tag per line, separated by TAB"
        )
    if _columns(head.lines[:_LINES]):
        return (
            "the lines are columns without tags, all of which would be taken for words; `format` conll reads one of "
            "them, `token_column` says which"
        )
    return _table(lines, head.suffix)


def _is_brat(head: Head) -> bool:
    lines = [line for line in head.lines[:_LINES] if line.strip()]
    return any(map(_BRAT_ENTITY.match, lines)) and all(map(_BRAT.match, lines))


def _sentences_beside_tags(lines: list[str]) -> bool:
    """Lines such as "Zuri met Li<TAB>B-PER O B-PER"."""
    sides = [line.split("\t") for line in lines]
    if not sides or any(len(side) != 2 for side in sides):
        return False
    words_and_tags = [(words.split(), tags.split()) for words, tags in sides]
    return any(len(tags) > 1 for _, tags in words_and_tags) and all(
        len(words) == len(tags) and all(map(looks_like_tag, tags)) for words, tags in words_and_tags
    )


def _text_in_a_table(lines: list[str]) -> bool:
    """Lines such as "17<TAB>en<TAB>Zuri met Li in Oyo.", without tags: a column holds sentences beside others."""
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    width = len(rows[0]) if rows else 0
    if width < 2 or any(len(row) != width for row in rows):
        return False
    columns = list(zip(*rows, strict=True))
    tags = any(2 * sum(map(looks_like_tag, column)) >= len(rows) for column in columns)
    return not tags and any(2 * sum(len(cell.split()) > 2 for cell in column) > len(rows) for column in columns)


def _tags_first(lines: list[str]) -> bool:
    """Lines such as "B-PER Zuri"."""
    rows = [line.split() for line in lines]
    return are_tags({row[0] for row in rows}) and all(len(row) > 1 for row in rows)


def _words_with_tags(lines: list[str]) -> bool:
    """Lines such as "Zuri/nr met/v Li/nr", as corpora of segmented Chinese have them, or "Zuri|B-PER met|O"."""
    tokens = [token for line in lines for token in line.split() if token not in (";", ",", "|")]
    if not tokens:
        return False
    with_tag, beside = (
        20 * sum(form.fullmatch(token) is not None for token in tokens) >= 19 * len(tokens)
        for form in (_WORD_WITH_TAG, _WORD_BESIDE_TAG)
    )
    return beside or (with_tag and len(tokens) >= 2 * len(lines))


def _columns(lines: list[str]) -> bool:
    """Lines of equally many cells without spaces, in sentences that blank lines divide: "Zuri NNP Zuri"."""
    rows = [line for line in lines if line.strip() and not line.startswith("#")]
    blank = [number for number, line in enumerate(lines) if not line.strip()]
    tab = all("\t" in line for line in rows)
    cells = [line.split("\t") if tab else line.split() for line in rows]
    if len(rows) < (4 if tab else 6) or len({len(row) for row in cells}) > 1 or not 2 <= len(cells[0]) <= 14:
        return False
    single = all(len(cell.split()) <= 1 for row in cells for cell in row)
    return single and (tab or (bool(blank) and 2 * len(blank) < len(rows)))


def _table(lines: list[str], suffix: str) -> str | None:
    """A table with commas: its header names words and tags, or its name and its regular rows say so."""
    for comma in ",;\t":
        try:
            rows = list(csv.reader(lines, delimiter=comma))
        except csv.Error:
            continue
        header = {name.strip().casefold() for name in rows[0]}
        width, regular = Counter(map(len, rows)).most_common(1)[0]
        named = len(header) > 1 and bool(header & WORD_NAMES) and bool(header & TAG_NAMES)
        if named or (suffix == ".csv" and len(rows) > 1 and width > 1 and 10 * regular >= 9 * len(rows)):
            return (
                "this looks like a CSV table, which is not read; write a word and its tag per line, separated by TAB, "
                "and a blank line after each sentence"
            )
    return None
