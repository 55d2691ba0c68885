"""Students with fewer layers than what they start from."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from tests.toy import make_encoder, sentences
from transformers import AutoModelForTokenClassification

from xlner.core.labels import LabelSet
from xlner.core.run_folder import RunFolder
from xlner.errors import OptionError, UsageError
from xlner.evaluate import score
from xlner.methods.bitext import BitextTransfer
from xlner.methods.distill import Distill
from xlner.methods.starting import starting_student
from xlner.methods.task import Bitext, Source, Task
from xlner.methods.teachers import Teacher, teacher_of
from xlner.train import TrainOptions
from xlner.train import state_matching as matching

FAST = TrainOptions(learning_rate=5e-3, batch_subwords=256, freeze_embeddings=False, checkpoint_seconds=0)
STUDENT = replace(FAST, batch_subwords=64, epochs=2)
SOURCE = Source(language="eng", sentences=tuple(sentences(200)), name="1-en")
RAW = [s.without_labels() for s in sentences(200, "spa", seed=5)]
TASK = Task(sources=(SOURCE,), target="spa", labels=LabelSet(("LOC", "PER")), raw=lambda: iter(RAW))
GOLD = sentences(60, "spa", seed=9)


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    encoder = make_encoder(tmp_path_factory.mktemp("deep") / "encoder", layers=4)
    return Distill.Options(encoder=str(encoder), teacher=replace(FAST, epochs=3), student=STUDENT, chunk_sentences=64)


@pytest.fixture(scope="module")
def task(options, tmp_path_factory):
    """With a trained teacher of four layers."""
    folder = tmp_path_factory.mktemp("teacher")
    teacher_of(SOURCE, TASK, folder, encoder=options.encoder, options=options.teacher)
    return replace(TASK, sources=(Source(language="eng", model=str(folder), name="1-en"),))


@pytest.fixture(scope="module")
def fit(task, options):
    def run(folder, **changes):
        return Distill.fit(task, replace(options, encoder="embedded", **changes), RunFolder(folder)).model

    return run


def lines(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def weights(tagger):
    return torch.cat([p.detach().flatten() for p in tagger.model.parameters()])


def test_a_student_of_two_layers_learns_and_loads_everywhere(fit, tmp_path):
    student = fit(tmp_path, student_layers=2)
    assert score(GOLD, list(student.predict(GOLD))).f1 > 0.9
    loaded = AutoModelForTokenClassification.from_pretrained(student.save(tmp_path / "model"))
    assert loaded.config.num_hidden_layers == len(loaded.base_model.encoder.layer) == 2


@pytest.mark.parametrize(("layers", "passes", "frozen"), [(None, 1, None), (4, 1, None), (3, None, 0)])
def test_a_smaller_student_takes_more_passes_and_freezes_no_layer_above_a_gap(task, options, layers, passes, frozen):
    source = task.sources[0]
    teacher = Teacher(name="1-en", model=source.model, labels=task.labels, given=True)
    how = replace(options, encoder="embedded", student=FAST, student_layers=layers)
    settings = starting_student([teacher], task, how, [{"LOC", "PER"}]).settings
    assert (settings.epochs, settings.freeze_layers) == (passes, frozen)


def test_hidden_states_come_nearer_to_those_of_the_teacher(fit, tmp_path):
    distances = {}
    for weight in (1e-6, 2.0):
        fit(tmp_path / str(weight), student_layers=2, student_match=weight)
        distances[weight] = [line["states"] for line in lines(tmp_path / str(weight)) if "states" in line]
    assert distances[2.0][-1] < 0.7 * distances[1e-6][-1]


def test_a_killed_student_that_matches_states_ends_with_the_same_weights(fit, tmp_path, monkeypatch):
    how = {"student_layers": 2, "student_match": 1.0}
    whole = fit(tmp_path / "whole", **how)
    steps = iter(range(9))
    distance = matching.StateMatching._distance

    def broken(self, stream):
        if next(steps, None) is None:
            raise KeyboardInterrupt
        return distance(self, stream)

    with monkeypatch.context() as patch:
        patch.setattr(matching.StateMatching, "_distance", broken)
        with pytest.raises(KeyboardInterrupt):
            fit(tmp_path / "killed", **how)
    assert torch.equal(weights(fit(tmp_path / "killed", **how)), weights(whole))


def test_the_states_of_a_whole_student_are_those_of_its_teacher_at_first(fit, tmp_path):
    fit(tmp_path, student_match=1.0, student=replace(STUDENT, learning_rate=1e-9, dropout=0.0))
    distances = [line["states"] for line in lines(tmp_path) if "states" in line]
    assert 0 <= max(distances) < 1e-6


def test_more_layers_than_there_are_is_an_error(fit, tmp_path):
    with pytest.raises(OptionError, match=r"`student_layers` is 9, but what the student starts from \(1-en\) has 4"):
        fit(tmp_path, student_layers=9)


def test_states_of_no_teacher_cannot_be_matched(fit, tmp_path):
    with pytest.raises(UsageError, match="`student_match` needs a student that starts from a teacher"):
        fit(tmp_path, student_from="encoder", student_match=1.0)


def test_methods_of_projection_have_smaller_students_too(task, options, tmp_path):
    pairs = sentences(200), sentences(200, "spa")
    bitext = Bitext(language="eng", source=lambda: iter(pairs[0]), target=lambda: iter(pairs[1]))
    how = BitextTransfer.Options(
        student=STUDENT, student_layers=2, student_match=0.5,
        aligner={"name": "layers", "encoder": options.encoder}, co_teaching=0.1,
    )  # fmt: skip
    student = BitextTransfer.fit(replace(task, bitext=(bitext,)), how, RunFolder(tmp_path)).model
    assert student.model.config.num_hidden_layers == 2
    assert {"student", "peer", "states"} <= lines(tmp_path)[-1].keys()
