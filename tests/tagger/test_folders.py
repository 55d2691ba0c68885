"""Heads and folders: what is drawn anew, what is copied, what is never deleted."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.toy import make_encoder, sentences
from tokenizers import processors

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.encoder import load_tokenizer
from xlner.encoder.words import special_tokens
from xlner.errors import ModelError, UsageError
from xlner.tagger import Tagger
from xlner.tagger.encode import WordEncoder

LABELS = LabelSet(("LOC", "PER"))


@pytest.fixture(scope="module")
def ner(tiny_encoder, tmp_path_factory):
    """A NER model with a head that says something."""
    seed_everything(5)
    tagger = Tagger.fresh(str(tiny_encoder), LABELS, precision="fp32")
    with torch.no_grad():
        tagger.model.classifier.weight.mul_(30)
        tagger.model.classifier.bias.normal_()
    return tagger.save(tmp_path_factory.mktemp("ner") / "model")


def rows(tagger):
    return np.concatenate(tagger.probabilities(sentences(20)))


@pytest.mark.parametrize("types", [("LOC", "PER"), ("ORG", "PER"), ("A", "B", "C")])
def test_a_fresh_tagger_on_a_ner_model_draws_a_new_head(ner, types):
    old = Tagger.load(ner)
    heads = []
    for seed in (1, 1, 2):
        seed_everything(seed)
        fresh = Tagger.fresh(str(ner), LabelSet(types))
        assert tuple(fresh.network.tags) == LabelSet(types).tags
        heads.append(fresh.model.classifier.weight.detach())
        assert fresh.model.classifier.bias.abs().sum() == 0
        assert heads[-1].std() == pytest.approx(0.02, rel=0.3)
        encoders = [dict(t.model.base_model.named_parameters()) for t in (old, fresh)]
        assert all(torch.equal(encoders[0][n], encoders[1][n]) for n in encoders[0])
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])


def test_weights_that_do_not_fit_their_config_are_refused(tiny_encoder, tmp_path):
    shutil.copytree(tiny_encoder, tmp_path / "m")
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    (tmp_path / "m" / "config.json").write_text(json.dumps({**config, "intermediate_size": 48}))
    with pytest.raises(ModelError, match="size of bert"):
        Tagger.fresh(str(tmp_path / "m"), LABELS)


@pytest.mark.parametrize("mapping", [{"LOC": "PER", "PER": "LOC"}, {"PER": "LOC", "LOC": "ORG"}, {"LOC": "O"}, {}])
@pytest.mark.parametrize("named", [True, False])
def test_a_map_survives_with_matching_head_and_save(ner, tmp_path, mapping, named):
    types = sorted({mapping.get(t, t) for t in LABELS.types} - {"O"})
    labels = LabelSet(tuple(types)) if named else None
    mapped = Tagger.load(ner, mapping=mapping, labels=labels, precision="fp32")
    weights = {k: v.clone() for k, v in mapped.model.state_dict().items()}
    before = rows(mapped)
    own = mapped.with_matching_head()
    assert own is not mapped
    assert own.has_matching_head
    assert own.labels == mapped.labels
    again = Tagger.load(own.save(tmp_path / "model"), precision="fp32")
    if "O" not in mapping.values():  # else what the removed type had goes to O before, and to all after
        assert rows(own) == pytest.approx(before, abs=1e-6)
    assert rows(again) == pytest.approx(rows(own), abs=1e-6)
    if mapping:
        assert not mapped.has_matching_head
        with pytest.raises(ModelError, match="mapped outputs"):
            mapped.save(tmp_path / "other")
    with torch.no_grad():
        for parameter in own.model.parameters():
            parameter.zero_()
    assert all(torch.equal(weights[k], v) for k, v in mapped.model.state_dict().items())
    assert np.array_equal(rows(mapped), before)


@pytest.mark.parametrize("name", ["thesis.txt", "photos/1.jpg", ".git/config", "data.json", "README.md"])
def test_a_folder_of_the_user_is_not_deleted(ner, tmp_path, name):
    file = tmp_path / "mine" / name
    file.parent.mkdir(parents=True)
    file.write_text("years of work")
    with pytest.raises(UsageError, match="holds other things"):
        Tagger.load(ner).save(tmp_path / "mine")
    assert file.read_text() == "years of work"
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


def test_a_model_of_the_user_is_not_replaced(ner, tiny_encoder, tmp_path):
    theirs = shutil.copytree(tiny_encoder, tmp_path / "theirs")
    before = (theirs / "model.safetensors").read_bytes()
    with pytest.raises(UsageError, match="holds other things"):
        Tagger.load(ner).save(theirs)
    assert (theirs / "model.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    "tags",
    [
        ["O", "LOC-B", "LOC-I", "PER-B", "PER-I"],
        ["O", "B_LOC", "I_LOC", "B_PER", "I_PER"],
        ["o", "b-LOC", "i-LOC", "b-PER", "i-PER"],
        ["O", "LOC", "PER"],
        ["PER", "O", "LOC"],
    ],
)
def test_tags_spelt_in_another_way_are_read_as_in_files_and_saved_in_ours(ner, tmp_path, tags):
    theirs = shutil.copytree(ner, tmp_path / "theirs")
    config = json.loads((theirs / "config.json").read_text())
    config |= {"id2label": dict(enumerate(tags)), "label2id": {t: i for i, t in enumerate(tags)}}
    (theirs / "config.json").write_text(json.dumps(config))
    if len(tags) == 3:
        weights = load_file(theirs / "model.safetensors")
        weights |= {n: weights[n][: len(tags)].clone() for n in weights if n.startswith("classifier")}
        save_file(weights, theirs / "model.safetensors", metadata={"format": "pt"})
    tagger = Tagger.load(theirs)
    assert sorted(tagger.labels.types) == ["LOC", "PER"]
    own = tagger if tagger.has_matching_head else tagger.with_matching_head()
    saved = own.save(tmp_path / "ours")
    names = json.loads((saved / "config.json").read_text())["id2label"]
    assert tuple(names[i] for i in sorted(names)) == own.labels.tags
    assert Tagger.load(saved).labels == own.labels


def test_a_model_without_o_says_how_to_mend_it(ner, tmp_path):
    theirs = shutil.copytree(ner, tmp_path / "theirs")
    config = json.loads((theirs / "config.json").read_text())
    config["id2label"]["0"] = "B-ORG"
    (theirs / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"no tag O among .* in id2label of its config\.json"):
        Tagger.load(theirs)


def test_a_file_beside_a_saved_model_is_not_deleted(ner, tmp_path):
    tagger = Tagger.load(ner)
    tagger.save(tmp_path / "m", card="# one")
    tagger.save(tmp_path / "m", card="# two")
    assert (tmp_path / "m" / "README.md").read_text() == "# two"
    (tmp_path / "m" / "notes.txt").write_text("x")
    with pytest.raises(UsageError, match=r"notes\.txt"):
        tagger.save(tmp_path / "m")
    (tmp_path / "f").write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        tagger.save(tmp_path / "f")
    (tmp_path / "empty").mkdir()
    tagger.save(tmp_path / "empty")


@pytest.mark.parametrize(
    ("template", "around"),
    [
        ("<s> $A", ([0], [])),
        ("$A </s>", ([], [2])),
        ("$A", ([], [])),
        ("<s> $A </s>", ([0], [2])),
        ("<s> </s> $A", ([0, 2], [])),
    ],
)
def test_special_tokens_stand_where_the_tokenizer_puts_them(tiny_encoder, template, around):
    tokenizer = load_tokenizer(tiny_encoder)
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=template, special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    assert special_tokens(tokenizer) == around
    words = ["Ana", "visits", "Arcol"]
    (window,) = WordEncoder(tokenizer).windows([words])
    assert window.ids.tolist() == tokenizer(words, is_split_into_words=True)["input_ids"]


def test_an_encoder_with_only_a_bos_is_aligned_with_it_in_front(tmp_path):
    folder = make_encoder(tmp_path / "bos")
    tokenizer = load_tokenizer(folder)
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 0)]
    )
    tokenizer.save_pretrained(folder)
    from xlner.align.subwords import SubwordEncoder

    encoder = SubwordEncoder(str(folder), device="cpu")
    assert (encoder._prefix, encoder._suffix) == ([0], [])
