"""Prodigy's JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xlner.core.types import Sentence
from xlner.data.characters import on_words
from xlner.data.formats.json_dialect import JsonDialect, Repeated
from xlner.data.marks import count_relations, spans_of, tell_unread
from xlner.data.options import ReadOptions
from xlner.data.records import Record, index, language_of, text_of
from xlner.data.report import ReadLog

# Views that ask for something else. Their spans are highlights, which nobody was asked to correct.
_OTHER_QUESTIONS = (
    "classification",
    "choice",
    "pos",
    "pos_manual",
    "text",
    "html",
    "text_input",
    "compare",
    "diff",
    "image",
    "pages",
)
_ASKS_FOR_ALL = ("ner_manual", "spans_manual")
_READ = ("options", "accept", "versions", "answers", "config")
_WANTED = "Prodigy has them under 'spans'"
_OLD_BINARY = ("score", "rank", "priority")  # of a span that a model suggested, before records named their view
_OUTSIDE = "piece of a text outside of its tokens"


class Prodigy(JsonDialect):
    """`{"text", "tokens", "spans", "answer"}`. Rejected and ignored examples are left out, counted.

    What was not asked is unknown, never O. A binary question (`ner.teach`) is about one span: when accepted, all other
    words are unknown; when rejected, all words are. A record of another question (a choice, a classification) is
    unlabelled. Of several annotators of one task the first one counts.

    Prodigy's own tokens are the words, where the record has them; tokens of white space are no words.
    """

    name = "prodigy"

    def __init__(self, options: object = None, /, **values: object) -> None:
        super().__init__(options, **values)
        self._repeated = Repeated()

    @classmethod
    def takes(cls, record: Record) -> bool:
        if "text" not in record or isinstance(record.get("spans"), dict):
            return False
        return "spans" in record or "answer" in record or "_view_id" in record

    def sentences(self, record: Record, line: int, log: ReadLog, options: ReadOptions) -> Iterator[Sentence]:
        """A sentence with text and offsets."""
        answer, view = record.get("answer", "accept"), record.get("_view_id")
        binary = _is_binary(record)
        rejected = binary and answer == "reject"
        if answer != "accept" and not rejected and (options.labelled or not isinstance(record.get("text"), str)):
            log.drop(f"answer is {answer!r:.20}, not accept", line)
            return
        text = text_of(record.get("text"), "text", log, line)
        if text is None:
            return
        answered, refused = _by_answer(record.get("spans"))
        spans = spans_of(answered, log, line) if options.labelled and answered is not None else []
        unknown = spans_of(refused, log, line) if options.labelled else []
        if options.labelled and record.get("spans") is None and tell_unread(record, _READ, _WANTED, log, line):
            return
        offsets = token_offsets(record, text, log, line)
        if isinstance(offsets, str):
            if answer == "accept" or rejected:
                log.fault(offsets, line)
            else:  # as with labels, where such a record is left out before anybody looks at its tokens
                log.drop(f"answer is {answer!r:.20}, and {offsets}", line)
        if isinstance(offsets, str) or spans is None or unknown is None:
            return
        for _ in unknown:
            log.drop("span whose own answer is not accept; its words are now unknown", line)
        annotator = record.get("_annotator_id") or record.get("_session_id")
        if options.labelled and not binary and self._repeated(record.get("_task_hash"), annotator):
            log.drop("further annotation of the same task", line)
            return
        if options.labelled:
            _count_versions(record, log, line)
        asked = view in _ASKS_FOR_ALL or ("spans" in record and view not in _OTHER_QUESTIONS)
        if options.labelled:
            count_relations(record.get("relations"), log, line)
            if rejected:
                log.drop("rejected entity of a binary question; all words are unknown", line)
            elif not asked:
                for _ in spans:
                    log.drop(f"highlight in a question of kind {view}, no entity", line)
        if binary and answer == "accept":
            log.note_place("answers to questions about one entity, whose other words are unknown", line)
        sentence = on_words(
            text, spans, log, options, line=line, offsets=offsets, labelled=asked and not rejected,
            only_marked=binary or (bool(refused) and record.get("no_missing") is not True), browser=True,
            unknown=unknown, language=language_of(record),
        )  # fmt: skip
        if sentence is not None:
            yield sentence


def _is_binary(record: Record) -> bool:
    """Whether the question was about one span, which a model had suggested."""
    if "_is_binary" in record or "_view_id" in record:
        return record["_is_binary"] is True if "_is_binary" in record else record["_view_id"] == "ner"
    if not {"answer", "_task_hash", "_input_hash"} & record.keys():  # scores are of everybody, these are of Prodigy
        return False
    spans = record.get("spans")
    one = spans[0] if isinstance(spans, list) and len(spans) == 1 else None
    return isinstance(one, dict) and any(key in one for key in _OLD_BINARY)


def _by_answer(spans: object) -> tuple[Any, list[Any]]:
    """The spans, and those that have an answer of their own which is not accept."""
    if not isinstance(spans, list):
        return spans, []
    refused = [s for s in spans if isinstance(s, dict) and s.get("answer", "accept") != "accept"]
    return [s for s in spans if not any(s is r for r in refused)], refused


def _count_versions(record: Record, log: ReadLog, line: int) -> None:
    """What annotators said before somebody reviewed it: where the review decided otherwise, it is left out."""
    versions = record.get("versions")
    decided = _edges(record)
    for version in versions if isinstance(versions, list) else ():
        if isinstance(version, dict) and _edges(version) != decided:
            log.drop("annotation that a review decided otherwise", line)


def _edges(record: Record) -> list[str]:
    spans = record.get("spans")
    marks = [s for s in spans if isinstance(s, dict)] if isinstance(spans, list) else []
    return sorted(f"{s.get('start')} {s.get('end')} {s.get('label')}" for s in marks)


def token_offsets(record: Record, text: str, log: ReadLog, line: int) -> list[tuple[int, int]] | str | None:
    """Offsets of the words; None when the record has no tokens; a string says what is wrong.

    Text outside of the tokens is in no word: left out, counted.
    """
    tokens = record.get("tokens")
    if tokens is None:
        return None
    if not isinstance(tokens, list):
        return "'tokens' must be a list"
    if _are_characters(tokens, text):
        log.note("tokens are single characters; words are those of the text")
        return None
    offsets: list[tuple[int, int]] = []
    last = 0
    for token in tokens:
        start, end = (index(token.get(k)) for k in ("start", "end")) if isinstance(token, dict) else (None, None)
        if start is None or end is None or not last <= start <= end <= len(text):
            return "each token needs start and end, in order and inside the text"
        if token.get("text", text[start:end]) != text[start:end]:
            return f"token {str(token.get('text'))[:40]!r} is not at [{start}, {end}) of the text"
        if start > last and text[last:start].strip():
            log.drop(_OUTSIDE, line)
        last = end
        if text[start:end].strip():
            offsets.append((start, end))
    if text[last:].strip():
        log.drop(_OUTSIDE, line)
    return offsets


def _are_characters(tokens: list[Any], text: str) -> bool:
    """Whether an annotator marked characters in a text whose words are longer: letters of a script with spaces."""
    single = all(isinstance(t, dict) and len(str(t.get("text", ""))) == 1 for t in tokens)
    return single and any(len(part) > 2 and part.isalpha() and max(part) < "\u0e00" for part in text.split())
