"""A tokenizer.json without transformers."""

from __future__ import annotations

import pytest
from tests.toy import make_encoder

from xlner.encoder import load_tokenizer
from xlner.encoder.plain import PlainTokenizer
from xlner.encoder.words import special_tokens, word_pieces
from xlner.errors import ModelError

TEXTS = ["Ana visits Arcol today", "", "x ☃ 東京 \u200b", "kuHarare"]


def both(folder):
    fast = load_tokenizer(folder)
    plain = PlainTokenizer(
        folder / "tokenizer.json", model_max_length=fast.model_max_length, unk_token=fast.unk_token, pad_token="<pad>"
    )
    return fast, plain


@pytest.mark.parametrize("specials", [True, False])
def test_it_answers_as_that_of_transformers(tiny_encoder, specials):
    fast, plain = both(tiny_encoder)
    words = [t.split() or ["Ana"] for t in TEXTS]
    for text, presplit in [*((t, False) for t in TEXTS), (TEXTS, False), (words, True), (words[0], True)]:
        how = {
            "is_split_into_words": presplit, "add_special_tokens": specials, "return_special_tokens_mask": True,
        }  # fmt: skip
        expected, given = fast(text, **how), plain(text, **how)
        assert given == {name: expected[name] for name in ("input_ids", "special_tokens_mask")}
    for name in ("unk_token", "unk_token_id", "pad_token_id", "model_max_length", "is_fast"):
        assert getattr(plain, name) == getattr(fast, name)


def test_words_and_special_tokens_are_the_same(tmp_path):
    fast, plain = both(make_encoder(tmp_path / "e", lower=True))
    words = ["Ana", "東京", "kuHarare", "\u200b", "zzz", "visits"]
    assert word_pieces(plain, words) == word_pieces(fast, words)
    assert special_tokens(plain) == special_tokens(fast)


def test_a_missing_and_a_damaged_file_are_named(tmp_path):
    how = {"model_max_length": 64, "unk_token": None, "pad_token": None}
    with pytest.raises(ModelError, match=r"has no tokenizer: tokenizer\.json is missing"):
        PlainTokenizer(tmp_path / "tokenizer.json", **how)
    (tmp_path / "tokenizer.json").write_text('{"version": ')
    with pytest.raises(ModelError, match=r"tokenizer\.json is damaged or no tokenizer"):
        PlainTokenizer(tmp_path / "tokenizer.json", **how)
