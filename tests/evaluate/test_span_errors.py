from __future__ import annotations

import json

from xlner.core.types import Span
from xlner.evaluate import score, span_errors


def test_each_kind_by_hand(sentence):
    gold = [
        sentence("B-PER O B-LOC I-LOC O B-ORG", where="gold.conll:1"),
        sentence("B-PER I-PER O O B-LOC"),
        sentence("O B-MISC"),
    ]
    guess = [
        sentence("B-PER O B-ORG I-ORG O O"),
        sentence("B-PER O B-LOC O B-LOC"),
        sentence("B-PER I-PER"),
    ]
    found = span_errors(gold, guess)
    assert found.correct == 2
    assert found.counts == {"missed": 1, "spurious": 1, "type": 1, "boundary": 1, "both": 1}
    assert found.confusions == {("LOC", "ORG"): 1, ("MISC", "PER"): 1}
    assert found.per_type["LOC"] == {"missed": 0, "spurious": 1, "type": 1, "boundary": 0, "both": 0}
    first = found.examples[0]
    assert (first.kind, first.gold, first.predicted) == ("type", Span(2, 4, "LOC"), Span(2, 4, "ORG"))
    assert (first.text, first.where, first.sentence) == ("w2 w3", "gold.conll:1", 0)
    assert [e.kind for e in found.examples] == ["type", "missed", "boundary", "spurious", "both"]
    assert json.loads(json.dumps(found.as_dict()))["boundary"] == 1


def test_books_balance(sentence):
    gold = [sentence("B-PER I-PER B-LOC O B-PER"), sentence("B-LOC I-LOC I-LOC")]
    guess = [sentence("B-PER B-PER B-PER O O"), sentence("B-LOC B-LOC B-ORG")]
    s, e = score(gold, guess), span_errors(gold, guess)
    paired = e.correct + e.counts["type"] + e.counts["boundary"] + e.counts["both"]
    assert s.micro.correct == e.correct
    assert s.micro.gold == paired + e.counts["missed"]
    assert s.micro.predicted == paired + e.counts["spurious"]


def test_examples_are_limited_but_counts_are_not(sentence):
    found = span_errors([sentence("B-PER")] * 9, [sentence("O")] * 9, examples=2)
    assert (found.counts["missed"], len(found.examples)) == (9, 2)


def test_missing_words_and_ignored_types_make_no_errors(sentence):
    gold = [sentence("O O B-MISC", missing=((0, 1),))]
    found = span_errors(gold, [sentence("B-PER O O")], ignore=["MISC"])
    assert sum(found.counts.values()) == 0
    assert found.not_counted == {"gold: type left out": 1, "predicted: touches missing words": 1}
