"""Tag schemes: find out which one a file uses, read any of them into spans, write IOB2."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Literal

from xlner.core.types import Sentence, Span
from xlner.errors import DataError

Scheme = Literal["IO", "IOB1", "IOB2", "BIOES", "BILOU"]
Repair = Literal["conll", "error", "discard"]

LETTERS = frozenset("BIESLUMW")
UNKNOWN = "_"  # the tag of a word whose label nobody knows
ENTITY = "ENTITY"  # the type of entities whose tags are letters alone

# Every scheme's letters, rewritten as B I E S: what begins, continues, ends or is a whole entity.
_CANONICAL = {"L": "E", "U": "S", "M": "I", "W": "S"}


@lru_cache(maxsize=1 << 12)
def split_tag(tag: str) -> tuple[str, str]:
    """`"B-PER"` as `("B", "PER")`, `"O"` as `("O", "")`.

    Raises:
        ValueError: the tag is neither O nor a prefix, a hyphen and a type.
    """
    if tag == "O":
        return "O", ""
    prefix, sep, label = tag.partition("-")
    if not sep or not label or prefix not in LETTERS:
        raise ValueError(f"'{tag}' is no tag; a tag is O or one of B I E S L U M W, a hyphen and a type, as in B-PER")
    return prefix, label


@dataclass(frozen=True)
class TagForm:
    """How the tags of one file are spelt.

    Args:
        kind: where the letter stands: "prefix" as in B-PER, "suffix" as in PER-B, "letter" as in B alone, or "type" for
            types without any letter, as in PER.
        separator: between letter and type.
        lower: letters and O are in lower case.
    """

    kind: Literal["prefix", "suffix", "letter", "type"] = "prefix"
    separator: str = "-"
    lower: bool = False

    def standard(self, tag: str) -> str:
        """The tag as O, `_` or a letter, a hyphen and a type.

        Raises:
            ValueError: the tag is not of this form.
        """
        if tag in ("O", UNKNOWN):
            return tag
        if self.lower and tag == "o":
            return "O"
        if self.kind == "type":
            if tag and tag.isprintable() and not tag.isspace():
                return f"I-{tag}"
            raise ValueError(f"'{tag}' is no entity type")
        label, letter = ENTITY, tag
        if self.kind == "prefix":
            letter, _, label = tag.partition(self.separator)
        elif self.kind == "suffix":
            label, _, letter = tag.rpartition(self.separator)
        letter = letter.upper() if self.lower else letter
        if letter in LETTERS and label:
            return f"{letter}-{label}"
        split_tag(tag if self.kind != "prefix" or self.separator == "-" else "")  # raises, for most tags
        raise ValueError(f"'{tag}' is no tag; the others of this file {self.describe()}")

    def fits(self, tag: str) -> bool:
        try:
            self.standard(tag)
        except ValueError:
            return False
        return True

    def describe(self) -> str:
        """The form in words, to follow "the tags"."""
        example = {
            "prefix": f"look like B{self.separator}PER",
            "suffix": f"end with their letter, like PER{self.separator}B",
            "letter": f"are letters without a type; the entities get the type {ENTITY}",
            "type": "are bare types, read as IO: neighbouring words of one type are one entity",
        }[self.kind]
        return example + (", in lower case" if self.lower else "")


STANDARD = TagForm()
_FORMS = tuple(
    [TagForm(k, separator, lower) for lower in (False, True) for k in ("prefix", "suffix") for separator in "-_:./+"]
    + [TagForm("letter", lower=lower) for lower in (False, True)]
)
_TYPE = re.compile(r"[^\W\d][\w./&+-]*")
_MOST_TYPES = 200


# A prefix without a separator, or a whole word: as types of their own, B- and I- of one entity would be two entities.
_GLUED = re.compile(
    r"[BIESLUMW][-_:.]|[BIESLUMW]\s.+|[BI](?:PER|PERS|PERSON|LOC|LOCATION|ORG|ORGANIZATION|MISC|GPE|DATE)|(?:BEGIN|START|INSIDE|IN|END|LAST)[-_:./].+",
    re.IGNORECASE,
)
# Several tags of one word, as programs for nested entities write them: "B-PER|B-ORG".
SEVERAL = re.compile(r"[BIESLUMW]-[^|+/,;]+(?:[|+/,;](?:O|[BIESLUMW]-[^|+/,;]+))+")


def find_form(counts: Mapping[str, int], *, bare: bool | None = None) -> TagForm:
    """How the tags of a file are spelt, by the majority of those that are not O.

    Args:
        counts: how often each tag occurs.
        bare: whether tags may be bare types; None lets what else is there decide: they may if O is among them, and if
            they are few and look like names.

    Returns:
        The form; the standard one when none fits.
    """
    lower = "O" not in counts and "o" in counts
    entities = {tag: n for tag, n in counts.items() if tag not in ("O", UNKNOWN) and not (lower and tag == "o")}
    if not entities:
        return TagForm(lower=True) if lower else STANDARD
    total = sum(entities.values())
    for form in _FORMS:
        if 2 * sum(n for tag, n in entities.items() if form.fits(tag)) >= total:
            return form
    if bare is None:
        n_outside = counts.get("o" if lower else "O", 0)
        names = all(_TYPE.fullmatch(tag) and not STANDARD.fits(tag) for tag in entities)
        bare = names and len(entities) <= _MOST_TYPES and 10 * n_outside >= total + n_outside
    return TagForm("type", lower=lower) if bare and not all(map(_GLUED.fullmatch, entities)) else STANDARD


def detect_scheme(sequences: Iterable[Sequence[str]]) -> Scheme:
    """The scheme of a whole file, from the tags that occur and what stands before each I- and B-.

    Where at least half of the entities end with E or S it is BIOES, with L or U BILOU. Otherwise an entity that opens
    with I- speaks for IOB1 (where B- only separates neighbours of one type) and a B- after anything else speaks for
    IOB2. So a few broken lines do not turn the finding. I alone is IO.
    """
    pairs: Counter[tuple[str, str]] = Counter()  # of a tag and the one before it
    for tags in sequences:
        pairs.update(zip(chain(("O",), tags), chain(tags, ("O",)), strict=True))
    letters: Counter[str] = Counter()
    opens_with_i = needless_b = ends = marked = 0
    for (before, tag), times in pairs.items():
        prefix, label = split_tag(tag)
        letters[prefix] += times
        last, kind = split_tag(before)
        if last != "O" and (kind != label or prefix in "BSUW"):
            ends += times
            marked += times * (last in "ESLUW")
        if kind != label:
            opens_with_i += times * (prefix == "I")
            needless_b += times * (prefix == "B")
    if marked and 2 * marked >= ends:
        return "BILOU" if letters["L"] + letters["U"] > letters["E"] + letters["S"] + letters["W"] else "BIOES"
    if letters["B"] == 0:
        return "IO" if letters["I"] else "IOB2"
    return "IOB1" if opens_with_i > needless_b else "IOB2"


def read_tags(
    tags: Sequence[str], scheme: Scheme = "IOB2", *, repair: Repair = "conll"
) -> tuple[tuple[Span, ...], int]:
    """Spans of one tagged sentence, and how many broken places it had.

    A change of type always ends an entity. Broken is: in IOB2 an entity that opens with I-; in BIOES and BILOU also an
    entity that does not end with E-/L-, or S-/U- inside another. IO and IOB1 have no broken sequences.

    Args:
        tags: one tag per word.
        scheme: how to read them, from `detect_scheme` over the whole file.
        repair: "conll" keeps a broken entity with the words it has, as conlleval does; "discard" drops it;
            "error" raises.

    Returns:
        The spans in order, and the number of broken entities.

    Raises:
        DataError: repair is "error" and an entity is broken.
        ValueError: a tag cannot be read at all.
    """
    if tags.count("O") == len(tags):
        return (), 0
    spans: list[Span] = []
    broken_count = 0
    start, label, broken = -1, "", False

    def close(end: int, *, is_broken: bool) -> None:
        nonlocal start, broken_count
        if start < 0:
            return
        if is_broken:
            broken_count += 1
            if repair == "error":
                raise DataError(f"words {start} to {end - 1} break the {scheme} scheme: {' '.join(tags[start:end])}")
        if not (is_broken and repair == "discard"):
            spans.append(Span(start, end, label))
        start = -1

    ends = scheme in ("BIOES", "BILOU")  # schemes that mark the last word
    for i, tag in enumerate(tags):
        if tag == "O" and start < 0:
            continue
        prefix, this = split_tag(tag)
        prefix = _CANONICAL.get(prefix, prefix)
        continues = start >= 0 and this == label and prefix in ("I", "E")
        if not continues:
            close(i, is_broken=broken or ends)
            if prefix == "O":
                continue
            start, label = i, this
            broken = prefix in ("I", "E") and scheme not in ("IO", "IOB1")
        if prefix in ("E", "S"):
            close(i + 1, is_broken=broken)
    close(len(tags), is_broken=broken or ends)
    return tuple(spans), broken_count


def iob2(sentence: Sentence) -> list[str]:
    """The sentence's spans as IOB2 tags, one per word. Words with unknown labels read O: mask them first."""
    tags = ["O"] * len(sentence)
    for span in sentence.spans:
        tags[span.start : span.end] = [f"B-{span.label}"] + [f"I-{span.label}"] * (span.end - span.start - 1)
    return tags


def known_tags(sentence: Sentence) -> list[str]:
    """The same, with `_` for words whose label is unknown: missing is not O."""
    tags = iob2(sentence) if sentence.labelled else [UNKNOWN] * len(sentence)
    for start, end in sentence.missing:
        tags[start:end] = [UNKNOWN] * (end - start)
    return tags
