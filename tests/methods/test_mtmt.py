"""The two teachers and their student: what is trained, what is switched off, and what cannot be."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from tests.methods.test_bitext import FAST, LABELS
from tests.toy import make_encoder, sentences

from xlner.core.run_folder import RunFolder
from xlner.errors import UsageError
from xlner.evaluate import score
from xlner.methods.mtmt import MTMT, _two_tasks
from xlner.methods.supervised import supervise
from xlner.methods.task import Source, Task

GOLD = sentences(60, "spa", seed=9)
RAW = [s.without_labels() for s in sentences(120, "spa", seed=5)]


@pytest.fixture(scope="module")
def quick(tiny_encoder):
    return MTMT.Options(encoder=str(tiny_encoder), teacher=FAST, student=replace(FAST, batch_subwords=48))


def task(*sources, **more):
    source = Source(language="eng", sentences=tuple(sentences(120)), name="1-en")
    return Task(sources=sources or (source,), target="spa", labels=LABELS, raw=lambda: iter(RAW), **more)


def fit(asked, options, folder):
    MTMT.check(asked, options)
    folder.mkdir(parents=True, exist_ok=True)
    return MTMT.fit(asked, options, RunFolder(folder))


def parts_of_loss(folder):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return {k for line in lines for k in line} & {"tags", "similarities"}


@pytest.mark.parametrize("loss", ["ce", "mse"])
def test_a_student_of_two_tasks(quick, tmp_path, loss):
    made = fit(task(), replace(quick, loss=loss), tmp_path)
    assert score(GOLD, list(made.model.predict(GOLD))).f1 > 0.9
    assert [t.name for t in made.baselines] == ["1-en"]
    assert (tmp_path / "teachers" / "similarity" / "model" / "config.json").is_file()
    assert parts_of_loss(tmp_path) == {"tags", "similarities"}


@pytest.mark.parametrize("weigh", [True, False])
def test_options_of_two_tasks_reach_them(quick, weigh):
    tagger = SimpleNamespace(tokenizer=SimpleNamespace(get_vocab=dict), model=torch.nn.Linear(1, 1))
    teacher = SimpleNamespace(load=lambda options: tagger)
    options = replace(quick, similarity_weight=0.3, weigh_pairs=weigh)
    _, objective = _two_tasks(teacher, options)(tagger, None, 1)
    assert (objective.weight, objective.weigh) == (0.3, weigh)


def test_without_similarity_it_is_distillation(quick, tmp_path):
    from xlner.methods.distill import Distill

    made = fit(task(), replace(quick, similarity_weight=0), tmp_path / "mtmt")
    plain = Distill.Options(encoder=quick.encoder, teacher=quick.teacher, student=quick.student)
    (tmp_path / "distill").mkdir()
    other = Distill.fit(task(), plain, RunFolder(tmp_path / "distill"))
    assert not (tmp_path / "mtmt" / "teachers" / "similarity").exists()
    weights = [m.model.model.state_dict() for m in (made, other)]
    assert all(w.equal(weights[1][n]) for n, w in weights[0].items())


def test_dev_data_chooses_no_epoch_of_a_head_that_is_not_trained(quick, tmp_path):
    dev = tuple(sentences(20, seed=8))
    fit(task(dev=dev), replace(quick, teacher=replace(FAST, patience=1)), tmp_path)
    lines = (tmp_path / "teachers" / "similarity" / "metrics.jsonl").read_text()
    assert "dev_f1" not in lines
    assert "dev_f1" in (tmp_path / "teachers" / "1-en" / "metrics.jsonl").read_text()


def test_similarity_needs_labelled_data(quick):
    with pytest.raises(UsageError, match="`similarity_weight 0` does without"):
        MTMT.check(task(Source(language="eng", model="x", name="1-en")), quick)


def test_a_student_with_other_subwords_is_refused(quick, tmp_path):
    text = sentences(30)
    other = make_encoder(tmp_path / "other", lower=True)
    (tmp_path / "other" / "tokenizer.json").write_text(
        (tmp_path / "other" / "tokenizer.json").read_text("utf-8").replace("Cadova", "Cadovo"), "utf-8"
    )
    tagger = supervise(
        text, LABELS, encoder=str(other), languages=["eng"], options=replace(FAST, epochs=1), folder=tmp_path / "t"
    )
    tagger.save(tmp_path / "model")
    model = Source(language="eng", model=str(tmp_path / "model"), name="1-en")
    data = Source(language="deu", sentences=tuple(text), name="2-de")
    with pytest.raises(UsageError, match="reads the latter; use `student_from encoder`"):
        fit(task(model, data), replace(quick, student_from="teacher"), tmp_path / "run")
