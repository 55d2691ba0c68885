"""Entities that lose their capitals in translation: "German" is a name to English, "alemán" is none to Spanish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xlner.core.types import Sentence, Span
from xlner.project.backtranslation import doubt
from xlner.project.fates import Reason
from xlner.project.result import ProjectionResult


def without_lost_capitals(result: ProjectionResult, *, unknown: bool) -> ProjectionResult:
    """A projection without the entities that have a capital in the source and none in the target.

    Languages differ in what they call a name, and many write what they do not call one in lower case. Entities without
    a letter that has a case are left as they are.

    Args:
        result: the projection.
        unknown: the words of such entities are missing; else they are words outside entities.
    """
    items = []
    for item in result:
        fates = [
            doubt(
                fate,
                keep=not (_has_capital(item.source, [fate.entity]) and _is_lower(item.sentence, fate.spans)),
                reason=Reason.LOST_CAPITALS,
            )
            for fate in item.fates
        ]
        if unknown:
            items.append(item.with_fates(fates))
        else:
            spans = tuple(sorted((s for f in fates for s in f.spans), key=lambda s: s.start))
            items.append(replace(item, sentence=replace(item.sentence, spans=spans), fates=tuple(fates)))
    return replace(result, items=tuple(items))


def _has_capital(sentence: Sentence, spans: Sequence[Span]) -> bool:
    return any(word[:1].isupper() for s in spans for word in sentence.words[s.start : s.end])


def _is_lower(sentence: Sentence, spans: Sequence[Span]) -> bool:
    """Whether no word begins with a capital, and one begins in lower case."""
    words = [word for s in spans for word in sentence.words[s.start : s.end]]
    return not _has_capital(sentence, spans) and any(word[:1].islower() for word in words)
