"""Entities that lose their capitals: which they are, and what becomes of their words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from xlner.core.types import Sentence, Span
from xlner.project import confirmed, select
from xlner.project.capitals import without_lost_capitals
from xlner.project.fates import Fate, Reason
from xlner.project.result import Projected, ProjectionResult


def projected(source, target):
    """The first word is a name, and so is its translation."""
    entity = Span(0, 1, "MISC")
    sides = [Sentence(tuple(side.split())) for side in (source, target)]
    return ProjectionResult(
        (Projected.of(sides[0].with_spans((entity,)), sides[1], [Fate(entity, Reason.PROJECTED, (entity,))]),)
    )


@pytest.mark.parametrize(
    ("source", "target", "lost"),
    [
        ("German cars", "alemanes coches", True),
        ("German cars", "Alemanes coches", False),
        ("german cars", "alemanes coches", False),  # the text has no capitals at all
        ("German cars", "德国 车", False),  # a script without case
        ("2012 games", "2012 juegos", False),
    ],
)
def test_a_capital_in_the_source_and_none_in_the_target(source, target, lost):
    made = without_lost_capitals(projected(source, target), unknown=False)
    assert made.counts == {"lost its capitals" if lost else "projected": 1}
    assert bool(made.sentences[0].spans) is not lost
    assert made.sentences[0].missing == ()


def test_their_words_may_be_unknown():
    made = without_lost_capitals(projected("German cars", "alemanes coches"), unknown=True)
    assert made.sentences[0].spans == ()
    assert made.sentences[0].missing == ((0, 1),)


def test_what_was_unknown_before_stays_unknown():
    entity = Span(0, 1, "MISC")
    lost = Fate(Span(1, 2, "LOC"), Reason.BELOW_THRESHOLD, (), 0.1, (1, 2))
    source = Sentence(("German", "Rome")).with_spans((entity, Span(1, 2, "LOC")))
    item = Projected.of(source, Sentence(("alemán", "Roma")), [Fate(entity, Reason.PROJECTED, (entity,)), lost])
    made = without_lost_capitals(ProjectionResult((item,)), unknown=False)
    assert made.sentences[0].missing == ((1, 2),)


def witnessed(item, *spans):
    """The item, of which another projection has these spans alone."""
    other = Projected.of(item.source, item.sentence.without_labels(), [])
    other = replace(other, sentence=other.sentence.with_spans(spans))
    return confirmed(ProjectionResult((item,)), ProjectionResult((other,)))


@pytest.mark.parametrize(
    "then",
    [
        lambda result: select(result, threshold=0.1),
        lambda result: without_lost_capitals(result, unknown=True),
        lambda result: witnessed(result.items[0], Span(0, 1, "MISC")),
    ],
)
def test_what_a_witness_calls_a_name_stays_unknown_whatever_is_looked_at_next(then):
    (item,) = projected("Ada met Bob", "Ada traf Bob")
    doubted = witnessed(item, Span(0, 1, "MISC"), Span(2, 3, "PER"))
    assert doubted.sentences[0].missing == ((2, 3),)
    assert then(doubted).sentences[0].missing == ((2, 3),)
