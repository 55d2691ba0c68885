"""The method consistency: what its copies are, and what it refuses."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from tests.methods.test_distill import FAST, GOLD, fit, source, task

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.errors import UsageError
from xlner.evaluate import score
from xlner.methods.consistency import Consistency, _copies
from xlner.tagger import Tagger


@pytest.fixture
def options(tiny_encoder):
    def with_values(**values):
        given = {"encoder": str(tiny_encoder), "teacher": FAST, "student": FAST, "chunk_sentences": 64}
        return Consistency.Options(**{**given, "student_from": "encoder", **values})

    return with_values


def test_a_student_learns_the_target_and_says_both_losses(options, tmp_path):
    student = fit("consistency", task(source()), options(), tmp_path)
    assert score(GOLD, list(student.predict(GOLD))).f1 > 0.9
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert {"labels", "consistency"} <= lines[-1].keys()


def test_options_reach_the_objective_and_the_copies(options, tiny_encoder):
    student = Tagger.fresh(str(tiny_encoder), LabelSet(("LOC", "PER")))
    asked = options(consistency_weight=0.7, consistency_rise=0.2, subword_dropout=0.3)
    copies, objective = Consistency.learning(task(source()), asked)(student, SimpleNamespace(sizes=(1,)), 1)
    assert objective.weight(0.1) < objective.weight(0.2) == objective.weight(1.0) == 0.7
    assert copies._dropout == 0.3


def test_names_are_swapped_for_those_that_the_soft_labels_tell(options, tiny_encoder):
    seed_everything(1)
    student = Tagger.fresh(str(tiny_encoder), LabelSet(("LOC", "PER")))
    asked = options(perturb={"entity-replacement": {"same_length": True, "rate": 1.0}})
    rows = np.eye(5, dtype=np.float32)
    words = [list(s.words) for s in GOLD]
    targets = [rows[student.labels.tag_ids(s)] for s in GOLD]
    made = _copies(student, "spa", asked, 1)(0, 0, words, targets)
    names = {w for s in GOLD for x in s.spans for w in s.words[x.start : x.end]}
    assert [len(m) for m in made] == [len(w) for w in words]
    changed = {(a, b) for m, w in zip(made, words, strict=True) for a, b in zip(w, m, strict=True) if a != b}
    assert changed
    assert {w for pair in changed for w in pair} <= names
    assert made != _copies(student, "spa", asked, 1)(1, 0, words, targets)
    assert made != _copies(student, "spa", asked, 2)(0, 0, words, targets)  # the seed of another round


@pytest.mark.parametrize(
    ("chosen", "what"), [("typos,longer-sentences", "longer-sentences"), ("entity-replacement", "entity-replacement")]
)
def test_changes_that_make_other_words_are_refused_before_work(options, tmp_path, chosen, what):
    with pytest.raises(UsageError, match=f"`perturb` compares word by word, and {what} does not keep"):
        fit("consistency", task(source()), options(perturb=chosen), tmp_path)
    assert not any(tmp_path.iterdir())
