"""Outputs of models with other tags, and a head made from another's."""

import numpy as np
import pytest

from xlner.core.labels import LabelSet, model_tags
from xlner.errors import ModelError
from xlner.tagger.outputs import OutputMap


@pytest.mark.parametrize(
    ("tags", "mapping", "types", "rows"),
    [
        (["O", "B-LOC", "I-LOC"], {}, ("LOC",), [0, 1, 2]),
        (["B-MISC", "I-MISC", "O", "B-PER", "I-PER"], {"MISC": "O"}, ("PER",), [2, 3, 4]),
        (["O", "B-GPE", "I-GPE", "B-LOC", "I-LOC"], {"GPE": "LOC"}, ("LOC",), [0, 3, 4]),
        (["O", "B-PERSON", "I-PERSON", "E-PERSON", "S-PERSON"], {"PERSON": "PER"}, ("PER",), [0, 1, 2]),
        (["O", "I-PER"], {}, ("PER",), [0, 1, 1]),
        (["O", "B-PER", "I-PER"], {}, ("LOC", "PER"), [0, None, None, 1, 2]),
    ],
)
def test_the_row_that_says_a_tag_best(tags, mapping, types, rows):
    assert OutputMap(tags, mapping=mapping, labels=LabelSet(types)).rows() == rows


@pytest.mark.parametrize("tags", [["O", "I-PER"], ["O", "B-PER", "I-PER"]])
def test_a_model_all_of_whose_types_are_dropped_says_o(tags):
    outputs = OutputMap(tags, mapping={"PER": "O"})
    assert outputs(np.full((2, len(tags)), 1 / len(tags), np.float32)) == pytest.approx(np.ones((2, 1)))


def test_a_letter_and_a_type_with_a_space_between_are_no_type():
    with pytest.raises(ModelError, match="cannot be read"):
        model_tags({0: "O", 1: "B PER", 2: "I PER"})
