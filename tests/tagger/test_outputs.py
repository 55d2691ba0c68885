"""Outputs of models with other tags, and a head made from another's."""

import pytest

from xlner.core.labels import LabelSet
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
