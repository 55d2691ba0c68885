"""spaCy's JSON: training pairs, documents, and the tree of version 2. Its binary `.spacy` files are no JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from xlner.core.tags import UNKNOWN
from xlner.core.types import Sentence
from xlner.data.characters import on_words
from xlner.data.counting import CharacterSpan
from xlner.data.formats.json_dialect import Item, JsonDialect
from xlner.data.formats.prodigy import token_offsets
from xlner.data.formats.tokens import tagged
from xlner.data.marks import spans_of
from xlner.data.options import ReadOptions
from xlner.data.records import Record, language_of, strings, text_of
from xlner.data.report import ReadLog
from xlner.data.tagged import TaggedSentence

_OTHER_ENTITIES = frozenset(("label", "labels", "entities", "annotations"))  # of dialects that know no categories


class Spacy(JsonDialect):
    """`["text", {"entities": [[0, 4, "PER"]]}]`, `doc.to_json()` with `ents`, and trees of `paragraphs`.

    Of a document its own tokens are the words. Categories of spans (`spans`) are read where there are no entities, all
    keys together, and are else left out, counted. In trees the tag `-` means that nobody knows.
    """

    name = "spacy"

    @classmethod
    def takes(cls, record: Record) -> bool:
        if "text" in record:
            if "ents" in record or isinstance(record.get("annotations"), dict):
                return True
            return isinstance(record.get("spans"), dict) and _OTHER_ENTITIES.isdisjoint(record)
        return bool(_trees(record))

    def sentences(self, record: Record, line: int, log: ReadLog, options: ReadOptions) -> Iterator[Item]:
        """The sentence of a text, or those of a tree."""
        if "text" in record:
            sentence = self._of_text(record, line, log, options)
            if sentence is not None:
                yield sentence
            return
        for tree in _trees(record):
            row = _of_tree(tree, line, log)
            if row is not None:
                yield row

    def _of_text(self, record: Record, line: int, log: ReadLog, options: ReadOptions) -> Sentence | None:
        text = text_of(record["text"], "text", log, line)
        spans = _entities(record, log, line) if options.labelled else None
        if spans is False:
            return None
        if text is None:
            return None
        offsets = token_offsets(record, text, log, line)
        if isinstance(offsets, str):
            log.fault(offsets, line)
            return None
        return on_words(
            text, spans or (), log, options, line=line, offsets=offsets, labelled=spans is not None,
            language=language_of(record),
        )  # fmt: skip


def _entities(record: Record, log: ReadLog, line: int) -> list[CharacterSpan] | Literal[False] | None:
    """The entities of a text; None where nobody looked for any; False after a fault."""
    annotations = record.get("annotations")
    holder, key = (annotations, "entities") if isinstance(annotations, dict) else (record, "ents")
    value, groups = holder.get(key), holder.get("spans")
    entities = spans_of(value, log, line) if value is not None else None
    categories: list[CharacterSpan] | None = None
    if isinstance(groups, list):
        groups = {"": groups}
    for group in groups.values() if isinstance(groups, dict) else ():
        more = spans_of(group, log, line)
        if more is None:
            return False
        categories = [*(categories or ()), *more]
    if value is not None and entities is None:
        return False
    if not entities:
        return entities if categories is None else categories
    present = {(span.start, span.end, span.label) for span in entities}
    for span in categories or ():
        if (span.start, span.end, span.label) not in present:
            log.drop("span of a category beside entities", line)
    return entities


def _trees(record: Record) -> list[list[Any]]:
    """The tokens of each sentence of a tree."""
    token_lists = []
    paragraphs = record.get("paragraphs")
    for paragraph in paragraphs if isinstance(paragraphs, list) else ():
        sentences = paragraph.get("sentences") if isinstance(paragraph, dict) else None
        for sentence in sentences if isinstance(sentences, list) else ():
            if isinstance(sentence, dict) and isinstance(sentence.get("tokens"), list):
                token_lists.append(sentence["tokens"])
    return token_lists


def _of_tree(tokens: list[Any], line: int, log: ReadLog) -> TaggedSentence | None:
    good = [token for token in tokens if isinstance(token, dict)]
    words = strings([token.get("orth") for token in good], "orth", log, line)
    tags = strings([token.get("ner", UNKNOWN) for token in good], "ner", log, line)
    if words is None or tags is None:
        return None
    return tagged(words, [UNKNOWN if tag == "-" else tag for tag in tags], line, log)
