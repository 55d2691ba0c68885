from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from tests.toy import sentences

from xlner.core.labels import LabelSet
from xlner.core.run_folder import RunFolder
from xlner.methods.distill import Distill
from xlner.methods.keep import _sample, cross_entropy, keep, kept_note
from xlner.methods.task import Source, Task
from xlner.tagger import Tagger
from xlner.train import TrainOptions

LABELS = LabelSet(("LOC", "PER"))


class Chunks:
    """Soft labels that a tagger gave."""

    def __init__(self, tagger: Tagger, text) -> None:
        self.text, self.rows, self.sizes = text, tagger.probabilities(text), (len(text),)

    def sentences(self, index):
        return [list(s.words) for s in self.text], self.rows, [np.ones(len(r)) for r in self.rows]


@pytest.fixture
def pair(tiny_encoder):
    torch.manual_seed(0)
    return tuple(Tagger.fresh(str(tiny_encoder), LABELS) for _ in range(2))


@pytest.mark.parametrize("right", [0, 1])
@pytest.mark.parametrize("frozen", [False, True])  # updates of LoRA are added to weights that were frozen
def test_auto_keeps_the_model_that_says_what_the_soft_labels_say(pair, right, frozen):
    pair[1].model.base_model.requires_grad_(not frozen)
    before = [{n: t.clone() for n, t in t.model.state_dict().items()} for t in pair]
    losses = keep(*pair, Chunks(pair[right], sentences(20)), how="auto")
    assert next(iter(losses)) == ("teacher", "student")[right]
    assert list(losses.values()) == sorted(losses.values())
    assert all(torch.allclose(t, before[right][n]) for n, t in pair[1].model.state_dict().items())


def test_a_choice_is_told_with_its_figures():
    note = kept_note({"teacher": 0.1439, "average": 0.1552, "student": 0.16})
    assert note.startswith("kept the teacher: ")
    assert "teacher 0.1439, average 0.1552, student 0.1600" in note


def test_words_without_weight_do_not_count():
    p = np.array([[0.5, 0.5], [0.9, 0.1]])
    q = np.array([[0.0, 1.0], [0.0, 1.0]])
    assert cross_entropy([p], [q], [np.array([1.0, 0.0])]) == pytest.approx(np.log(2))


def test_a_run_that_spoils_its_student_keeps_the_teacher(tiny_encoder, tmp_path):
    slow = TrainOptions(learning_rate=1e-2, batch_subwords=256, freeze_embeddings=False, epochs=5)
    wild = TrainOptions(learning_rate=10.0, batch_subwords=256, freeze_embeddings=False, epochs=1)
    raw = [s.without_labels() for s in sentences(60, "spa", seed=5)]
    task = Task(
        sources=(Source(language="eng", sentences=tuple(sentences(200)), name="1-en"),),
        target="spa", labels=LABELS, raw=lambda: iter(raw),
    )  # fmt: skip
    options = Distill.Options(encoder=str(tiny_encoder), teacher=slow, student=wild, student_from="teacher")
    made = Distill.fit(task, options, RunFolder(tmp_path))
    teacher = Tagger.load(tmp_path / "teachers" / "1-en").model.state_dict()
    assert all(torch.equal(t, teacher[n]) for n, t in made.model.model.state_dict().items())
    assert made.notes[0].startswith("kept the teacher")
    assert next(iter(json.loads((tmp_path / "kept.json").read_text()))) == "teacher"


@pytest.mark.parametrize("sizes", [(150,), (151,), (1000,), (400, 3, 0, 700), (1, 1, 1)])
def test_a_choice_reads_every_nth_sentence_of_all_chunks(sizes):
    class Numbered:
        """Chunks of sentences whose words are their numbers."""

        def __init__(self):
            self.sizes = sizes

        def sentences(self, index):
            numbers = range(sum(sizes[:index]), sum(sizes[: index + 1]))
            return [[str(n)] for n in numbers], [np.full((1, 2), n) for n in numbers], [np.array([n]) for n in numbers]

    taken, targets, weights = _sample(Numbered())
    total = sum(sizes)
    step = -(-total // 150)
    assert [int(s.words[0]) for s in taken] == list(range(0, total, step))
    assert [int(t[0, 0]) for t in targets] == [int(w[0]) for w in weights] == list(range(0, total, step))
