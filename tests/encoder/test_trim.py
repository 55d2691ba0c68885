"""Smaller vocabularies that change nothing on the texts they were made for."""

from __future__ import annotations

import json

import pytest
import torch
from tests.train.masked_encoders import WORDS, like_bert
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForTokenClassification,
    BertTokenizerFast,
    PreTrainedTokenizerFast,
    XLMRobertaConfig,
    XLMRobertaModel,
    XLMRobertaTokenizerFast,
)

from xlner.encoder.load import load_checkpoint, load_tokenizer
from xlner.encoder.trim import trim_vocabulary
from xlner.encoder.words import word_pieces
from xlner.errors import ModelError, UsageError

SIZES = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def same_outputs(before, after, texts) -> None:
    """Tokens and outputs of two checkpoints, on strings and on lists of words."""
    old, new = load_tokenizer(before), load_tokenizer(after)
    big, small = load_checkpoint(before), load_checkpoint(after)
    for text in texts:
        split = not isinstance(text, str)
        a = old(text, is_split_into_words=split, return_tensors="pt")
        b = new(text, is_split_into_words=split, return_tensors="pt")
        assert a.tokens() == b.tokens()
        assert a.word_ids() == b.word_ids()
        with torch.inference_mode():
            torch.testing.assert_close(big(**a)[0], small(**b)[0], rtol=1e-5, atol=1e-5)


def test_the_embedded_encoder(embedded_folder, sentences, tmp_path):
    texts = [text if i % 2 else text.split() for i, (_, text) in enumerate(sentences)]
    result = trim_vocabulary(embedded_folder, iter(texts), tmp_path / "small")
    assert result.texts == len(texts)
    assert result.pieces_before == 250037
    assert result.pieces_after < 20_000
    assert (tmp_path / "small" / "model.safetensors").stat().st_size < 130_000_000
    assert not (tmp_path / "small" / "xlner_manifest.json").exists()
    same_outputs(embedded_folder, tmp_path / "small", texts[:12])

    tokenizer = load_tokenizer(tmp_path / "small")
    assert tokenizer.pad_token_id == 1
    assert tokenizer.mask_token_id == result.pieces_after - 1
    old = load_tokenizer(embedded_folder)
    for text in texts:
        ids = [t(text, is_split_into_words=not isinstance(text, str)).tokens() for t in (old, tokenizer)]
        assert ids[0] == ids[1]
        if not isinstance(text, str):
            running = [[*map(t.convert_ids_to_tokens, (p.ids for p in word_pieces(t, text)))] for t in (old, tokenizer)]
            assert running[0] == running[1]
    unseen = tokenizer("Completely unforeseen vocabulary")
    assert tokenizer.unk_token_id not in unseen["input_ids"]


def test_an_xlm_roberta_checkpoint(tmp_path, sentences):
    texts = [text for _, text in sentences]
    model = Tokenizer(models.Unigram())
    model.pre_tokenizer = pre_tokenizers.Metaspace()
    model.train_from_iterator(
        texts * 3,
        trainers.UnigramTrainer(vocab_size=900, special_tokens=SPECIALS, unk_token="<unk>"),
    )
    vocab = [tuple(entry) for entry in json.loads(model.to_str())["model"]["vocab"]]
    tokenizer = XLMRobertaTokenizerFast(vocab=vocab)
    tokenizer.save_pretrained(tmp_path / "big")
    XLMRobertaModel(
        XLMRobertaConfig(vocab_size=len(tokenizer), max_position_embeddings=200, type_vocab_size=1, **SIZES),
        add_pooling_layer=False,
    ).save_pretrained(tmp_path / "big")
    chosen = texts[:5]
    result = trim_vocabulary(tmp_path / "big", chosen, tmp_path / "small")
    assert result.pieces_after < result.pieces_before
    same_outputs(tmp_path / "big", tmp_path / "small", chosen)


@pytest.fixture
def wordpiece(tmp_path):
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdex", *(f"##{c}" for c in "abcdey")]
    pieces += ["ab", "abc", "##cd", "##cx", "##de", "bad", "##ad"]
    vocab = {piece: i for i, piece in enumerate(pieces)}
    backend = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=False)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=backend, mask_token="[MASK]", **names).save_pretrained(tmp_path / "m")
    config = BertConfig(vocab_size=len(vocab), id2label={0: "O", 1: "B-PER"}, **SIZES)
    BertForTokenClassification(config).save_pretrained(tmp_path / "m")
    (tmp_path / "m" / "README.md").write_text("a card")
    (tmp_path / "m" / "xlner.json").write_text("{}")
    return tmp_path / "m"


def test_wordpiece_keeps_greedy_splits_unknown_words_and_the_head(wordpiece, tmp_path):
    # "abcx" is unknown because greedy matching takes "abc" and then finds no "##x"; had "abc" gone, "ab" and "##cx"
    # would make it known.
    texts = ["abcx ad bde", ["abcx", "ab"]]
    result = trim_vocabulary(wordpiece, texts, tmp_path / "small")
    vocab = load_tokenizer(tmp_path / "small").get_vocab()
    assert "abc" in vocab
    assert "bad" not in vocab
    assert result.pieces_after == len(vocab)
    same_outputs(wordpiece, tmp_path / "small", texts)
    assert load_checkpoint(tmp_path / "small").config.id2label == {0: "O", 1: "B-PER"}
    assert (tmp_path / "small" / "README.md").read_text() == "a card"
    assert (tmp_path / "small" / "xlner.json").exists()


def test_a_bert_tokenizer_class(wordpiece, tmp_path):
    BertTokenizerFast.from_pretrained(wordpiece).save_pretrained(wordpiece)
    trim_vocabulary(wordpiece, ["abc de"], tmp_path / "small")
    same_outputs(wordpiece, tmp_path / "small", ["abc de"])


def test_bpe_is_refused(wordpiece, tmp_path):
    backend = Tokenizer(models.BPE())
    backend.train_from_iterator(["some text"], trainers.BpeTrainer(vocab_size=20, special_tokens=["<unk>"]))
    PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>").save_pretrained(wordpiece)
    with pytest.raises(ModelError, match=r"is BPE; only Unigram .* and WordPiece"):
        trim_vocabulary(wordpiece, ["text"], tmp_path / "small")
    assert not (tmp_path / "small").exists()


def test_wrong_use_is_explained(wordpiece, tmp_path):
    with pytest.raises(UsageError, match="holds a model already"):
        trim_vocabulary(wordpiece, ["a"], wordpiece)
    with pytest.raises(UsageError, match="at least one text"):
        trim_vocabulary(wordpiece, [], tmp_path / "small")


def test_a_padding_piece_behind_all_others_keeps_no_piece_that_no_text_has(tmp_path):
    before = like_bert(tmp_path / "big", pad_last=True)
    texts = [f"{WORDS[0]} {WORDS[1]}", WORDS[2]]
    result = trim_vocabulary(before, texts, tmp_path / "small")
    assert result.pieces_after < result.pieces_before - 20
    same_outputs(before, tmp_path / "small", texts)
    small = load_checkpoint(tmp_path / "small")
    assert small.config.pad_token_id == load_tokenizer(tmp_path / "small").pad_token_id == result.pieces_after - 1
    assert small.get_input_embeddings().padding_idx == result.pieces_after - 1
