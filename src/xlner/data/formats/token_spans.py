"""JSON records of words and entities by the numbers of words: GLiNER, SpERT, W2NER, DyGIE."""

from __future__ import annotations

from collections.abc import Iterator

from xlner.core.types import Sentence
from xlner.data.characters import on_tokens
from xlner.data.counting import CharacterSpan
from xlner.data.formats.json_dialect import JsonDialect
from xlner.data.marks import count_relations, label_of
from xlner.data.options import ReadOptions
from xlner.data.records import Record, index, language_of, strings
from xlner.data.report import ReadLog

_WORDS = ("tokenized_text", "tokens", "words", "sentence")
_WANTED = "an entity must be [first, last, label], or an object with label and start and end, or index"


class TokenSpans(JsonDialect):
    """Words with entities by number of word, as GLiNER trains on: `{"tokenized_text": [...], "ner": [[0, 1, "PER"]]}`.

    Lists name the first and the last word. Objects are read as SpERT has them, `{"start": 0, "end": 2, "type": "PER"}`
    with the word after the last, under `entities`; or as W2NER has them, `{"index": [0, 1], "type": "PER"}`, of which
    those with gaps are left out, counted. `{"sentences": [[...]], "ner": [[...]]}` is a document of DyGIE, whose
    numbers go on from sentence to sentence.
    """

    name = "gliner"

    @classmethod
    def takes(cls, record: Record) -> bool:
        if _is_document(record):
            return True
        words = next((record[k] for k in _WORDS if k in record), None)
        entities = record.get("ner", record.get("entities"))
        return isinstance(words, list) and (
            "tokenized_text" in record
            or (isinstance(entities, list) and all(isinstance(item, list | dict) for item in entities))
        )

    def sentences(self, record: Record, line: int, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """A sentence, or those of a document."""
        parts = [(next((record[k] for k in _WORDS if k in record), None), record.get("ner", record.get("entities")))]
        if _is_document(record):
            parts = list(zip(record["sentences"], record["ner"], strict=True))
        first = 0
        for words, entities in parts:
            checked = strings(words, "tokens", log, line)
            if checked is None:
                return
            found = _spans(entities, first, log, line) if options.labelled and entities is not None else ([], [])
            if found is None:
                return
            spans, gaps = found
            sentence = on_tokens(
                checked, spans, log, options, line=line, unknown=gaps, labelled=entities is not None,
                language=language_of(record),
            )  # fmt: skip
            if sentence is not None:
                yield sentence
            first += len(checked)
        if options.labelled:
            count_relations(record.get("relations"), log, line)


def _is_document(record: Record) -> bool:
    sentences, entities = record.get("sentences"), record.get("ner")
    return isinstance(sentences, list) and isinstance(entities, list) and len(sentences) == len(entities)


def _spans(
    value: object, first: int, log: ReadLog, line: int
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
            label = item.get("type", item.get("label"))
            end = index(item.get("end"))
            numbers = [index(item.get("start")), None if end is None else end - 1]
            if isinstance(item.get("index"), list):
                numbers = [index(i) for i in item["index"]]
        known = [number for number in numbers if number is not None]
        name = label_of(label, log, line)
        if name is None or not known or len(known) != len(numbers):
            log.fault(_WANTED, line)
            return None
        span = CharacterSpan(known[0] - first, known[-1] + 1 - first, name)
        if isinstance(item, dict) and "index" in item and known != list(range(known[0], known[-1] + 1)):
            log.drop("entity with a gap", line)
            gaps += [CharacterSpan(number - first, number + 1 - first, name) for number in known]
        else:
            spans.append(span)
    return spans, gaps
