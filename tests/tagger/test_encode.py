from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.toy import PEOPLE
from transformers import AutoTokenizer

from xlner.encoder.words import Pieces
from xlner.errors import DataError
from xlner.tagger.encode import WordEncoder, token_batches


@pytest.fixture(scope="module")
def tokenizer(tiny_encoder):
    return AutoTokenizer.from_pretrained(tiny_encoder)


def test_positions_point_at_the_first_subword_of_each_word(tokenizer):
    words = ["Ana", "xyz", "Boris"]
    (window,) = WordEncoder(tokenizer).windows([words])
    pieces = tokenizer.convert_ids_to_tokens(window.ids.tolist())
    assert pieces == ["<s>", "▁Ana", "▁", "x", "y", "z", "▁Boris", "</s>"]
    assert [pieces[i] for i in window.positions] == ["▁Ana", "▁", "▁Boris"]


def test_it_encodes_as_the_tokenizer_itself_does(tokenizer):
    words = ["Ana", "visits", "Arcol", "abc", "."]
    (window,) = WordEncoder(tokenizer).windows([words])
    assert window.ids.tolist() == tokenizer(words, is_split_into_words=True)["input_ids"]


@given(n=st.integers(0, 400), size=st.integers(8, 64), long=st.integers(1, 30))
def test_every_word_is_spoken_for_exactly_once(tokenizer, n, size, long):
    words = [PEOPLE[i % 8] if i % 7 else "q" * long for i in range(n)]
    encoder = WordEncoder(tokenizer, max_subwords=size)
    owned = []
    for window in encoder.windows([words]):
        assert len(window.ids) <= size
        assert (window.positions < len(window.ids) - 1).all()
        owned += range(window.first_word, window.first_word + len(window.positions))
    assert owned == list(range(n))


def test_words_of_a_long_sentence_stand_away_from_window_edges(tokenizer):
    windows = list(WordEncoder(tokenizer, max_subwords=34).windows([["Ana"] * 200]))
    assert len(windows) > 5
    assert all(w.positions[0] > 3 for w in windows[1:])


def test_long_sentences_can_be_refused(tokenizer):
    with pytest.raises(DataError, match=r"a sentence has 200 subwords, .*begins 'Ana"):
        list(WordEncoder(tokenizer, on_long="error").windows([["Ana"], ["Ana"] * 200]))


def test_a_name_behind_a_prefix_is_where_its_label_is_read(tokenizer):
    (glued,) = WordEncoder(tokenizer).windows([["Ana", "neBoris", "Chidi"]])
    (apart,) = WordEncoder(tokenizer).windows([["Ana", "ne", "Boris", "Chidi"]])
    assert glued.ids.tolist() == apart.ids.tolist()
    assert glued.positions.tolist() == apart.positions[[0, 2, 3]].tolist()
    (small,) = WordEncoder(tokenizer, max_subwords=8).windows([["neBoris"]])
    assert small.positions[0] < len(small.ids) - 1


def test_a_word_that_yields_no_subword_becomes_the_unknown_piece(tokenizer):
    encoder = WordEncoder(tokenizer)
    encoder._cache["\u200b"] = Pieces([encoder.unknown], 0)
    (window,) = encoder.windows([["Ana", "\u200b", "Boris"]])
    assert len(window.positions) == 3


@given(st.lists(st.integers(1, 50), max_size=60), st.integers(1, 100))
def test_batches_keep_to_the_budget_and_lose_nothing(lengths, budget):
    batches = token_batches(lengths, budget)
    assert sorted(i for b in batches for i in b) == list(range(len(lengths)))
    assert all(len(b) == 1 or len(b) * max(lengths[i] for i in b) <= budget for b in batches)


def test_huge_words_do_not_stay_in_memory(tokenizer, monkeypatch):
    monkeypatch.setattr("xlner.tagger.encode._CACHED_CHARACTERS", 1000)
    encoder = WordEncoder(tokenizer)
    for n in range(50):
        (pieces,) = encoder.pieces([f"{n}" + "x" * 300])
        assert len(pieces.ids) > 1
    assert sum(map(len, encoder._cache)) < 2000
