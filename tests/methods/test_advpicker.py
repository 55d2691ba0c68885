"""The method advpicker: which raw sentences are chosen, by what, and who teaches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file
from tests.methods.test_distill import FAST, GOLD, fit, people_only, source, task
from tests.quick_model import make_model
from tests.toy import sentences

from xlner.core.run_folder import RunFolder
from xlner.errors import UsageError
from xlner.evaluate import score
from xlner.methods import selecting
from xlner.methods.advpicker import AdvPicker
from xlner.methods.selecting import Nearness, certainty, chosen, doubt, write_scores
from xlner.methods.task import Source
from xlner.tagger import Tagger


@pytest.fixture
def options(tiny_encoder):
    def with_values(**values):
        given = {"encoder": str(tiny_encoder), "teacher": FAST, "student": FAST, "chunk_sentences": 64}
        if "select_by" not in values:
            given["discriminator_size"] = 16
        return AdvPicker.Options(**{**given, **values})

    return with_values


def test_the_best_sentences_are_taken_in_their_order(tmp_path):
    raw = [replace(s, words=(), spans=()) if i == 3 else s for i, s in enumerate(sentences(11))]

    def score(block):
        return np.array([-len(s) for s in block])

    write_scores(lambda: iter(raw), score, tmp_path / "scores", chunk_sentences=4)
    stream, count, total = chosen(lambda: iter(raw), tmp_path / "scores", 0.5)
    assert (count, total) == (5, 10)
    made = list(stream())
    filled = [s for s in raw if s.words]
    assert made == [s for s in filled if s in made]
    assert max(map(len, made)) <= min(len(s) for s in filled if s not in made)
    assert len(list(chosen(lambda: iter(raw), tmp_path / "scores", 0.001)[0]())) == 1
    assert list(chosen(lambda: iter(raw), tmp_path / "scores", 1.0)[0]()) == filled


def test_doubt_is_greatest_at_a_half(monkeypatch):
    monkeypatch.setattr(selecting, "target_probabilities", lambda *_: np.array([0.5, 0.1, 0.9, 1.0]))
    assert doubt(None, None, []) == pytest.approx([1, 0.6, 0.6, 0.5])


def test_a_student_of_the_adversarial_teacher(options, tmp_path):
    chosen_task = task(source())
    student = fit("advpicker", chosen_task, options(select_share=0.6), tmp_path)
    assert score(GOLD, list(student.predict(GOLD))).f1 > 0.7  # of a random encoder that has fewer hints
    assert student.languages == ("eng", "spa")
    assert [p.name for p in (tmp_path / "teachers").iterdir()] == ["adversarial"]
    labelled = load_file(tmp_path / "soft_labels" / "adversarial" / "00001.safetensors")
    assert len(labelled["lengths"]) == 120 - 64
    scores = load_file(tmp_path / "raw_scores.safetensors")["scores"]
    assert len(scores) == 200
    assert ((scores >= 0.5) & (scores <= 1)).all()


def test_the_teachers_of_distillation_can_teach_instead(options, tmp_path):
    student = fit("advpicker", task(source()), options(adversarial_teacher=False), tmp_path)
    assert sorted(p.name for p in (tmp_path / "soft_labels").iterdir()) == ["1-en"]
    assert score(GOLD, list(student.predict(GOLD))).f1 > 0.9


@pytest.mark.parametrize("way", ["similarity", "uncertainty"])
def test_no_adversary_for_the_other_ways(options, tmp_path, way):
    made = AdvPicker.fit(task(source()), options(select_by=way, select_share=0.5), RunFolder(tmp_path))
    assert score(GOLD, list(made.model.predict(GOLD))).f1 > 0.9
    assert made.notes[0] == f"learnt from 100 of 200 raw sentences, chosen by {way}"
    assert [p.name for p in (tmp_path / "teachers").iterdir()] == ["1-en"]


def test_certain_sentences_are_those_of_little_entropy(tmp_path, tiny_encoder):
    tagger = Tagger.load(make_model(tmp_path / "model", tiny_encoder))
    items = sentences(20)
    made = certainty([tagger], items)
    rows = tagger.probabilities(items)
    np.testing.assert_allclose(made, [(r * np.log(r)).sum(1).mean() for r in rows], rtol=1e-4)
    np.testing.assert_allclose(certainty([tagger, tagger], items), made)


def test_near_sentences_are_those_of_the_source_itself(tiny_encoder):
    near = Nearness([source()], str(tiny_encoder), "cpu")
    english, spanish = (near(sentences(80, code, seed=3)) for code in ("eng", "spa"))
    assert english.mean() > spanish.mean()
    both = Nearness([source(), Source(language="spa", sentences=tuple(sentences(80, "spa")))], str(tiny_encoder), "cpu")
    assert (both(sentences(10, "spa", seed=3)) >= near(sentences(10, "spa", seed=3)) - 1e-6).all()


def test_a_model_takes_part_with_text_that_it_labels_itself(options, tmp_path, tiny_encoder):
    model = str(make_model(tmp_path / "model", tiny_encoder))
    text = tuple(s.without_labels() for s in sentences(100))
    alone = Source(language="eng", model=model, name="1-en", text=text)
    made = fit("advpicker", task(alone, n=60), options(), tmp_path / "run")
    assert made.languages == ("eng", "spa")
    bare = replace(alone, text=())
    with pytest.raises(UsageError, match="source en is a model; give `source_text en=FILE`"):
        fit("advpicker", task(bare), options(), tmp_path / "bare")
    fit("advpicker", task(bare, n=20), options(select_by="uncertainty"), tmp_path / "sure")


def test_what_does_not_fit_is_said_before_work(options, tmp_path):
    half = replace(source("2-en"), sentences=tuple(map(people_only, sentences(50))))
    with pytest.raises(UsageError, match="trains one tagger on all labelled sources, and they have different types"):
        fit("advpicker", task(source(), half), options(), tmp_path)
    with pytest.raises(UsageError, match="`weights language-id` is for several teachers"):
        fit("advpicker", task(source()), options(weights="language-id"), tmp_path)
    with pytest.raises(UsageError, match="`pool` is for several teachers"):
        fit("advpicker", task(source()), options(pool=True), tmp_path)
    with pytest.raises(UsageError, match="`teacher_seeds 3` is for several teachers"):
        fit("advpicker", task(source()), options(teacher_seeds=3), tmp_path)
    assert not any(tmp_path.iterdir())
