"""Comparisons within groups of entities, and the sentences where two systems differ most."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner.core.types import Sentence, Span
from xlner.errors import DataError
from xlner.evaluate import holm, score
from xlner.evaluate.groups import by_length, by_seen, by_type, compare_groups, grouped, most_different

WORDS = ("Ana", "Vega", "visits", "New", "York", "City", "today")
ANA, NEW_YORK, CITY = Span(0, 2, "PER"), Span(3, 5, "LOC"), Span(3, 6, "LOC")


def said(*spans, words=WORDS):
    return Sentence(words, spans)


def test_an_entity_counts_in_its_group_on_either_side():
    scores = grouped([said(ANA, CITY)], [said(ANA, NEW_YORK)], by_length)
    assert {name: (s.gold, s.predicted, s.correct) for name, s in scores.per_type.items()} == {
        "2 words": (1, 2, 1),
        "3 words or more": (1, 0, 0),
    }


def test_a_wrong_type_is_wrong_in_its_group():
    scores = grouped([said(ANA)], [said(Span(0, 2, "ORG"))], by_length)
    assert (scores.micro.gold, scores.micro.predicted, scores.micro.correct) == (1, 1, 0)


def test_seen_is_by_words_and_not_by_case_or_type():
    seen = by_seen([Sentence(("ana", "VEGA", "GmbH"), (Span(0, 2, "ORG"),))])
    assert [seen(said(), span) for span in (ANA, CITY)] == ["seen", "unseen"]


def test_data_without_entities_has_seen_nothing():
    with pytest.raises(DataError, match="no entity in the labelled data that `seen` names"):
        by_seen([said()])


def test_only_the_groups_where_systems_differ_are_significant():
    gold = [said(ANA, CITY)] * 60
    comparisons = compare_groups(
        gold, {"a": gold, "b": [said(ANA)] * 60}, {"type": by_type, "length": by_length}, resamples=500
    )
    assert list(comparisons) == [
        ("a", "b", "type", "LOC"),
        ("a", "b", "type", "PER"),
        ("a", "b", "length", "2 words"),
        ("a", "b", "length", "3 words or more"),
    ]
    assert {key[3] for key, c in comparisons.items() if c.p_corrected < 0.05} == {"LOC", "3 words or more"}
    assert comparisons["a", "b", "type", "LOC"].difference == 1
    assert all(c.p_corrected >= c.p_value for c in comparisons.values())


def test_all_groups_are_corrected_together():
    gold = [said(ANA, CITY)] * 9
    half = [said(ANA, CITY) if n % 2 else said(ANA) for n in range(9)]
    made = compare_groups(gold, {"a": gold, "b": half}, {"type": by_type, "length": by_length}, resamples=200).values()
    assert [c.p_corrected for c in made] == holm([c.p_value for c in made])
    assert any(c.p_corrected > c.p_value for c in made)


def test_sentences_with_the_largest_difference_come_first():
    gold = [said(ANA), said(ANA, CITY), said(CITY)]
    a, b = [said(ANA), said(ANA, CITY), said()], [said(ANA), said(), said(NEW_YORK)]
    first, second = most_different(gold, a, b)
    assert (first.sentence, first.errors_a, first.errors_b, first.b) == (1, 0, 2, ())
    assert first.gold == ("Ana Vega (PER)", "New York City (LOC)")
    assert (second.sentence, second.errors_a, second.errors_b) == (2, 1, 2)
    assert most_different(gold, a, b, number=1) == [first]


spans = st.lists(
    st.builds(lambda start, n, label: Span(start, min(start + n, 7), label), st.integers(0, 6), st.integers(1, 4),
              st.sampled_from(["PER", "LOC"])), max_size=1,
)  # fmt: skip


@given(st.lists(st.tuples(spans, spans), min_size=1, max_size=8))
def test_groups_add_up_to_all_entities(rows):
    gold, predicted = [said(*g) for g, _ in rows], [said(*p) for _, p in rows]
    for group in (by_type, by_length, by_seen([said(ANA)])):
        assert (grouped(gold, predicted, group).counts.sum(axis=1) == score(gold, predicted).counts.sum(axis=1)).all()


def test_another_number_of_sentences_is_refused():
    with pytest.raises(DataError, match="2 gold sentences but 1"):
        grouped([said(), said()], [said()], by_type)
