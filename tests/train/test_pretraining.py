"""An encoder trained further on raw text: it learns, goes on after a kill, and takes any text afterwards."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.toy import make_encoder, sentences
from tests.train.masked_encoders import like_bert, like_xlm_r
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer, MT5Config, MT5ForConditionalGeneration

from xlner.core.labels import LabelSet
from xlner.core.types import Sentence
from xlner.encoder import load_encoder, load_tokenizer, trim_vocabulary
from xlner.encoder.history import in_words, pretraining_of
from xlner.encoder.masked_head import masked_head_of
from xlner.errors import DataError
from xlner.tagger import Tagger
from xlner.train import pretraining, training
from xlner.train.masked import MaskedHead, MaskedWords
from xlner.train.masked_options import PretrainOptions
from xlner.train.objective import pace_of_modules
from xlner.train.optimizer import set_rates
from xlner.train.pretraining import pretrain_encoder

FAST = {"learning_rate": 1e-2, "batch_subwords": 256}
RESUMABLE = {"checkpoint_seconds": 0.0}  # after every step
MAKERS = {"plain": make_encoder, "like_bert": like_bert, "like_xlm_r": like_xlm_r}


@pytest.fixture(params=list(MAKERS))
def encoder(request, tmp_path):
    return MAKERS[request.param](tmp_path / "encoder")


def texts(n=200):
    return {"eng": lambda: iter(sentences(n)), "spa": lambda: iter(sentences(n // 2, "spa"))}


def fit(encoder, folder, *, n=200, **changes):
    return pretrain_encoder(str(encoder), texts(n), PretrainOptions(**{**FAST, **changes}), folder)


def weights(folder):
    return load_file(folder / "model" / "model.safetensors")


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


def table(folder):
    return load_encoder(folder).get_input_embeddings().weight


def test_it_learns_and_says_so(encoder, tmp_path):
    metrics = fit(encoder, tmp_path / "run", n=300, epochs=6, batch_subwords=96, freeze_embeddings=False)
    for language in ("eng", "spa"):
        held_out = metrics["held_out"][language]
        assert held_out["after"]["loss"] < held_out["before"]["loss"] - 0.5
        assert held_out["after"]["words"] == held_out["before"]["words"] > 0
    assert metrics["texts"]["eng"]["sentences"] == 285
    assert metrics["subwords_per_second"] > 0
    assert {"encode text", "train", "test"} == set(metrics["costs"])
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert {"loss", "accuracy", "lr"} <= lines[1].keys()
    tested = [(x["held_out"], x["step"]) for x in lines if "held_out" in x]
    assert tested == [("eng", 0), ("spa", 0), ("eng", metrics["steps"]), ("spa", metrics["steps"])]


def test_the_saved_encoder_has_its_whole_vocabulary(encoder, tmp_path):
    before = table(encoder)
    fit(encoder, tmp_path / "frozen")
    fit(encoder, tmp_path / "trained", freeze_embeddings=False)
    frozen, trained = (table(tmp_path / name / "model") for name in ("frozen", "trained"))
    assert torch.equal(frozen, before)
    assert trained.shape == before.shape
    changed = (trained != before).any(1)
    tokenizer = load_tokenizer(encoder)
    used = {i for s in (*sentences(200), *sentences(100, "spa")) for i in tokenizer(" ".join(s.words))["input_ids"]}
    assert {i for i in used if changed[i]} >= used - set(tokenizer.all_special_ids)
    unused = set(range(len(tokenizer))) - used - set(tokenizer.all_special_ids)
    assert unused
    assert not any(changed[i] for i in unused)


def test_transformers_loads_it_and_other_text_can_be_read(encoder, tmp_path):
    fit(encoder, tmp_path / "run")
    folder = tmp_path / "run" / "model"
    text = "qqqq zzzz Ana"  # pieces that the training never met
    ids = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    assert (
        ids["input_ids"].tolist()
        == AutoTokenizer.from_pretrained(encoder)(text, return_tensors="pt")["input_ids"].tolist()
    )
    read = AutoModel.from_pretrained(folder).eval()(**ids).last_hidden_state
    was = AutoModel.from_pretrained(encoder).eval()(**ids).last_hidden_state
    assert read.shape == was.shape
    assert not torch.allclose(read, was)
    for name in (tmp_path / "run", folder):  # the folder of the run will do
        tagger = Tagger.fresh(str(name), LabelSet(("LOC", "PER")))
        assert len(tagger.probabilities([Sentence(("Ana", "zzzz"))])[0]) == 2


def test_the_layers_change_and_those_that_are_frozen_do_not(encoder, tmp_path):
    fit(encoder, tmp_path / "run", freeze_layers=1)
    before, after = load_encoder(encoder).state_dict(), load_encoder(tmp_path / "run").state_dict()
    moved = {k for k in before if not torch.equal(before[k], after[k])}
    assert moved
    assert all("layer.1." in name for name in moved), moved


@pytest.mark.parametrize("at", [0, 1, 7, 19])
def test_a_killed_training_ends_with_the_same_encoder(tiny_encoder, tmp_path, monkeypatch, at):
    settings = {"epochs": 2, "freeze_embeddings": False, "mixing": 0.3, "chunk_windows": 70, **RESUMABLE}
    fit(tiny_encoder, tmp_path / "whole", **settings)
    call, left = MaskedWords.__call__, at

    def killed(self, step):
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return call(self, step)

    with monkeypatch.context() as patch:
        patch.setattr(MaskedWords, "__call__", killed)
        with pytest.raises(KeyboardInterrupt):
            fit(tiny_encoder, tmp_path / "cut", **settings)
    again = fit(tiny_encoder, tmp_path / "cut", **settings)
    assert same(weights(tmp_path / "cut"), weights(tmp_path / "whole"))
    whole = json.loads((tmp_path / "whole" / "metrics.json").read_text())
    assert again["held_out"] == whole["held_out"]


@pytest.mark.parametrize("what", ["save_encoder", "_log", "forget", "remove_folder"])
def test_killed_at_the_end_it_ends_with_the_same_encoder(tiny_encoder, tmp_path, monkeypatch, what):
    def killed(*args):
        raise KeyboardInterrupt

    fit(tiny_encoder, tmp_path / "whole", **RESUMABLE)
    with monkeypatch.context() as patch:
        patch.setattr(pretraining, what, killed)
        with pytest.raises(KeyboardInterrupt):
            fit(tiny_encoder, tmp_path / "cut", **RESUMABLE)
    fit(tiny_encoder, tmp_path / "cut", **RESUMABLE)
    assert same(weights(tmp_path / "cut"), weights(tmp_path / "whole"))
    assert not {"checkpoint", "text"} & {p.name for p in (tmp_path / "cut").iterdir()}
    lines = (tmp_path / "cut" / "metrics.jsonl").read_text().splitlines()
    assert sum("held_out" in line for line in lines) == 4


def test_nothing_is_left_that_only_a_resume_needs(tiny_encoder, tmp_path):
    fit(tiny_encoder, tmp_path / "run", **RESUMABLE)
    left = {p.name for p in (tmp_path / "run").iterdir()}
    assert left == {"model", "metrics.json", "metrics.jsonl", "training_time.json"}


def test_one_seed_gives_one_encoder(tiny_encoder, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        fit(tiny_encoder, tmp_path / name, seed=seed)
    assert same(weights(tmp_path / "a"), weights(tmp_path / "b"))
    assert not same(weights(tmp_path / "a"), weights(tmp_path / "c"))


@pytest.mark.parametrize("make", [like_bert, like_xlm_r])
def test_the_output_layer_of_a_checkpoint_is_taken(make, tmp_path, monkeypatch):
    encoder = make(tmp_path / "encoder")
    model = AutoModelForMaskedLM.from_pretrained(encoder)
    head = masked_head_of(encoder)
    assert torch.equal(head["bias"], model.get_output_embeddings().bias)
    seen = []
    monkeypatch.setattr(
        MaskedWords, "test", lambda self, *_: seen.append({k: v.clone() for k, v in self.head.state_dict().items()})
    )
    fit(encoder, tmp_path / "run")
    assert torch.equal(seen[0]["dense.weight"], head["dense.weight"])
    assert torch.equal(seen[0]["norm.bias"], head["norm.bias"])
    of_texts = seen[0]["bias"].view(2, -1)
    assert of_texts.shape[1] < len(head["bias"])
    assert torch.equal(of_texts[0], of_texts[1])


def test_each_text_has_a_bias_of_its_own_that_starts_at_its_frequencies():
    head = MaskedHead(4, torch.zeros(3, 4), np.array([[8, 1, 1], [0, 5, 5]]))
    scores = head(torch.randn(2, 4), torch.zeros(3, 4), torch.tensor([0, 1]))
    shares = scores.softmax(-1)
    assert shares[0].tolist() == pytest.approx([0.8, 0.1, 0.1], abs=0.02)
    assert shares[1].tolist() == pytest.approx([0.0, 0.5, 0.5], abs=0.02)


def test_a_fresh_output_layer_learns_alone_at_first_and_at_a_rate_of_its_own(tiny_encoder, tmp_path, monkeypatch):
    seen = []

    def watched(optimizer, rate, done, objective):
        set_rates(optimizer, rate, done, objective)
        seen.append((done, [round(g["lr"] / rate, 6) for g in optimizer.param_groups]))

    monkeypatch.setattr(training, "set_rates", watched)
    fit(tiny_encoder, tmp_path / "run", epochs=2, head_rate=3.0, head_first=0.5)
    assert {tuple(times) for done, times in seen if done < 0.5} == {(0, 0, 3, 3)}
    assert {tuple(times) for done, times in seen if done >= 0.5} == {(1, 1, 3, 3)}


def test_a_trained_output_layer_learns_with_the_encoder(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(training, "set_rates", lambda *arguments: seen.append(pace_of_modules(arguments[-1])))
    fit(like_bert(tmp_path / "encoder"), tmp_path / "run", head_rate=3.0, head_first=0.5)
    assert set(seen) == {(1.0, 0.0)}


def test_an_encoder_without_output_layer_gets_a_fresh_one(tiny_encoder):
    assert masked_head_of(tiny_encoder) is None


def test_it_remembers_what_it_was_trained_on(tiny_encoder, tmp_path):
    assert pretraining_of(tiny_encoder) == []
    fit(tiny_encoder, tmp_path / "first", seed=3)
    one = pretraining_of(tmp_path / "first")
    assert [t["language"] for t in one[0]["texts"]] == ["eng", "spa"]
    assert one[0]["options"]["seed"] == 3
    assert in_words(one) == (
        "The encoder was trained further on raw text with masked words: eng (190 sentences), spa (95 sentences)."
    )
    fit(tmp_path / "first", tmp_path / "second", n=40)
    assert pretraining_of(tmp_path / "second")[0] == one[0]
    assert len(pretraining_of(tmp_path / "second")) == 2
    trim_vocabulary(tmp_path / "second", ["Ana visits Arcol"], tmp_path / "small")
    assert len(pretraining_of(tmp_path / "small")) == 2


def test_text_without_a_word_is_an_error(tiny_encoder, tmp_path):
    for items in ([], [Sentence(("漢",))]):
        with pytest.raises(DataError, match="nothing to learn from"):
            pretrain_encoder(
                str(tiny_encoder), {"eng": lambda items=items: iter(items)}, PretrainOptions(), tmp_path / "r"
            )


def test_one_sentence_is_enough(tiny_encoder, tmp_path):
    metrics = pretrain_encoder(
        str(tiny_encoder), {"eng": lambda: iter(sentences(1))}, PretrainOptions(), tmp_path / "r"
    )
    assert metrics["steps"] == 1
    assert metrics["held_out"] == {}
    assert metrics["notes"] == ["en: no sentence was held out, so nothing is known of its accuracy"]


def test_the_encoder_of_an_encoder_and_decoder_is_trained_and_saved(tmp_path):
    """Its embeddings have two names."""
    make_encoder(tmp_path / "plain")
    tokenizer = load_tokenizer(tmp_path / "plain")
    config = MT5Config(vocab_size=len(tokenizer), d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    MT5ForConditionalGeneration(config).save_pretrained(tmp_path / "mt5")
    tokenizer.save_pretrained(tmp_path / "mt5")
    fit(tmp_path / "mt5", tmp_path / "run", n=20, epochs=1)
    assert Tagger.fresh(str(tmp_path / "run" / "model"), LabelSet(("PER",))).labels.types == ("PER",)


def test_a_padding_piece_behind_all_others_keeps_no_piece_that_no_text_has(tmp_path):
    last = fit(like_bert(tmp_path / "last", pad_last=True), tmp_path / "a", freeze_embeddings=False)
    first = fit(like_bert(tmp_path / "first"), tmp_path / "b", freeze_embeddings=False)
    assert last["vocabulary"]["used"] == first["vocabulary"]["used"] < last["vocabulary"]["pieces"] - 20
    assert last["held_out"]["eng"]["after"]["loss"] < last["held_out"]["eng"]["before"]["loss"]
