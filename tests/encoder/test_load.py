"""Any encoder by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
from transformers import (
    BertConfig,
    BertForTokenClassification,
    BertModel,
    MT5Config,
    MT5ForConditionalGeneration,
    PreTrainedTokenizerFast,
)

from xlner.encoder.load import load_checkpoint, load_encoder, load_tokenizer, resolve
from xlner.errors import ModelError


def byte_level(folder: Path, pre_tokenizer: pre_tokenizers.PreTokenizer) -> Path:
    """A folder with a small byte-level BPE tokenizer."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=["<unk>", "<pad>"], initial_alphabet=alphabet)
    tokenizer.train_from_iterator(["hello world, do not stop it now"] * 20, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>")
    fast.save_pretrained(folder)
    tiny_bert(vocab=len(fast)).save_pretrained(folder)
    return folder


def tiny_config(vocab: int = 40) -> BertConfig:
    return BertConfig(
        vocab_size=vocab,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=16,
    )


def tiny_bert(vocab: int = 40) -> BertModel:
    return BertModel(tiny_config(vocab), add_pooling_layer=False)


PRE_TOKENIZERS = {
    "alone": pre_tokenizers.ByteLevel(add_prefix_space=False),
    "after a split": pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r" ?\w+|[^\w\s]"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    ),
}


@pytest.mark.parametrize("kind", PRE_TOKENIZERS)
def test_byte_level_words_follow_a_space(tmp_path, kind):
    tokenizer = load_tokenizer(byte_level(tmp_path, PRE_TOKENIZERS[kind]))
    for again in (False, True):
        split = tokenizer(["hello", "world,", "stop"], is_split_into_words=True)
        assert split["input_ids"] == tokenizer("hello world, stop")["input_ids"]
        assert split["input_ids"] == tokenizer(" hello world, stop")["input_ids"]
        first = [split.tokens()[split.word_ids().index(word)] for word in range(3)]
        assert all(token.startswith("Ġ") for token in first)
        if not again:
            tokenizer.save_pretrained(tmp_path)
            normalizer = json.loads((tmp_path / "tokenizer.json").read_text("utf-8"))["normalizer"]
            tokenizer = load_tokenizer(tmp_path)
            tokenizer.save_pretrained(tmp_path)
            assert json.loads((tmp_path / "tokenizer.json").read_text("utf-8"))["normalizer"] == normalizer


def test_resolve(tmp_path, monkeypatch):
    tiny_bert().save_pretrained(tmp_path / "model")
    assert resolve(tmp_path / "model") == str(tmp_path / "model")
    assert resolve("FacebookAI/xlm-roberta-base") == "FacebookAI/xlm-roberta-base"
    assert resolve("bert-base-multilingual-cased") == "bert-base-multilingual-cased"
    monkeypatch.setattr("xlner.encoder.load.embedded_encoder", lambda: tmp_path / "model")
    assert resolve("embedded") == str(tmp_path / "model")


@pytest.mark.parametrize("name", ["./no/such", "/no/such", "~/no/such", "runs/a/model", Path("run")])
def test_a_path_that_is_not_there_is_never_sought_on_the_hub(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match="there is no model folder"):
        resolve(name)


def test_folders_and_files_without_a_model(tmp_path):
    with pytest.raises(ModelError, match=r"no config\.json"):
        resolve(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="is a file"):
        resolve(tmp_path / "file")


def test_an_unreachable_hub_is_explained(monkeypatch):
    def no_network(*_, **__):
        raise OSError("We couldn't connect to 'https://huggingface.co'")

    monkeypatch.setattr("transformers.AutoTokenizer.from_pretrained", no_network)
    monkeypatch.setattr("transformers.AutoConfig.from_pretrained", no_network)
    for load in (load_tokenizer, load_encoder, load_checkpoint):
        with pytest.raises(ModelError, match=r"'owner/model'.*hub.*'embedded', which needs no network"):
            load("owner/model")


def test_pickled_weights_are_not_read(tmp_path):
    model = tiny_bert()
    model.config.save_pretrained(tmp_path)
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"pytorch_model\.bin.*safetensors"):
        load_encoder(tmp_path)


def test_a_tokenizer_that_is_not_fast_is_refused(tmp_path, monkeypatch):
    tiny_bert().save_pretrained(tmp_path)
    monkeypatch.setattr("transformers.AutoTokenizer.from_pretrained", lambda *_, **__: object())
    with pytest.raises(ModelError, match="no fast tokenizer"):
        load_tokenizer(tmp_path)


def test_a_folder_without_tokenizer_is_explained(tmp_path):
    tiny_bert().save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"has no tokenizer.*tokenizer\.json"):
        load_tokenizer(tmp_path)


def test_load_encoder_and_checkpoint(tmp_path):
    tiny_bert().save_pretrained(tmp_path / "encoder")
    encoder = load_encoder(tmp_path / "encoder")
    assert encoder.pooler is None
    assert not encoder.training
    assert type(load_checkpoint(tmp_path / "encoder")).__name__ == "BertModel"
    BertForTokenClassification(tiny_config()).save_pretrained(tmp_path / "tagger")
    assert type(load_checkpoint(tmp_path / "tagger")).__name__ == "BertForTokenClassification"
    assert type(load_encoder(tmp_path / "tagger")).__name__ == "BertModel"


def test_of_an_encoder_and_decoder_the_encoder_is_taken(tmp_path):
    config = MT5Config(vocab_size=20, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    MT5ForConditionalGeneration(config).save_pretrained(tmp_path)
    encoder = load_encoder(tmp_path)
    assert not any("decoder" in name for name, _ in encoder.named_parameters())
    assert encoder(torch.tensor([[1, 2, 3]])).last_hidden_state.shape == (1, 3, 16)
