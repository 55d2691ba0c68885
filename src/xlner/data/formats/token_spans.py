"""JSON records of words and entities by the numbers of words: GLiNER, SpERT, W2NER, DyGIE, OneIE."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from xlner.core.types import Sentence
from xlner.data.characters import find_words, on_tokens, on_words
from xlner.data.counting import CharacterSpan
from xlner.data.formats.json_dialect import JsonDialect
from xlner.data.marks import count_relations, label_of, spans_of
from xlner.data.options import ReadOptions
from xlner.data.records import Record, index, language_of, strings
from xlner.data.report import ReadLog

_WORDS = ("tokenized_text", "tokens", "words", "sentence")
ENTITY_KEYS = ("ner", "entities", "entity_mentions", "golden-entity-mentions")
_LABEL_KEYS = ("type", "label", "entity_type", "entity-type")
_WANTED = "an entity must be [first, last, label], or an object with label and start and end, or index"


class TokenSpans(JsonDialect):
    """Words with entities by number of word, as GLiNER trains on: `{"tokenized_text": [...], "ner": [[0, 1, "PER"]]}`.

    Lists name the first and the last word. Objects are read as SpERT has them, `{"start": 0, "end": 2, "type": "PER"}`
    with the word after the last, under `entities`, or under `entity_mentions` as ACE and OneIE have them; or as W2NER
    has them, `{"index": [0, 1], "type": "PER"}`, of which those with gaps are left out, counted.
    `{"sentences": [[...]], "ner": [[...]]}` is a document of DyGIE, whose numbers go on from sentence to sentence.
    """

    name = "gliner"

    def __init__(self, options: object = None, /, **values: object) -> None:
        super().__init__(options, **values)
        self._by_words = self._by_characters = False

    @classmethod
    def takes(cls, record: Record) -> bool:
        if _is_document(record):
            return True
        words = next((record[k] for k in _WORDS if k in record), None)
        entities = _entities(record)
        return isinstance(words, list) and (
            "tokenized_text" in record
            or (isinstance(entities, list) and all(isinstance(item, list | dict) for item in entities))
        )

    def sentences(self, record: Record, line: int, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """A sentence, or those of a document."""
        parts = [(next((record[k] for k in _WORDS if k in record), None), _entities(record))]
        if _is_document(record):
            parts = list(zip(record["sentences"], record["ner"], strict=True))
        if len(further := [key for key in ENTITY_KEYS if record.get(key)]) > 1 and options.labelled:
            log.note(f"not read beside {further[0]!r}: {', '.join(map(repr, further[1:]))}")
        first = 0
        for words, entities in parts:
            checked = strings(words, "tokens", log, line)
            if checked is None:
                return
            offsets = self._in_characters(record, checked, entities) if options.labelled else None
            if offsets is not None:
                log.note_place("entities whose numbers count characters, not words; they were read so", line)
                spans_in_text = spans_of(entities, log, line)
                if spans_in_text is None:
                    return
                sentence = on_words(
                    _text_beside(record, checked), spans_in_text, log, options, line=line, offsets=offsets,
                    language=language_of(record),
                )  # fmt: skip
                if sentence is not None:
                    yield sentence
                continue
            located = (
                _spans(entities, checked, first, log, line) if options.labelled and entities is not None else ([], [])
            )
            if located is None:
                return
            spans, gaps = located
            sentence = on_tokens(
                checked, spans, log, options, line=line, unknown=gaps, labelled=entities is not None,
                language=language_of(record),
            )  # fmt: skip
            if sentence is not None:
                yield sentence
            first += len(checked)
        if options.labelled:
            for key in ("relations", "relation_mentions"):
                count_relations(record.get(key), log, line)

    def _in_characters(
        self, record: Record, words: Sequence[str], entities: object
    ) -> tuple[tuple[int, int], ...] | None:
        """Where the words stand in the text, if entities count its characters; None where they count words.

        They do where each one begins and ends with a word, and is its own text if it has that; or where one ends behind
        the last word, and none behind the text. Once a record has shown that numbers are those of words, they are for
        the rest of the file, and likewise for those of characters.
        """
        if self._by_words or "tokenized_text" in record or _is_document(record) or not isinstance(entities, list):
            return None
        text = _text_beside(record, words)
        offsets = find_words(text, words)
        edges = [_edges(item) for item in entities]
        if offsets is None or not edges:
            return None
        has_text = isinstance(record.get("text"), str)
        behind = [end for _, end, _ in edges if end is not None and end > len(words)]
        self._by_characters |= has_text and bool(behind) and max(behind) <= len(text)
        if self._by_characters:
            return offsets
        starts, ends = {start for start, _ in offsets}, {end for _, end in offsets}
        for start, end, surface in edges:
            if (
                start not in starts
                or end not in ends
                or not (has_text if surface is None else text[start:end] == surface)
            ):
                self._by_words = has_text or self._by_words
                return None
        return offsets


def _text_beside(record: Record, words: Sequence[str]) -> str:
    """The text of a record, or its words with spaces between."""
    text = record.get("text")
    return text if isinstance(text, str) else " ".join(words)


def _edges(item: object) -> tuple[int | None, int | None, str | None]:
    if isinstance(item, dict):
        text = item.get("text")
        return index(item.get("start")), index(item.get("end")), text if isinstance(text, str) and text else None
    return (index(item[0]), index(item[1]), None) if isinstance(item, list) and len(item) == 3 else (None, None, None)


def _entities(record: Record) -> Any:
    return next((record[key] for key in ENTITY_KEYS if key in record), None)


def _is_document(record: Record) -> bool:
    sentences, entities = record.get("sentences"), record.get("ner")
    return isinstance(sentences, list) and isinstance(entities, list) and len(sentences) == len(entities)


def _spans(
    value: object, words: Sequence[str], first: int, log: ReadLog, line: int
) -> tuple[list[CharacterSpan], list[CharacterSpan]] | None:
    """Spans over the words of a sentence whose first word has the number `first`, and those with gaps, counted."""
    spans: list[CharacterSpan] = []
    gaps: list[CharacterSpan] = []
    for item in value if isinstance(value, list) else [None]:
        numbers: list[int | None] = []
        label: object = None
        if isinstance(item, list) and len(item) == 3:
            numbers, label = [index(item[0]), index(item[1])], item[2]
        elif isinstance(item, dict):
            label = next((item[key] for key in _LABEL_KEYS if key in item), None)
            end = index(item.get("end"))
            if end is not None and _names_the_last(item, words, first):
                log.note_place("entities whose text ends with the word that 'end' names; they were read so", line)
                end += 1
            numbers = [index(item.get("start")), None if end is None else end - 1]
            if isinstance(item.get("index"), list):
                numbers = [index(i) for i in item["index"]]
        known = [number for number in numbers if number is not None]
        name = label_of(label, log, line)
        if name is None or not known or len(known) != len(numbers):
            log.fault(_WANTED, line)
            return None
        span = CharacterSpan(known[0] - first, known[-1] + 1 - first, name)
        if isinstance(item, dict) and "index" in item and any(after - before != 1 for before, after in pairwise(known)):
            log.drop("entity with a gap", line)
            gaps += [CharacterSpan(number - first, number + 1 - first, name) for number in known]
        else:
            spans.append(span)
    return spans, gaps


def _names_the_last(item: Record, words: Sequence[str], first: int) -> bool:
    """Whether by its own text the `end` of an entity is its last word, not the word after it."""
    start, end, text = index(item.get("start")), index(item.get("end")), item.get("text")
    if start is None or end is None or not isinstance(text, str) or not first <= start <= end:
        return False
    surface = "".join(text.split())
    start, end = start - first, end - first
    return "".join(words[start:end]) != surface == "".join(words[start : end + 1])
