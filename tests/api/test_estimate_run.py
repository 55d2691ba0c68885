"""What a run without gold data says of its F1."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from tests.quick_model import make_model
from tests.toy import sentences

from xlner.api.estimate_run import estimate_run
from xlner.core.run_folder import RunFolder
from xlner.evaluate import Estimator
from xlner.evaluate.clues import by_heart
from xlner.evaluate.estimator import SHIPPED_ESTIMATOR
from xlner.tagger import Tagger


@pytest.fixture
def student(tmp_path, tiny_encoder):
    """A run of two teachers."""
    make_model(tmp_path / "model", tiny_encoder, types=("LOC", "ORG", "PER"), sure=2.0)
    (tmp_path / "soft_labels").mkdir()
    (tmp_path / "config.yaml").write_text("method: {name: distill, options: {}}\n")
    (tmp_path / "data.json").write_text("{}")
    (tmp_path / "weights.json").write_text(json.dumps({"1-en": 0.5, "2-de": 0.5}))
    return RunFolder(tmp_path)


def estimated(run, count):
    task = SimpleNamespace(raw=lambda: iter(sentences(count, "spa", seed=9)))
    return estimate_run(run, Tagger.load(run.path), task, reads_raw=True)


def test_sentences_come_from_all_over_the_text(student, monkeypatch):
    seen = []
    ask = Tagger.probabilities
    monkeypatch.setattr(Tagger, "probabilities", lambda self, block: seen.extend(block) or ask(self, block))
    assert estimated(student, 450)["sentences"] == 300
    text = [s.words for s in sentences(450, "spa", seed=9)]
    assert [s.words for s in seen] == [text[i] for i in range(450) if i % 3 != 2]


def test_what_limits_the_estimate_is_said(student):
    few, many = (estimated(student, count)["notes"] for count in (40, 200))
    assert any("40 sentences are few" in note for note in few)
    assert not any("sentences are few" in note for note in many)
    assert any("most students of several were better" in note for note in many)
    (student.path / "weights.json").write_text(json.dumps({"1-en": 1.0}))
    assert not any("students of several" in note for note in estimated(student, 40)["notes"])


def test_a_handful_of_sentences_gives_no_figure(student):
    made = estimated(student, 29)
    assert (made["f1"], made["interval"]) == (None, None)
    assert made["notes"] == ["no estimate of F1: 29 sentences of raw text are too few, 30 are needed"]
    assert estimated(student, 30)["f1"] is not None


def test_a_student_knows_little_raw_text_better_by_heart_than_much():
    assert by_heart(0) == by_heart(1_000) == by_heart(10_000) == 1
    assert by_heart(80_000) == pytest.approx(0.5)


def test_the_shipped_estimator_was_fitted_on_what_the_code_says():
    table = Estimator.load(SHIPPED_ESTIMATOR).observed
    learnt = set(table.values[:, table.features.index("learnt")].round(2).tolist())
    assert {0, 1} < learnt  # 1 for 10 000 words of raw text
    assert min(learnt - {0}) < by_heart(100_000)  # and less for a whole training file
