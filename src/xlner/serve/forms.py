"""Answers in the forms of other tools: Hugging Face, doccano, Prodigy, and our own."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from xlner.serve.tagging import Tagged


def own(tagged: Tagged, *, min_score: float = 0.0, sentences: bool = False) -> dict[str, Any]:
    """Our own form.

    Args:
        tagged: one text.
        min_score: entities below are left out.
        sentences: also give the words of each sentence.
    """
    spans = [
        {"start": e.start, "end": e.end, "label": e.label, "score": e.score, "text": e.text}
        for e in tagged.entities()
        if e.score >= min_score
    ]
    unit = "words" if tagged.text.text is None else "characters"
    result: dict[str, Any] = {"unit": unit, "spans": spans, "windows": tagged.windows}
    if sentences:
        result["sentences"] = [
            {"words": list(s.words), "offsets": [[start + a, start + b] for a, b in s.offsets or ()]}
            for s, start in zip(tagged.sentences, tagged.text.starts, strict=True)
        ]
    return result


def hugging_face(tagged: Tagged, ignore: Collection[str] = ()) -> list[dict[str, Any]]:
    """As `pipeline("token-classification", aggregation_strategy=...)` gives them."""
    return [
        {"entity_group": e.label, "score": e.score, "word": e.text, "start": e.start, "end": e.end}
        for e in tagged.entities()
        if e.label not in ignore
    ]


def doccano(tagged: Tagged) -> list[dict[str, Any]]:
    """What doccano's auto-labelling makes labels of."""
    return [{"label": e.label, "start_offset": e.start, "end_offset": e.end} for e in tagged.entities()]


def prodigy(tagged: Tagged, model: str) -> dict[str, Any]:
    """A task of Prodigy, with tokens; `token_end` is the last token of a span, as Prodigy counts.

    Args:
        tagged: one text.
        model: who says so, for `meta`.
    """
    text = tagged.text.text or ""
    tokens: list[dict[str, Any]] = []
    spans: list[dict[str, Any]] = []
    for sentence, start in zip(tagged.sentences, tagged.text.starts, strict=True):
        first = len(tokens)
        for a, b in sentence.offsets or ():
            a, b = start + a, start + b
            space = b < len(text) and text[b].isspace()
            tokens.append({"text": text[a:b], "start": a, "end": b, "id": len(tokens), "ws": space})
        for span in sentence.spans:
            low, high = tokens[first + span.start], tokens[first + span.end - 1]
            spans.append(
                {"start": low["start"], "end": high["end"], "token_start": low["id"], "token_end": high["id"],
                 "label": span.label}
            )  # fmt: skip
    return {"text": text, "tokens": tokens, "spans": spans, "meta": {"model": model}}
