from __future__ import annotations

import time
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlner.core.labels import LabelSet
from xlner.errors import ModelError
from xlner.tagger.decode import best_path, decode, legal_transitions
from xlner.tagger.outputs import OutputMap

LABELS = LabelSet(("LOC", "PER"))
ALLOWED = legal_transitions(LABELS.tags)


def test_inside_never_comes_without_begin():
    chances = np.array([[0.4, 0.05, 0.05, 0.1, 0.4], [0.1, 0.0, 0.0, 0.0, 0.9]], np.float32)
    (span,) = decode(chances, LABELS)
    assert span.key == (0, 2, "PER")
    assert span.score == pytest.approx((0.1 + 0.9) / 2)


@given(st.integers(1, 5), st.integers(0, 10_000))
def test_the_path_is_the_best_legal_one(n, seed):
    chances = np.random.default_rng(seed).dirichlet(np.ones(5), n).astype(np.float32)

    def legal(path):
        return all(ALLOWED[0 if i == 0 else 1 + path[i - 1], t] for i, t in enumerate(path))

    best = max((p for p in product(range(5), repeat=n) if legal(p)), key=lambda p: np.log(chances[range(n), p]).sum())
    found = best_path(chances, ALLOWED)
    assert legal(found)
    assert np.log(chances[range(n), found]).sum() == pytest.approx(np.log(chances[range(n), best]).sum(), abs=1e-5)


def test_many_types_are_decoded_in_little_time():
    labels = LabelSet(tuple(f"T{n:04d}" for n in range(2000)))
    allowed = legal_transitions(labels.tags)
    chances = np.full((30, len(labels.tags)), 1e-5, np.float32)
    chances[:, 0] = 0.5
    chances[4, labels.tags.index("I-T0007")] = 0.6  # without its B-
    chances[4, labels.tags.index("B-T0009")] = 0.55
    began = time.process_time()
    assert [s.key for s in decode(chances, labels, allowed)] == [(4, 5, "T0009")]
    assert time.process_time() - began < 1


def test_no_words_no_entities():
    assert decode(np.zeros((0, 5), np.float32), LABELS) == ()


def test_labels_are_matched_by_name_and_not_by_position():
    outputs = OutputMap(["B-PER", "I-PER", "O", "B-LOC", "I-LOC"], labels=LABELS)
    assert outputs(np.array([[0.5, 0.1, 0.2, 0.15, 0.05]], np.float32))[0] == pytest.approx([0.2, 0.15, 0.05, 0.5, 0.1])


def test_a_type_mapped_to_o_gives_its_mass_to_o():
    outputs = OutputMap(["O", "B-PER", "I-PER", "B-MISC", "I-MISC"], mapping={"MISC": "O"})
    assert outputs.labels.types == ("PER",)
    assert outputs(np.array([[0.1, 0.2, 0.0, 0.3, 0.4]], np.float32))[0] == pytest.approx([0.8, 0.2, 0.0])


def test_bioes_falls_onto_begin_and_inside():
    outputs = OutputMap(["O", "B-PER", "I-PER", "E-PER", "S-PER"])
    assert outputs(np.array([[0.1, 0.2, 0.3, 0.15, 0.25]], np.float32))[0] == pytest.approx([0.1, 0.45, 0.45])


def test_a_model_without_begin_tags_opens_where_the_type_changes():
    outputs = OutputMap(["O", "I-LOC", "I-PER"], labels=LABELS)
    chances = np.array([[0.1, 0.0, 0.9], [0.1, 0.0, 0.9], [0.1, 0.8, 0.1]], np.float32)
    assert [s.key for s in decode(outputs(chances), LABELS)] == [(0, 2, "PER"), (2, 3, "LOC")]


@pytest.mark.parametrize(("tags", "message"), [(["O", "PERSON"], "no NER tags"), (["B-PER", "I-PER"], "no tag O")])
def test_what_is_no_ner_model_is_refused(tags, message):
    with pytest.raises(ModelError, match=message):
        OutputMap(tags)


def test_an_unknown_type_names_the_way_out():
    with pytest.raises(ModelError, match="`mapping DATE=O`"):
        OutputMap(["O", "B-DATE", "I-DATE"], labels=LABELS)


def test_a_model_of_iob1_opens_with_inside():
    """As models of CoNLL 2003 have it: B- only between neighbours of one type, and no B-PER at all."""
    tags = ["B-LOC", "I-LOC", "I-PER", "O"]
    outputs = OutputMap(tags)
    words = ["I-PER", "I-PER", "I-LOC", "B-LOC", "I-LOC", "O", "I-LOC"]
    rows = np.array([[0.91 if t == word else 0.03 for t in tags] for word in words], np.float32)
    spans = decode(outputs(rows), outputs.labels)
    assert [(s.start, s.end, s.label) for s in spans] == [(0, 2, "PER"), (2, 3, "LOC"), (3, 5, "LOC"), (6, 7, "LOC")]
    assert [tags[row] for row in outputs.rows()] == ["O", "I-LOC", "I-LOC", "I-PER", "I-PER"]


def test_thousands_of_types_take_no_time():
    types = LabelSet(tuple(f"T{i:04d}" for i in range(2000)))
    began = time.perf_counter()
    assert legal_transitions(types.tags).sum() == 4002 * 2001 + 2000 * 2
    assert time.perf_counter() - began < 2
