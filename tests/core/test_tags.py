from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner.core.tags import detect_scheme, iob2, read_tags, split_tag
from xlner.core.types import Sentence, Span
from xlner.errors import DataError


def keys(tags: str, scheme: str, repair: str = "conll") -> list[tuple[int, int, str]]:
    return [s.key for s in read_tags(tags.split(), scheme, repair=repair)[0]]


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("IOB2", "B-PER I-PER O B-LOC B-LOC"),
        ("IOB1", "I-PER I-PER O I-LOC B-LOC"),
        ("BIOES", "B-PER E-PER O S-LOC S-LOC"),
        ("BILOU", "B-PER L-PER O U-LOC U-LOC"),
    ],
)
def test_every_scheme_is_found_and_read_alike(scheme, tags):
    assert detect_scheme([tags.split()]) == scheme
    assert keys(tags, scheme) == [(0, 2, "PER"), (3, 4, "LOC"), (4, 5, "LOC")]


def test_io_joins_neighbours_because_it_cannot_separate_them():
    assert detect_scheme([["I-PER", "I-PER", "O"]]) == "IO"
    assert keys("I-PER I-PER O I-LOC", "IO") == [(0, 2, "PER"), (3, 4, "LOC")]


def test_a_few_broken_lines_do_not_turn_the_finding():
    assert detect_scheme([["B-PER", "I-PER"]] * 9 + [["O", "I-LOC"]]) == "IOB2"


def test_a_change_of_type_ends_an_entity():
    assert keys("B-PER I-ORG I-ORG", "IOB2") == [(0, 1, "PER"), (1, 3, "ORG")]


def test_broken_sequences_follow_one_policy_and_are_counted():
    tags = ["O", "I-PER", "I-PER", "O", "B-LOC"]
    assert read_tags(tags, "IOB2") == ((Span(1, 3, "PER"), Span(4, 5, "LOC")), 1)
    assert read_tags(tags, "IOB2", repair="discard") == ((Span(4, 5, "LOC"),), 1)
    with pytest.raises(DataError, match="words 1 to 2"):
        read_tags(tags, "IOB2", repair="error")


def test_an_entity_without_its_end_is_broken_in_bioes():
    assert read_tags(["B-PER", "I-PER", "O"], "BIOES")[1] == 1
    assert read_tags(["B-PER", "E-PER", "O"], "BIOES")[1] == 0


@pytest.mark.parametrize("tag", ["", "PER", "B", "B-", "X-PER", "-PER"])
def test_what_is_no_tag_is_refused(tag):
    with pytest.raises(ValueError, match="is no tag"):
        split_tag(tag)


@given(st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B", "E-A", "S-B"]), max_size=12))
def test_any_tags_give_spans_in_order_without_overlap(tags):
    for scheme in ("IO", "IOB1", "IOB2", "BIOES", "BILOU"):
        spans, broken = read_tags(tags, scheme)
        sentence = Sentence(tuple("w" for _ in tags), spans)
        assert broken >= 0
        assert read_tags(iob2(sentence), "IOB2") == (spans, 0)


@pytest.mark.parametrize(("stray", "scheme"), [("S-LOC", "IOB2"), ("L-PER", "IOB2"), ("U-LOC", "IOB2")])
def test_a_stray_letter_of_another_scheme_does_not_turn_the_finding(stray, scheme):
    sentence = ["B-PER", "I-PER", "O", "B-LOC"]
    assert detect_scheme([sentence] * 3 + [["O", stray]]) == scheme
    assert keys(f"B-PER I-PER O {stray}", scheme) == [(0, 2, "PER"), (3, 4, stray[2:])]
    assert detect_scheme([["B-PER", "E-PER", "O", "S-LOC"]] * 3 + [["B-PER", "I-PER"]]) == "BIOES"
