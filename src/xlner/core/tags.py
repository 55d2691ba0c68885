"""Tag schemes: find out which one a file uses, read any of them into spans, write IOB2."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from xlner.core.types import Sentence, Span
from xlner.errors import DataError

Scheme = Literal["IO", "IOB1", "IOB2", "BIOES", "BILOU"]
Repair = Literal["conll", "error", "discard"]

# Every scheme's letters, rewritten as B I E S: what begins, continues, ends or is a whole entity.
_CANONICAL = {"L": "E", "U": "S", "M": "I", "W": "S"}


def split_tag(tag: str) -> tuple[str, str]:
    """`"B-PER"` as `("B", "PER")`, `"O"` as `("O", "")`.

    Raises:
        ValueError: the tag is neither O nor a prefix, a hyphen and a type.
    """
    if tag == "O":
        return "O", ""
    prefix, sep, label = tag.partition("-")
    if not sep or not label or prefix not in {"B", "I", "E", "S", "L", "U", "M", "W"}:
        raise ValueError(f"'{tag}' is no tag; a tag is O or one of B I E S L U M W, a hyphen and a type, as in B-PER")
    return prefix, label


def detect_scheme(sequences: Iterable[Sequence[str]]) -> Scheme:
    """The scheme of a whole file, from the tags that occur and what stands before each I- and B-.

    The letters E or S mean BIOES, L or U mean BILOU. With B and I alone, an entity that opens with I- speaks for
    IOB1 (where B- only separates neighbours of one type) and a B- after anything else speaks for IOB2; the majority
    wins, so a few broken lines do not turn the finding. I alone is IO.
    """
    letters: Counter[str] = Counter()
    opens_with_i = needless_b = 0
    for tags in sequences:
        before = ("O", "")
        for tag in tags:
            prefix, label = split_tag(tag)
            letters[prefix] += 1
            if prefix == "I" and before[1] != label:
                opens_with_i += 1
            if prefix == "B" and before[1] != label:
                needless_b += 1
            before = (prefix, label)
    if letters["L"] or letters["U"]:
        return "BILOU"
    if letters["E"] or letters["S"] or letters["W"] or letters["M"]:
        return "BIOES"
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
