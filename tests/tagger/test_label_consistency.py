from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.core.types import Sentence
from xlner.errors import UsageError
from xlner.tagger import Tagger
from xlner.tagger.label_consistency import FormProbabilities

TAGS = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")


def rows(*words: dict[str, float]) -> np.ndarray:
    """One word per dictionary; what it leaves is O's."""
    made = np.array([[b.get(t, 0.0) for t in TAGS] for b in words], np.float32).reshape(-1, len(TAGS))
    made[:, 0] += 1 - made.sum(1)
    return made


def smooth(words, probabilities, strength=1.0):
    return FormProbabilities.of([(words, probabilities)]).smooth(words, probabilities, strength)


def best(probabilities):
    return [TAGS[i] for i in probabilities.argmax(1)]


def test_one_occurrence_is_corrected_by_the_others_whatever_their_case():
    words = ["Kano", "KANO", "kano", "rani"]
    said = rows({"B-LOC": 0.9}, {"B-LOC": 0.9}, {"B-PER": 0.6, "B-LOC": 0.3}, {"B-PER": 0.6})
    assert best(said) == ["B-LOC", "B-LOC", "B-PER", "B-PER"]
    assert best(smooth(words, said, 0.7)) == ["B-LOC", "B-LOC", "B-LOC", "B-PER"]


def test_words_inside_a_name_are_left_to_their_context():
    words = ["Banco", "do", "Brasil", "do", "do", "do"]
    lone = {"I-LOC": 0.01}
    said = rows({"B-LOC": 0.97}, {"I-LOC": 0.97}, {"I-LOC": 0.97}, lone, lone, lone)
    assert best(smooth(words, said)) == ["B-LOC", "I-LOC", "I-LOC", "O", "O", "O"]


def test_sure_occurrences_count_more_than_unsure_ones():
    words = ["Kano"] * 9
    said = rows({"B-LOC": 0.99}, *[{"B-PER": 0.45, "B-LOC": 0.15}] * 8)
    assert best(smooth(words, said)) == ["B-LOC"] * 9


def test_the_mean_is_geometric_and_b_and_i_keep_their_shares():
    said = rows({"B-LOC": 0.8}, {"B-LOC": 0.1, "I-LOC": 0.1})
    made = smooth(["Rom", "rom"], said, 0.5)
    for before, after, inside in ((said[0], made[0], 0.0), (said[1], made[1], 0.1)):
        share = 0.5 * (1 - inside)
        outside = before[0] ** (1 - share) * np.sqrt(0.2 * 0.8) ** share
        place = before[1:3].sum() ** (1 - share) * np.sqrt(0.8 * 0.2) ** share
        assert after[0] == pytest.approx(outside / (outside + place), abs=2e-3)
    assert made[1, 1] == pytest.approx(made[1, 2])


@pytest.mark.parametrize("sure", [1e-3, 1e-9, 0.0])
def test_a_teacher_that_is_sure_can_be_corrected_too(sure):
    words = ["Kano"] * 20
    said = rows(*[{"B-LOC": 0.99}] * 19, {"B-LOC": sure})
    assert best(smooth(words, said)) == ["B-LOC"] * 20


@pytest.mark.parametrize("rest", [1e-3, 1e-5, 1e-7])
def test_a_teacher_that_is_sure_everywhere_stays_as_sure(rest):
    said = np.full((40, len(TAGS)), rest, np.float32)
    said[:30, 0] = said[30:, 1] = 1 - 4 * rest
    assert smooth(["the"] * 30 + ["Rom"] * 10, said, 0.7) == pytest.approx(said, rel=1e-3, abs=1e-9)


def test_single_han_characters_and_words_seen_once_stay_as_they_are():
    words = ["中", "中", "รุ", "รุ", "once"]
    said = rows({"B-LOC": 0.9}, {}, {"B-LOC": 0.9}, {}, {"B-PER": 0.7})
    assert smooth(words, said) == pytest.approx(said, abs=1e-3)


def test_a_part_of_a_text_is_judged_by_all_of_it():
    first, second = (
        (["Kano"], rows({"B-PER": 0.6, "B-LOC": 0.3})),
        (["Kano", "Kano"], rows({"B-LOC": 0.9}, {"B-LOC": 0.9})),
    )
    forms = FormProbabilities.of([first, second])
    assert best(forms.smooth(*first, 0.7)) == ["B-LOC"]


@given(
    st.lists(st.sampled_from(["a", "Ada", "ada", "ß", "Straße", "strasse", "😀😀", ""]), min_size=1, max_size=12),
    st.floats(0, 1),
    st.integers(0, 9),
)
def test_rows_stay_probabilities_and_strength_0_changes_nothing(words, strength, seed):
    said = np.random.default_rng(seed).dirichlet(np.full(5, 0.2), len(words)).astype(np.float32)
    made = smooth(words, said, strength)
    assert made.shape == said.shape
    assert (made >= 0).all()
    assert made.sum(1) == pytest.approx(np.ones(len(words)), abs=1e-5)
    assert smooth(words, said, 0.0) == pytest.approx(said, abs=1e-3)  # no tag is below the floor


def test_a_tagger_labels_equal_words_alike_over_the_chunks_of_a_text(tiny_encoder, monkeypatch):
    seed_everything(3)
    tagger = Tagger.fresh(str(tiny_encoder), LabelSet(("LOC", "PER")), precision="fp32")
    said = {"Kano": rows({"B-LOC": 0.9}), "kano": rows({"B-PER": 0.6, "B-LOC": 0.3}), "": rows()}
    text = [Sentence((word,) if word else ()) for word in ("kano", "Kano", "", "Kano", "Kano")]
    monkeypatch.setattr(tagger, "probabilities", lambda block: [said["".join(s.words)] for s in block])

    def labels(**options):
        return [[x.label for x in s.spans] for s in tagger.predict(iter(text), chunk=2, **options)]

    assert labels() == [["PER"], ["LOC"], [], ["LOC"], ["LOC"]]
    assert labels(label_consistency=0.7) == [["LOC"], ["LOC"], [], ["LOC"], ["LOC"]]


def test_a_text_may_be_empty(tiny_encoder):
    tagger = Tagger.fresh(str(tiny_encoder), LabelSet(("LOC", "PER")), precision="fp32")
    assert list(tagger.predict([], label_consistency=0.5)) == []
    assert list(tagger.predict([Sentence(())], label_consistency=0.5)) == [Sentence(())]


@pytest.mark.parametrize("wrong", [-1, 2, float("nan")])
def test_a_strength_is_a_share(tiny_encoder, wrong):
    tagger = Tagger.fresh(str(tiny_encoder), LabelSet(("LOC", "PER")), precision="fp32")
    with pytest.raises(UsageError, match="in \\[0, 1\\]"):
        tagger.predict([], label_consistency=wrong)


def test_nothing_is_known_of_words_when_no_text_was_read():
    said = rows({"B-LOC": 0.9})
    assert FormProbabilities.of([]).smooth(["Rom"], said, 1.0) is said
