"""Several seeds of one teacher: their probabilities or their weights are averaged."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.toy import sentences
from transformers import MT5Config, MT5EncoderModel

from xlner.core.labels import LabelSet
from xlner.core.run_folder import RunFolder
from xlner.encoder import load_tokenizer
from xlner.evaluate import score
from xlner.methods import supervised
from xlner.methods.direct import Direct
from xlner.methods.distill import Distill
from xlner.methods.task import Source, Task
from xlner.methods.teachers import teachers_of
from xlner.methods.weights import TeacherWeights
from xlner.train import TrainOptions

FAST = TrainOptions(learning_rate=1e-2, batch_subwords=256, freeze_embeddings=False, checkpoint_seconds=0, epochs=2)
SOURCE = Source(language="eng", sentences=tuple(sentences(100)), name="1-en")
RAW = [s.without_labels() for s in sentences(100, "spa", seed=5)]
TASK = Task(sources=(SOURCE,), target="spa", labels=LabelSet(("LOC", "PER")), raw=lambda: iter(RAW))
GOLD = sentences(60, "spa", seed=9)


@pytest.fixture
def options(tiny_encoder):
    return Distill.Options(encoder=str(tiny_encoder), teacher=FAST, student=FAST, chunk_sentences=64)


def weights(folder):
    return load_file(folder / "model" / "model.safetensors")


def test_all_seeds_label_the_raw_text(options, tmp_path):
    student = Distill.fit(TASK, replace(options, teacher_seeds=2), RunFolder(tmp_path)).model
    assert json.loads((tmp_path / "weights.json").read_text()) == {"1-en": 0.5, "1-en-seed-2": 0.5}
    assert json.loads((tmp_path / "weights_detail.json").read_text())["student_starts_from"] == "1-en"
    first, second = (weights(tmp_path / "teachers" / name) for name in ("1-en", "1-en-seed-2"))
    assert not torch.equal(first["classifier.weight"], second["classifier.weight"])
    assert score(GOLD, list(student.predict(GOLD))).f1 > 0.9


def test_the_first_seed_is_the_teacher_of_a_run_with_one(options, tmp_path):
    made = [
        teachers_of([SOURCE], TASK, replace(options, teacher_seeds=n), RunFolder(tmp_path / str(n))) for n in (1, 2)
    ]
    first, second = (weights(tmp_path / str(n) / "teachers" / "1-en") for n in (1, 2))
    assert all(torch.equal(first[n], second[n]) for n in first)
    assert [len(teachers[0].siblings) for teachers in made] == [0, 1]


def test_means_of_weights_are_one_teacher(options, tmp_path):
    how = replace(options, teacher_seeds=3, average="weights", teacher=replace(FAST, freeze_layers=1, epochs=5))
    (teacher,) = teachers_of([SOURCE], TASK, how, RunFolder(tmp_path))
    folder = tmp_path / "teachers" / "1-en"
    seeds = [weights(folder / "seeds" / str(n)) for n in (1, 2, 3)]
    mean = weights(folder)
    for name, weight in mean.items():
        assert torch.allclose(weight, torch.stack([s[name] for s in seeds]).mean(0), atol=1e-6)
    assert all(torch.equal(mean[n], seeds[0][n]) for n in mean if ".layer.0." in n)  # frozen
    assert not torch.equal(seeds[0]["classifier.weight"], seeds[1]["classifier.weight"])
    assert teacher.siblings == ()
    tagger = teacher.load(FAST)
    assert score(GOLD, list(tagger.predict(GOLD))).f1 > 0.9


def test_a_finished_seed_is_not_trained_again(options, tmp_path, monkeypatch):
    how = replace(options, teacher_seeds=2, average="weights")
    teachers_of([SOURCE], TASK, how, RunFolder(tmp_path / "whole"))
    train, runs = supervised.train, []

    def killed(*args, **kwargs):
        runs.append(kwargs["folder"].name)
        if len(runs) == 2:
            raise KeyboardInterrupt
        return train(*args, **kwargs)

    monkeypatch.setattr(supervised, "train", killed)
    with pytest.raises(KeyboardInterrupt):
        teachers_of([SOURCE], TASK, how, RunFolder(tmp_path / "killed"))
    teachers_of([SOURCE], TASK, how, RunFolder(tmp_path / "killed"))
    assert runs == ["1", "2", "2"]
    means = [weights(tmp_path / run / "teachers" / "1-en") for run in ("whole", "killed")]
    assert all(torch.equal(means[0][n], means[1][n]) for n in means[0])


def test_direct_transfer_can_average_seeds_too(options, tmp_path):
    how = Direct.Options(encoder=options.encoder, teacher=FAST, teacher_seeds=2)
    tagger = Direct.fit(TASK, how, RunFolder(tmp_path)).model
    seeds = [weights(tmp_path / "seeds" / n)["classifier.weight"] for n in "12"]
    assert torch.allclose(tagger.model.classifier.weight, (seeds[0] + seeds[1]) / 2, atol=1e-6)


def test_seeds_of_models_alone_have_no_effect_and_that_is_said(options, tmp_path):
    teachers_of([SOURCE], TASK, options, RunFolder(tmp_path / "first"))
    model = str(tmp_path / "first" / "teachers" / "1-en")
    alone = replace(TASK, sources=(Source(language="eng", model=model, name="1-en"),))
    made = Distill.fit(alone, replace(options, teacher_seeds=2), RunFolder(tmp_path / "second"))
    assert made.notes == ("all sources are models and were taken as they are: `teacher_seeds` had no effect",)


def test_seeds_share_the_weight_of_their_source():
    rows = np.array([[0.4, 0.6], [1.0, 0.0]], np.float32)
    given = TeacherWeights(rule="x", language=rows[0], types={"PER": rows[1]}, sentences=rows)
    more = given.divided([2, 1])
    assert more.language == pytest.approx([0.2, 0.2, 0.6])
    assert more.types["PER"] == pytest.approx([0.5, 0.5, 0])
    assert more.sentences == pytest.approx(np.array([[0.2, 0.2, 0.6], [0.5, 0.5, 0]]))


def test_means_of_an_encoder_whose_embeddings_have_two_names(tiny_encoder, tmp_path):
    """T5 has one table under two names, of which the files hold one."""
    tokenizer = load_tokenizer(tiny_encoder)
    config = MT5Config(vocab_size=len(tokenizer), d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    MT5EncoderModel(config).save_pretrained(tmp_path / "mt5")
    tokenizer.save_pretrained(tmp_path / "mt5")
    how = Direct.Options(encoder=str(tmp_path / "mt5"), teacher=replace(FAST, epochs=1), teacher_seeds=2)
    few = replace(TASK, sources=(replace(SOURCE, sentences=SOURCE.sentences[:20]),))
    mean = Direct.fit(few, how, RunFolder(tmp_path / "run")).model.model
    seeds = [load_file(tmp_path / "run" / "seeds" / n / "model" / "model.safetensors") for n in "12"]
    (name,) = [n for n, weight in seeds[0].items() if len(weight) == len(tokenizer)]
    assert not torch.equal(seeds[0][name], seeds[1][name])
    table = mean.get_input_embeddings().weight
    assert torch.allclose(table, (seeds[0][name] + seeds[1][name]) / 2, atol=1e-6)
    assert all(w is table for n, w in mean.named_parameters(remove_duplicate=False) if len(w) == len(tokenizer))
