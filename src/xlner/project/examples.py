"""Some sentences in which entities were lost, as plain values, to be shown later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from xlner.align import Alignment
from xlner.core.types import Sentence, Span
from xlner.project.fates import Fate, Reason
from xlner.project.result import Projected

LONGEST = 20  # words of a side that a screen has room for; longer sentences are taken where there is none so short


def lost_examples(numbered: Iterable[tuple[int, Projected]], each: int) -> dict[str, list[dict[str, Any]]]:
    """Sentences that show how entities were lost, for each reason.

    Args:
        numbered: number of the pair, and its projection.
        each: how many for a reason; a sentence is an example of one reason only.

    Returns:
        Reason -> sentences as plain values, short ones first.
    """
    short: dict[str, list[dict[str, Any]]] = {}
    long: dict[str, list[dict[str, Any]]] = {}
    for number, item in numbered:
        chosen = short if max(len(item.source), len(item.sentence)) <= LONGEST else long
        for reason in dict.fromkeys(str(f.reason) for f in item.fates if f.reason is not Reason.PROJECTED):
            if len(chosen.setdefault(reason, [])) < each:
                chosen[reason].append(as_values(number, item))
                break
    reasons = dict.fromkeys([*short, *long])
    return {r: [*short.get(r, []), *long.get(r, [])][:each] for r in reasons}


def as_values(number: int, item: Projected) -> dict[str, Any]:
    """A projected sentence for JSON."""
    links = item.alignment
    return {
        "pair": number,
        "source": {**_words(item.source), "spans": [asdict(s) for s in item.source.spans]},
        "target": _words(item.sentence),
        "fates": [asdict(f) for f in item.fates],
        "links": None if links is None else links.links(),
        "scores": None if links is None or links.scores is None else links.scores.tolist(),
    }


def from_values(values: Mapping[str, Any]) -> tuple[int, Projected]:
    """What `as_values` was given."""
    source, target, scores = values["source"], values["target"], values["scores"]
    missing = [tuple((a, b) for a, b in side["missing"]) for side in (source, target)]
    fates = tuple(_fate(f) for f in values["fates"])
    spans = tuple(sorted((s for f in fates for s in f.spans), key=lambda s: s.start))
    alignment = None
    if values["links"] is not None:
        alignment = Alignment(np.array(values["links"], np.int32), None if scores is None else np.array(scores))
    item = Projected(
        Sentence(tuple(source["words"]), tuple(Span(**s) for s in source["spans"]), missing=missing[0]),
        Sentence(tuple(target["words"]), spans, missing=missing[1]),
        fates,
        alignment,
    )
    return int(values["pair"]), item


def _words(sentence: Sentence) -> dict[str, Any]:
    return {"words": sentence.words, "missing": sentence.missing}


def _fate(values: Mapping[str, Any]) -> Fate:
    wanted, winner = values["wanted"], values["winner"]
    return Fate(
        Span(**values["entity"]),
        Reason(values["reason"]),
        tuple(Span(**s) for s in values["spans"]),
        values["score"],
        None if wanted is None else (wanted[0], wanted[1]),
        None if winner is None else Span(**winner),
        values["detail"],
    )
