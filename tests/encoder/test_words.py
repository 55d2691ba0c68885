"""Words get the subwords that they have in running text."""

import pytest

from xlner.encoder import load_tokenizer
from xlner.encoder.words import word_pieces


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer("embedded")


def pieces(tokenizer, *words):
    return [tokenizer.convert_ids_to_tokens(ids) for ids, _ in word_pieces(tokenizer, words)]


def test_words_between_spaces_keep_the_mark_of_the_space(tokenizer):
    assert [p[0][0] for p in pieces(tokenizer, "Berlin", "Москва", "서울", "(", "القاهرة")] == ["▁"] * 5


@pytest.mark.parametrize("words", [("北", "京"), ("上海", "，"), ("東京", "へ"), ("กรุงเทพ", "ไทย"), ("。",), ("ー",)])
def test_scripts_without_spaces_have_none(tokenizer, words):
    found = pieces(tokenizer, *words)
    assert all(found)
    assert not any("▁" in p for word in found for p in word)
    assert ["".join(p) for p in found if "<unk>" not in p]


def test_they_are_the_pieces_of_running_text(tokenizer):
    running = tokenizer("我们去巴黎", add_special_tokens=False)["input_ids"]
    ((ids, _),) = word_pieces(tokenizer, ["巴黎"])
    assert running[-len(ids) :] == ids


def test_what_the_vocabulary_lacks_still_has_a_piece(tokenizer):
    assert pieces(tokenizer, "\U0002a6d6") != [[]]


def test_nothing_gives_nothing(tokenizer):
    assert word_pieces(tokenizer, []) == []
    assert word_pieces(tokenizer, ["\u200b"])[0].head == 0


def test_tokenizers_that_split_characters_apart_agree(tiny_encoder):
    tokenizer = load_tokenizer(str(tiny_encoder))
    plain = tokenizer([["北京"]], is_split_into_words=True, add_special_tokens=False)["input_ids"][0]
    assert word_pieces(tokenizer, ["北京"])[0].ids == plain


@pytest.mark.parametrize(("word", "prefix", "name"), [("kuHarare", "ku", "Harare"), ("ngoMgqibelo", "ngo", "Mgqibelo")])
def test_a_name_behind_a_prefix_speaks_for_the_word(tokenizer, word, prefix, name):
    (found,) = word_pieces(tokenizer, [word])
    before, after = word_pieces(tokenizer, [prefix, name])
    assert found == ([*before.ids, *after.ids], len(before.ids))


@pytest.mark.parametrize(
    "word", ["Harare", "McDonald", "pH", "harare", "USA", "al-Assad", "", "ku", "3M", "verylongprefixName"]
)
def test_other_words_stay_whole(tokenizer, word):
    assert word_pieces(tokenizer, [word])[0].head == 0
