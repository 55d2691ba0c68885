from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file
from tests.toy import sentences

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.core.types import Sentence
from xlner.errors import DataError
from xlner.methods.soft_labels import SoftLabelChunks, _pack, _unpack, agreed_tags, merge, write_soft_labels
from xlner.methods.weights import TeacherWeights
from xlner.tagger import Tagger
from xlner.tagger.label_consistency import FormProbabilities

LABELS = LabelSet(("LOC", "PER"))
ALL = frozenset(LABELS.types)


@pytest.fixture(scope="module")
def teacher(tiny_encoder):
    seed_everything(3)
    return Tagger.fresh(str(tiny_encoder), LABELS, precision="fp32")


def write(teacher, raw, folder, chunk=7):
    return write_soft_labels(teacher, lambda: iter(raw), folder, chunk_sentences=chunk, title="")


def test_what_the_student_reads_is_what_the_teacher_said(teacher, tmp_path):
    raw = sentences(20, "spa")
    sizes = write(teacher, raw, tmp_path)
    assert sizes == (7, 7, 6)
    chunks = SoftLabelChunks([tmp_path], TeacherWeights.uniform(1), [ALL], LABELS, teacher.words, sizes)
    read = [e for i in range(3) for e in chunks.load(i)]
    for example, said in zip(read, teacher.probabilities(raw), strict=True):
        assert example.targets == pytest.approx(said, abs=1e-3)  # float16 on disk


def test_equal_words_are_labelled_alike_over_all_chunks_and_teachers(teacher, tmp_path):
    raw = sentences(20, "spa")
    seed_everything(4)
    other = Tagger.fresh(teacher.model.name_or_path, LABELS, precision="fp32")
    folders = [tmp_path / "one", tmp_path / "two"]
    sizes, _ = (write(t, raw, f) for t, f in zip((teacher, other), folders, strict=True))
    weights = TeacherWeights.uniform(2)
    chunks = SoftLabelChunks(folders, weights, [ALL, ALL], LABELS, teacher.words, sizes, consistency=0.7)
    read = np.concatenate([e.targets for i in range(len(sizes)) for e in chunks.load(i)])
    words = [w for s in raw for w in s.words]
    both = (np.concatenate(teacher.probabilities(raw)) + np.concatenate(other.probabilities(raw))) / 2
    assert read == pytest.approx(FormProbabilities.of([(words, both)]).smooth(words, both, 0.7), abs=1e-3)  # float16
    assert np.abs(read - both).max() > 5e-3


def test_chunks_on_disk_are_not_computed_again(teacher, tmp_path, monkeypatch):
    raw = sentences(20, "spa")
    write(teacher, raw, tmp_path / "whole")
    calls = []

    def third_time_fails(block):
        calls.append(len(block))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return Tagger.probabilities(teacher, block)

    with monkeypatch.context() as patch:
        patch.setattr(teacher, "probabilities", third_time_fails)
        with pytest.raises(KeyboardInterrupt):
            write(teacher, raw, tmp_path / "cut")
        calls.clear()
        write(teacher, raw, tmp_path / "cut")
    assert calls == [6]
    for name in ("00000", "00001", "00002"):
        one, two = ((tmp_path / f / f"{name}.safetensors").read_bytes() for f in ("whole", "cut"))
        assert one == two


def test_runs_that_share_a_folder_label_a_text_once(teacher, tmp_path, monkeypatch):
    monkeypatch.setenv("XLNER_SHARED", str(tmp_path / "shared"))

    def labelled(folder, identity, raw=sentences(20, "spa")):
        calls = []
        with monkeypatch.context() as patch:
            patch.setattr(teacher, "probabilities", lambda b: calls.append(len(b)) or Tagger.probabilities(teacher, b))
            write_soft_labels(
                teacher, lambda: iter(raw), tmp_path / folder, chunk_sentences=7, title="", identity=identity
            )
        return calls

    assert labelled("first", "a teacher") == [7, 7, 6]
    assert labelled("second", "a teacher") == []
    assert labelled("more text", "a teacher", sentences(27, "spa")) == [7, 6]  # the first two chunks are the same
    assert labelled("third", "another teacher") == [7, 7, 6]
    assert labelled("fourth", None) == [7, 7, 6]
    one, two = ((tmp_path / f / "00001.safetensors").read_bytes() for f in ("first", "second"))
    assert one == two


def test_empty_raw_text_is_an_error(teacher, tmp_path):
    with pytest.raises(DataError, match="no sentences"):
        write(teacher, [Sentence((), labelled=False)], tmp_path)


def test_uncertain_words_can_be_masked(teacher, tmp_path):
    sizes = write(teacher, sentences(5, "spa"), tmp_path)
    chunks = SoftLabelChunks([tmp_path], TeacherWeights.uniform(1), [ALL], LABELS, teacher.words, sizes, floor=0.9)
    assert chunks.load(0) == []  # an untrained teacher is sure of nothing


def learnt(folder, words, *teachers, **how):
    """Targets and weights of one sentence, of which each teacher gives probabilities."""
    folders = [folder / str(n) for n in range(len(teachers))]
    for place, rows in zip(folders, teachers, strict=True):
        place.mkdir()
        save_file(_pack([words], np.array(rows, np.float16)), place / "00000.safetensors")
    known, shares = [ALL] * len(folders), TeacherWeights.uniform(len(folders))
    _, (targets,), (weights,) = SoftLabelChunks(folders, shares, known, LABELS, None, (1,), **how).sentences(0)
    return targets, weights


NAME, OUTSIDE = [0.2, 0, 0, 0.8, 0], [0.9, 0.1, 0, 0, 0]


def test_a_vote_counts_where_all_agree(tmp_path):
    first, second = [NAME, NAME, OUTSIDE], [[0.4, 0, 0, 0.6, 0], [0.8, 0, 0, 0.2, 0], OUTSIDE]
    targets, weights = learnt(tmp_path, ["Ana", "Boris", "visita"], first, second, vote=1.0)
    assert weights.tolist() == [2, 1, 2]
    assert targets[0] == pytest.approx([0.15, 0, 0, 0.85, 0], abs=1e-3)
    assert targets[1] == pytest.approx([0.5, 0, 0, 0.5, 0], abs=1e-3)


def test_a_name_in_small_letters_can_be_masked(tmp_path):
    _, weights = learnt(tmp_path, ["ana", "visita", "a"], [NAME, OUTSIDE, OUTSIDE], lower_case="unknown")
    assert weights.tolist() == [0, 1, 1]


WORDS = st.lists(st.text(min_size=1), min_size=1)


@given(st.lists(WORDS, min_size=1))
def test_words_survive_the_file(words):
    assert _unpack(_pack(words, np.zeros((1, 1), np.float16)))[0] == words


def mix(beliefs, weights, known=None, types=None):
    made = TeacherWeights(rule="", language=np.array(weights, np.float32), types=types or {})
    arrays = made.of_words(np.array([len(beliefs[0])]), LABELS, first_sentence=0)
    return merge(beliefs, arrays, known or [ALL] * len(beliefs), LABELS)


def test_one_teacher_is_the_simple_case():
    beliefs = np.random.default_rng(0).dirichlet(np.ones(5), 4).astype(np.float32)
    assert mix([beliefs], [1.0]) == pytest.approx(beliefs, abs=1e-6)
    assert mix([beliefs, beliefs], [0.3, 0.7]) == pytest.approx(beliefs, abs=1e-6)


def test_teachers_are_mixed_by_weight():
    a, b = np.eye(5, dtype=np.float32)[[1]], np.eye(5, dtype=np.float32)[[3]]
    assert mix([a, b], [0.25, 0.75])[0] == pytest.approx([0, 0.25, 0, 0.75, 0])


def test_a_type_that_a_teacher_does_not_know_is_not_held_against_it():
    knows_both = np.array([[0.2, 0.8, 0, 0, 0]], np.float32)
    knows_people = np.array([[1.0, 0, 0, 0, 0]], np.float32)
    merged = mix([knows_both, knows_people], [0.5, 0.5], [ALL, frozenset({"PER"})])
    assert merged == pytest.approx(knows_both)  # a place is no news to who knows people only
    place, person = np.array([[0.1, 0.9, 0, 0, 0]], np.float32), np.array([[0.7, 0, 0, 0.3, 0]], np.float32)
    merged = mix([place, person], [0.5, 0.5], [frozenset({"LOC"}), frozenset({"PER"})])
    assert merged[0] == pytest.approx([0, 0.75, 0, 0.25, 0])  # two claims on one word share it


def test_a_type_may_have_weights_of_its_own():
    a, b = np.eye(5, dtype=np.float32)[[1]], np.eye(5, dtype=np.float32)[[3]]
    merged = mix([a, b], [0.5, 0.5], types={"PER": np.array([0.9, 0.1], np.float32)})
    assert merged[0] == pytest.approx([0.4, 0.5, 0, 0.1, 0])


def test_weights_of_sentences_reach_their_words():
    made = TeacherWeights(
        rule="", language=np.array([0.5, 0.5]), sentences=np.array([[0, 1], [1, 0], [0.5, 0.5]], np.float32)
    )
    first, second = made.of_words(np.array([2, 1]), LABELS, first_sentence=1)
    assert first[:, 0].tolist() == [1, 1, 0.5]
    assert second[:, 0].tolist() == [0, 0, 0.5]


@pytest.mark.parametrize("tiny", [1e-6, 1e-9, 1e-30, 1e-39])
def test_who_alone_knows_a_type_has_the_say_about_it_however_little_it_counts(tiny):
    place, person = np.array([[0.9, 0.1, 0, 0, 0]], np.float32), np.array([[0.1, 0, 0, 0.8, 0.1]], np.float32)
    merged = mix([place, person], [1.0, tiny], [frozenset({"LOC"}), ALL])
    assert merged[0, 3:] == pytest.approx([0.8 / 1.0, 0.1], abs=0.03)


def test_a_sentence_far_from_all_that_know_a_type_is_judged_by_them_alike():
    place, person = np.array([[0.9, 0.1, 0, 0, 0]] * 2, np.float32), np.array([[0.1, 0, 0, 0.9, 0]] * 2, np.float32)
    weights = [np.array([[1.0], [1.0]], np.float32), np.array([[0.5], [0.0]], np.float32)]
    merged = merge([place, person], weights, [frozenset({"LOC"}), frozenset({"PER"})], LABELS)
    assert merged[0] == pytest.approx(merged[1])


def test_only_teachers_with_a_say_have_a_vote():
    tags = LabelSet(("LOC", "PER"))  # O, B-LOC, I-LOC, B-PER, I-PER
    votes = [np.array([1, 1, 3, 0, 3]), np.array([0, 3, 3, 0, 0])]
    of = [frozenset(tags.types), frozenset({"PER"})]
    assert agreed_tags(votes, [True, True], of, tags).tolist() == [1, -1, 3, 0, -1]  # the second knows no places
    assert agreed_tags(votes, [True, False], of, tags).tolist() == [1, 1, 3, 0, 3]
    assert agreed_tags(votes, [True, True], [of[0]] * 2, tags).tolist() == [-1, -1, 3, 0, -1]
