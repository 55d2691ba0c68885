"""What every augmentation promises: entities follow their words, and only seed, epoch and place decide."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.toy import sentences

from xlner.augment import AUGMENTATIONS
from xlner.augment.augmenter import Augmenter

ITEMS = sentences(40)


@pytest.fixture(params=AUGMENTATIONS.names())
def chosen(request, tmp_path):
    """Each augmentation with what it needs, as strong as it can be."""
    fields = {f.name: f for f in AUGMENTATIONS.describe(request.param).fields}
    path = tmp_path / "en-de.txt"
    path.write_text(
        "visit\tbesucht\nleave\tgeht weg von\ntoday\theute\nagain\twieder\njoy\tFreude\nold\talt\n", "utf-8"
    )
    given = {"dictionary": [str(path)], "through": "de"}
    given |= {"translator": {"name": "lexicon", "dictionary": [str(path)], "choice": "first"}}
    values = {name: value for name, value in given.items() if name in fields}
    return {request.param: {**values, **({"rate": 1.0} if "rate" in fields else {})}}


def test_entities_follow_their_words(chosen):
    made = Augmenter.of(chosen, ITEMS)
    for before, after in zip(ITEMS, made.epoch(0), strict=True):
        assert {s.label for s in after.spans} >= {s.label for s in before.spans}
        assert all(w and not w.isspace() for w in after.words)
        assert (after.language, after.labelled, after.where) == (before.language, before.labelled, before.where)
    test_set = made.test_set()
    assert [s.label for m in test_set for s in m.spans] == [s.label for m in ITEMS for s in m.spans]


def test_only_seed_epoch_and_place_decide(chosen):
    made, again = Augmenter.of(chosen, ITEMS, seed=2), Augmenter.of(chosen, ITEMS, seed=2)
    backwards = [again.one(i, 1) for i in reversed(range(len(ITEMS)))][::-1]
    assert made.epoch(1) == backwards


def test_it_says_whether_words_stay_words(chosen):
    made = Augmenter.of(chosen, ITEMS)
    same = [len(a) == len(b) for e in range(3) for a, b in zip(ITEMS, made.epoch(e), strict=True)]
    assert not made.keeps_words or all(same)


def test_raw_text_and_unknown_words_go_through(chosen):
    raw = [s.without_labels() for s in ITEMS]
    assert not any(m.labelled or m.spans for m in Augmenter.of(chosen, raw).epoch(0))
    unknown = [replace(s, spans=(), missing=((0, 2),)) for s in ITEMS]
    made = Augmenter.of(chosen, unknown).epoch(0)
    assert all(m.missing and m.missing[0][0] == 0 for m in made)


def test_no_sentence_and_empty_sentences_are_no_trouble(chosen):
    empty = replace(ITEMS[0], words=(), spans=())
    assert Augmenter.of(chosen, []).epoch(0) == []
    assert Augmenter.of(chosen, [empty, ITEMS[0], empty]).epoch(0)[0].words in ((), ITEMS[0].words)
