"""YAML files that are not as they should be: plain words, and never a traceback."""

from __future__ import annotations

import pytest

from xlner.cli.config import read_config
from xlner.errors import UsageError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("source: 5", r"source is a list of \[LANG, FILE\]"),
        ("source: en=en.conll", "source is a list"),
        ("source: [[no, no.conll]]", "source has False where text is wanted; put it in quotes"),
        ("source: [[en, null]]", "source has None"),
        ("target: {es: es.txt}", r"target is \[LANG, FILE\]"),
        ("bitext: 5", "bitext is a list"),
        ("gold: [a]", "gold is text"),
        ("output: 5", "output is text"),
        ("resume: no", "resume is text"),
        ("map: 5", "map is a mapping"),
        ("map: {LOC: null}", "map has None"),
        ("map: {LOC: 5}", "map has 5"),
        ("map: [5]", "map has 5"),
        ("reading: [a]", "reading is a mapping"),
    ],
)
def test_an_input_of_another_form_is_refused(tmp_path, text, message):
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(UsageError, match=message):
        read_config(tmp_path / "c.yaml")


def test_forms_that_are_right(tmp_path):
    text = """
    source: {en: en.conll}
    target: es=es.txt
    map: [LOC=O]
    bitext: [[en, a, b], "en=a,b"]
    gold: null
    reading: {tag_column: 1}
    """
    (tmp_path / "c.yaml").write_text(text)
    assert set(read_config(tmp_path / "c.yaml").inputs) == {"source", "target", "map", "bitext", "gold", "reading"}
