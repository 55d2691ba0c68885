"""Label Studio's JSON export: an array of tasks, or one task per line."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from xlner.core.types import Sentence
from xlner.data.characters import on_words
from xlner.data.counting import CharacterSpan
from xlner.data.formats.json_dialect import JsonDialect
from xlner.data.marks import label_of
from xlner.data.options import ReadOptions
from xlner.data.records import Record, index, language_of, text_of
from xlner.data.report import ReadLog

_RESULTS = ("annotations", "completions")
LABEL_KEYS = ("labels", "hypertextlabels", "htmllabels", "paragraphlabels")
_UNNAMED = "?"  # stands for the label of a region that has none
_MARKUP = re.compile(r"<[^<>]*>|&\w{1,30};|&#\w{1,10};")
# A text that is only the address of one, as tasks with `valueType="url"` have it. A text may be a link, too; so one of
# the web is an address where it names a file.
_ADDRESS = re.compile(
    r"\s*(?:(?:s3|gs|azure-blob|file|redis)://\S+|/?data/(?:upload|local-files)/\S+"
    r"|https?://\S+\.(?:txt|text|md|html?|json|csv|tsv|xml)(?:[?#]\S*)?)\s*",
    re.IGNORECASE,
)


class LabelStudio(JsonDialect):
    """Tasks with `data` and `annotations`, marked with Labels, HyperTextLabels or ParagraphLabels.

    Of several annotations of a task one counts: the first that is `ground_truth`, else the first that nobody cancelled.
    The others are left out, counted. A task without annotation is unlabelled, and so is one whose annotation holds
    answers to other questions alone; `predictions` are never taken for gold. Of several labels of one entity the first
    counts. The paragraphs of a dialogue are one text, a line each; markup stays in the text.

    Each entity's own `text` is believed more than its offsets, which count as browsers do.
    """

    name = "label-studio"

    @classmethod
    def takes(cls, record: Record) -> bool:
        return isinstance(record.get("data"), dict) and (
            "text" not in record or any(key in record for key in (*_RESULTS, "predictions"))
        )

    def sentences(self, record: Record, line: int, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """One sentence with text and offsets."""
        # Which text a task is about is told by its marks, so they are looked at even where nobody wants labels.
        told = log if options.labelled else ReadLog(log.path, log.format, tolerant=True)
        results = _results(record, told, line)
        if results:
            results = _of_one_text(record["data"], results, told, line)
        values = [r["value"] for r in results or ()]
        task = _text(record["data"], [str(r.get("to_name")) for r in results or ()], values, log, line)
        if task is None:
            return
        text, starts = task
        if lies_elsewhere(text, log, line):
            return
        spans: list[CharacterSpan] = []
        nowhere: list[CharacterSpan] = []
        regions: list[CharacterSpan] = []  # that nobody gave a label
        for value in values if options.labelled else ():
            key = _label_key(value) or LABEL_KEYS[0]
            named = bool(value.get(key))
            span = marked_span(value if named else {**value, key: [_UNNAMED]}, text, starts, log, line)
            if span is None:
                return
            if not named:
                log.drop("region without a label; its words are now unknown", line)
            (nowhere if is_nowhere(span) else spans if named else regions).append(span)
        unknown = [*everywhere(nowhere, text, log, line), *regions]
        sentence = on_words(
            text, spans, log, options, line=line, labelled=results is not None, browser=True, unknown=unknown,
            language=language_of(record["data"]),
        )  # fmt: skip
        if sentence is not None:
            yield sentence


def lies_elsewhere(text: str, log: ReadLog, line: int) -> bool:
    """Whether a text is only the address of one, which is a fault."""
    is_address = _ADDRESS.fullmatch(text) is not None
    if is_address:
        log.fault(f"the text lies elsewhere ({text.strip():.80}); put the text itself in place of its address", line)
    return is_address


def _results(record: Record, log: ReadLog, line: int) -> list[Record] | None:
    """What the annotator marked; None when nobody annotated the task."""
    annotations = next((found for k in _RESULTS if (found := _list_of(record.get(k), k, log, line)) is not None), [])
    valid = [a for a in annotations if isinstance(a, dict) and not a.get("was_cancelled") and not a.get("skipped")]
    cancelled = sum(isinstance(a, dict) for a in annotations) - len(valid)
    for reason, number in (
        ("cancelled annotation", cancelled),
        ("annotation that the export only names", len(annotations) - cancelled - len(valid)),
        ("further annotation of the same task", len(valid) - 1),
        ("draft that nobody submitted", _drafts(record.get("drafts"))),
        ("prediction of a model, no annotation", 0 if valid else _size(record.get("predictions"))),
    ):
        for _ in range(number):
            log.drop(reason, line)
    if not valid:
        return None
    chosen = next((a for a in valid if a.get("ground_truth") is True), valid[0])
    result = _list_of(chosen.get("result"), "result", log, line)
    if result is None:
        return None
    results = [r for r in result if isinstance(r, dict)]
    marks = [r for r in results if isinstance(r.get("value"), dict) and (_label_key(r["value"]) or _is_region(r))]
    for r in results:
        if r.get("type") == "relation":
            log.drop("relation between entities", line)
        elif not any(r is mark for mark in marks):
            log.drop(f"answer of kind {str(r.get('type'))[:30]}, no entity of the text", line)
    return marks if marks or not results else None


def _list_of(value: object, key: str, log: ReadLog, line: int) -> list[Any] | None:
    """A list, which data bases write as a string, and of one thing as that thing; None without one."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            log.fault(f"'{key}' is a string that holds no JSON", line)
            return None
    if isinstance(value, dict):
        return [value]
    return value if isinstance(value, list) else None


def _of_one_text(data: Record, results: list[Record], log: ReadLog, line: int) -> list[Record]:
    """The marks of `text`, where `to_name` shows that a task has marks in other texts, too; those are counted."""
    names = [str(r.get("to_name")) for r in results]
    others = {name for name in names if name != "text" and isinstance(data.get(name), str)}
    if not others or "text" not in names or not isinstance(data.get("text"), str):
        return results
    for name in names:
        if name in others:
            log.drop("entity of another text of the same task", line)
    return [r for r, name in zip(results, names, strict=True) if name not in others]


def _is_region(result: Record) -> bool:
    """Whether this marks a part of a text, though nobody chose its label."""
    return str(result.get("type")) in LABEL_KEYS and {"start", "end"} <= result["value"].keys()


def _size(value: object) -> int:
    return len(value) if isinstance(value, list) else 0


def _drafts(value: object) -> int:
    """How many drafts there are that mark something."""
    return sum(not isinstance(d, dict) or bool(d.get("result")) for d in value) if isinstance(value, list) else 0


def _label_key(value: Record) -> str | None:
    return next((key for key in LABEL_KEYS if key in value), None)


def _text(
    data: Record, names: Sequence[str], values: Sequence[Record], log: ReadLog, line: int
) -> tuple[str, list[int] | None] | None:
    """The text of a task, and where its paragraphs start if it is a dialogue; None after a fault."""
    texts = {key: value for key, value in data.items() if isinstance(value, str)}
    surfaces = [value["text"] for value in values if isinstance(value.get("text"), str)]
    if "text" in texts and len(marked := {name for name in names if name in texts}) == 1 and "text" not in names:
        key = marked.pop()
        return (text, None) if (text := text_of(data[key], key, log, line)) is not None else None
    if "text" in data and not isinstance(data["text"], list):
        return (text, None) if (text := text_of(data["text"], "text", log, line)) is not None else None
    dialogue = next((lines for value in data.values() if (lines := _lines(value)) is not None), None)
    if dialogue is not None and (not texts or any("paragraphlabels" in value for value in values)):
        joined = text_of("\n".join(dialogue), "text", log, line)
        starts = [sum(len(part) + 1 for part in dialogue[:i]) for i in range(len(dialogue))]
        return None if joined is None else (joined, starts)
    fitting = [
        key
        for key, text in texts.items()
        if len(texts) == 1 or key in names or (surfaces and all(surface in text for surface in surfaces))
    ]
    if len(fitting) != 1:
        log.fault(f"'data' holds no 'text', and {len(texts)} other strings", line)
        return None
    return (text, None) if (text := text_of(texts[fitting[0]], fitting[0], log, line)) is not None else None


def _lines(value: object) -> list[str] | None:
    """The paragraphs of a dialogue: a list of strings, or of objects with `text` or one other string besides a name."""
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(item, str) for item in value):
        return list(value)
    if not all(isinstance(item, dict) and any(isinstance(v, str) for v in item.values()) for item in value):
        return None
    keys = [k for k in value[0] if all(isinstance(item.get(k), str) for item in value)]
    key = "text" if "text" in keys else max(keys, key=lambda k: sum(len(item[k]) for item in value), default=None)
    return None if key is None else [item[key] for item in value]


def marked_span(value: Record, text: str, starts: list[int] | None, log: ReadLog, line: int) -> CharacterSpan | None:
    """One entity as Label Studio marks it; with a negative start if its place is unknown. None after a fault."""
    label = label_of(value[_label_key(value) or ""], log, line)
    surface = value["text"] if isinstance(value.get("text"), str) and value["text"] else None
    in_text = value.get("globalOffsets")  # markup counts from its own element, this from the start
    start, end = (index(in_text.get(k)) if isinstance(in_text, dict) else None for k in ("start", "end"))
    if start is None or end is None:
        start, end = _local(value, starts)
    if (start is None or end is None) and surface and text.count(surface) == 1:
        start = text.index(surface)
        end = start + len(surface)
    if label is None or ((start is None or end is None) and surface is None):
        log.fault("a marked entity needs 'start', 'end' and one of 'labels'", line)
        return None
    if start is None or end is None:
        return CharacterSpan(-1, -1, label, None, surface)
    if surface is not None and isinstance(value.get("start"), str) and text[start:end] != surface:
        start, end = _without_markup(text, start, end, surface)
    return CharacterSpan(start, end, label, None, surface)


def _local(value: Record, starts: list[int] | None) -> tuple[int | None, int | None]:
    """Offsets in the text from `start` and `end`, or in a dialogue from paragraph and offset in it."""
    if starts is None:
        return index(value.get("start")), index(value.get("end"))
    edges: list[int | None] = []
    for paragraph, offset in (("start", "startOffset"), ("end", "endOffset")):
        number, inside = str(value.get(paragraph)), index(value.get(offset))
        known = number.isdecimal() and int(number) < len(starts) and inside is not None
        edges.append(starts[int(number)] + inside if known and inside is not None else None)
    return edges[0], edges[1]


def _without_markup(text: str, start: int, end: int, surface: str) -> tuple[int, int]:
    """Offsets in the text, if those given count what a browser shows of it: tags as nothing, `&amp;` as one."""
    shown: list[str] = []
    at: list[int] = []
    position = 0
    for match in [*_MARKUP.finditer(text), None]:
        begin = match.start() if match else len(text)
        shown += text[position:begin]
        at += range(position, begin)
        if match and match.group().startswith("&"):
            for character in html.unescape(match.group()):
                shown.append(character)
                at.append(begin)
        position = match.end() if match else begin
    if 0 <= start < end <= len(at) and "".join(shown[start:end]) == surface:
        return at[start], at[end - 1] + 1
    return start, end


def is_nowhere(span: CharacterSpan) -> bool:
    """Whether nobody knows the place of an entity."""
    return span.start == span.end == -1


def everywhere(spans: Sequence[CharacterSpan], text: str, log: ReadLog, line: int) -> list[CharacterSpan]:
    """All places where the text of entities without a place occurs."""
    places = []
    for span in spans:
        log.drop(f"{span.label} entity without a place, whose text occurs not once; its words are now unknown", line)
        for match in re.finditer(re.escape(span.surface), text) if span.surface else ():
            places.append(CharacterSpan(match.start(), match.end(), span.label))
    return places
