"""Methods on an encoder that first reads the raw text of the task."""

from __future__ import annotations

import json

import pytest
import torch
from tests.toy import sentences, write_conll, write_text

from xlner.api.transfer import train, transfer
from xlner.encoder.history import pretraining_of
from xlner.errors import UsageError
from xlner.methods import METHODS, adapting
from xlner.methods.task import Source, Task
from xlner.tagger import Tagger
from xlner.train.pretraining import pretrain_encoder

QUICK = {"learning_rate": 1e-2, "epochs": 1, "batch_subwords": 256}


@pytest.fixture
def files(tmp_path, tiny_encoder):
    """Labelled English, raw Spanish, and options of a quick training."""
    options = {"encoder": str(tiny_encoder), "teacher": QUICK, "pretrain": {"epochs": 2, "batch_subwords": 256}}
    source = ("eng", str(write_conll(tmp_path / "en.conll", sentences(40))))
    target = ("spa", str(write_text(tmp_path / "es.txt", sentences(60, "spa"))))
    return source, target, options


def embeddings(model):
    return Tagger.load(model).model.base_model.state_dict()


def test_teacher_and_student_start_from_it(files, tmp_path, monkeypatch):
    source, target, options = files
    started = []
    fresh = Tagger.fresh.__func__
    monkeypatch.setattr(
        Tagger, "fresh", classmethod(lambda cls, name, *a, **k: started.append(name) or fresh(cls, name, *a, **k))
    )
    made = transfer(
        [source], target, tmp_path / "run", method="distill",
        options={**options, "student": QUICK, "student_from": "encoder"},
    )  # fmt: skip
    encoder = tmp_path / "run" / "encoder" / "model"
    assert started == [options["encoder"], str(encoder), str(encoder)]
    texts = pretraining_of(encoder)[0]["texts"]
    assert [(t["language"], t["sentences"]) for t in texts] == [("spa", 57), ("eng", 38)]
    assert "trained further on raw text" in (tmp_path / "run" / "model" / "README.md").read_text()
    assert json.loads((tmp_path / "run" / "encoder" / "metrics.json").read_text())["steps"] > 0
    assert [s.name for s in made.steps][:2] == ["pretrain", "train teachers"]
    assert (tmp_path / "run" / "fitted.json").read_text().count('"pretrain"') == 1


def test_plain_training_reads_its_own_text(files, tmp_path):
    source, _, options = files
    train([source], tmp_path / "run", options=options)
    assert [t["language"] for t in pretraining_of(tmp_path / "run" / "encoder")[0]["texts"]] == ["eng"]


def test_it_is_off_by_default(files, tmp_path):
    source, _, options = files
    del options["pretrain"]
    train([source], tmp_path / "run", options=options)
    assert not (tmp_path / "run" / "encoder").exists()
    assert METHODS.options("distill", {}).pretrain.epochs == 0


def test_its_settings_without_it_are_refused():
    with pytest.raises(UsageError, match=r"`pretrain.learning_rate` works with `pretrain.epochs` of at least 1"):
        METHODS.options("distill", {"pretrain": {"learning_rate": 1e-3}})
    assert METHODS.options("distill", {"pretrain": {"seed": 3, "device": "cpu"}}).pretrain.seed == 3


def test_another_seed_of_it_is_another_run(files, tmp_path):
    source, _, options = files
    train([source], tmp_path / "run", options=options)
    with pytest.raises(UsageError, match=r"different: pretrain\.seed"):
        train([source], tmp_path / "run", options={**options, "pretrain": {**options["pretrain"], "seed": 2}})


def test_a_run_that_was_begun_before_the_option_goes_on(files, tmp_path):
    source, _, options = files
    del options["pretrain"]
    train([source], tmp_path / "run", options=options)
    import yaml

    place = tmp_path / "run" / "config.yaml"
    record = yaml.safe_load(place.read_text())
    del record["method"]["options"]["pretrain"]
    place.write_text(yaml.safe_dump(record))
    assert train([source], tmp_path / "run", options=options).remarks[-1].startswith("this run was finished before")


def test_killed_after_it_the_encoder_is_not_trained_again(files, tmp_path, monkeypatch):
    source, _, options = files
    train([source], tmp_path / "whole", options=options)

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("xlner.methods.supervised.supervise", killed)
        with pytest.raises(KeyboardInterrupt):
            train([source], tmp_path / "cut", options=options)
    stamp = (tmp_path / "cut" / "encoder" / "model" / "model.safetensors").stat().st_mtime_ns
    train([source], tmp_path / "cut", options=options)
    assert (tmp_path / "cut" / "encoder" / "model" / "model.safetensors").stat().st_mtime_ns == stamp
    whole, cut = embeddings(tmp_path / "whole"), embeddings(tmp_path / "cut")
    assert all(torch.equal(whole[k], cut[k]) for k in whole)


def test_sources_that_are_models_keep_their_encoders(files, tmp_path):
    source, target, options = files
    train([source], tmp_path / "teacher", options={k: options[k] for k in ("encoder", "teacher")})
    model = ("eng", str(tmp_path / "teacher"))
    for method in ("direct", "distill"):
        more = {"student_from": "teacher"} if method == "distill" else {}
        with pytest.raises(UsageError, match="all sources are models, which keep the encoders that they have"):
            transfer([model], target, tmp_path / "run", method=method, options={**options, **more})
        assert not (tmp_path / "run").exists()
    made = transfer([model], target, tmp_path / "run", method="distill", options={**options, "student": QUICK})
    detail = json.loads((tmp_path / "run" / "weights_detail.json").read_text())
    assert detail["student_starts_from"] == "encoder"
    assert made.metrics["notes"] == [
        "source 1-en is a model and keeps the encoder that it has; the one trained further is for the others"
    ]


def test_the_text_of_a_source_that_is_a_model_is_read_too():
    raw, text = sentences(3, "spa"), tuple(sentences(2))
    source = Source(language="eng", model="somewhere", text=text, name="1-en")
    task = Task(sources=(source,), target="spa", labels=None, raw=lambda: iter(raw))
    texts = adapting.texts_of(task)
    assert list(texts) == ["spa", "eng"]
    assert list(texts["eng"]()) == list(text)
    assert list(texts["spa"]()) == list(texts["spa"]()) == raw


def test_runs_with_an_encoder_that_was_trained_further_say_so(files, tmp_path, tiny_encoder):
    source, _, options = files
    del options["pretrain"]
    from xlner.train.masked_options import PretrainOptions

    pretrain_encoder(
        str(tiny_encoder), {"spa": lambda: iter(sentences(50, "spa"))}, PretrainOptions(), tmp_path / "encoder"
    )
    train([source], tmp_path / "run", options={**options, "encoder": str(tmp_path / "encoder")})
    data = json.loads((tmp_path / "run" / "data.json").read_text())
    assert data["encoder"]["pretraining"][0]["texts"] == [{"language": "spa", "sentences": 48, "words": 314}]
    card = (tmp_path / "run" / "model" / "README.md").read_text()
    assert "The encoder was trained further on raw text with masked words: spa (48 sentences)." in card
