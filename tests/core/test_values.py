from __future__ import annotations

import pytest

from xlner.core.labels import LabelSet, map_types, model_tags, parse_map
from xlner.core.languages import bcp47, iso3, name
from xlner.core.types import Sentence, Span
from xlner.errors import DataError, ModelError, UsageError


def test_spans_are_half_open_and_not_empty():
    with pytest.raises(ValueError, match="start < end"):
        Span(2, 2, "PER")


def test_sentences_refuse_overlapping_and_outlying_spans():
    with pytest.raises(ValueError, match="overlap"):
        Sentence(("a", "b"), (Span(0, 2, "A"), Span(1, 2, "B")))
    with pytest.raises(ValueError, match="2 words"):
        Sentence(("a", "b"), (Span(1, 3, "A"),))


def test_surface_comes_from_the_original_text():
    sentence = Sentence(("Ana", "María"), (Span(0, 2, "PER"),), text="Ana  María", offsets=((0, 3), (5, 10)))
    assert sentence.surface(sentence.spans[0]) == "Ana  María"
    assert Sentence(("Ana", "María")).with_text().offsets == ((0, 3), (4, 9))


def test_missing_words_are_masked_and_never_o():
    sentence = Sentence(("a", "b", "c"), (Span(0, 1, "PER"),), missing=((1, 2),))
    assert LabelSet(("PER",)).tag_ids(sentence) == [1, -100, 0]


def test_a_type_outside_the_label_set_names_the_place_and_the_way_out():
    with pytest.raises(DataError, match=r"x\.conll:3.*`mapping DATE=O`"):
        LabelSet(("PER",)).tag_ids(Sentence(("may",), (Span(0, 1, "DATE"),), where="x.conll:3"))


def test_mapping_renames_and_removes():
    sentence = Sentence(("a", "b"), (Span(0, 1, "PERSON"), Span(1, 2, "DATE")))
    assert [s.label for s in map_types(sentence, parse_map(["PERSON=PER", "DATE=O"])).spans] == ["PER"]
    with pytest.raises(UsageError, match="OLD=NEW"):
        parse_map(["PERSON"])


def test_unnamed_model_labels_are_refused():
    with pytest.raises(ModelError, match="id2label"):
        model_tags({0: "LABEL_0", 1: "LABEL_1"})


def test_language_codes_meet_at_iso_639_3():
    assert [iso3(c) for c in ("en", "eng", "pt-BR", "swh", "sw")] == ["eng", "eng", "por", "swa", "swa"]
    assert (bcp47("eng"), bcp47("luo"), name("sw")) == ("en", "luo", "Swahili")
    with pytest.raises(UsageError, match="no language code"):
        iso3("english")


@pytest.mark.parametrize(
    ("labels", "tags"),
    [
        (["O", "B-PER", "I-PER"], ["O", "B-PER", "I-PER"]),
        (["O", "B_PER", "I_PER"], ["O", "B-PER", "I-PER"]),
        (["O", "PER-B", "PER-I"], ["O", "B-PER", "I-PER"]),
        (["O", "PER", "LOC"], ["O", "I-PER", "I-LOC"]),
        (["I-LOC", "O", "I-PER"], ["I-LOC", "O", "I-PER"]),
    ],
)
def test_a_models_labels_are_read_as_they_are_spelt(labels, tags):
    assert model_tags(dict(enumerate(labels))) == tags


def test_a_models_label_that_is_no_tag_is_named():
    with pytest.raises(ModelError, match=r"'\?!'.*id2label"):
        model_tags({0: "O", 1: "B-PER", 2: "?!"})


def test_an_unlabelled_sentence_teaches_nothing():
    assert LabelSet(("PER",)).tag_ids(Sentence(("a", "b"), labelled=False)) == [-100, -100]


@pytest.mark.parametrize("missing", [((0, 1),), ((1, 3),), ((2, 4),), ((-1, 1),)])
def test_words_of_an_entity_or_of_no_sentence_cannot_be_missing(missing):
    with pytest.raises(ValueError, match="missing"):
        Sentence(("Ana", "María", "ríe"), (Span(0, 2, "PER"),), missing=missing)
    assert Sentence(("Ana", "María", "ríe"), (Span(0, 2, "PER"),), missing=((2, 3),)).missing == ((2, 3),)
