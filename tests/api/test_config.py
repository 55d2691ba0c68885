"""YAML files: what is not as it should be is said in plain words, with the name of the file."""

from __future__ import annotations

import pytest

from xlner.api.config import Config, read_config
from xlner.api.resolve import resolve
from xlner.errors import DataError, UsageError


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
        ("map: {PER: [a]}", r"map is a mapping OLD: NEW; PER has \['a'\]"),
        ("reading: [a]", "reading is a mapping"),
        ("tag_column: last", "tag_column is a whole number"),
        ("tag_column: yes", "tag_column is a whole number"),
        ("method: distil", r"c\.yaml: no method called 'distil'; .* Did you mean distill"),
    ],
)
def test_an_input_of_another_form_is_refused(tmp_path, text, message):
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(UsageError, match=message):
        read_config(tmp_path / "c.yaml")


def test_a_key_that_stands_twice_is_named_with_its_line(tmp_path):
    (tmp_path / "c.yaml").write_text("source: [[en, a]]\ntarget: es=b\nsource: [[de, c]]\n")
    with pytest.raises(DataError, match=r"c\.yaml:3: is no YAML: the key 'source' stands twice"):
        read_config(tmp_path / "c.yaml")


def test_settings_of_a_step_that_is_off_do_not_count(tmp_path):
    """An older version had another default for them, and wrote it into the record."""
    (tmp_path / "c.yaml").write_text("method: {name: distill, options: {pretrain: {epochs: 0, learning_rate: 0.0002}}}")
    assert resolve(read_config(tmp_path / "c.yaml"), {}, default="distill").options.pretrain.epochs == 0


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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "method: {name: distill, options: {label_consistency: 3}}",
            "c.yaml: method: options: label_consistency must be at most 1, got '3'",
        ),
        (
            "method: {name: distill, options: {teacher: {batch-subwords: 0}}}",
            "c.yaml: method: options: teacher: batch_subwords must be at least",
        ),
        ("label_consistency: 3", "c.yaml: label_consistency must be at most 1"),
        ("method: {name: direct, options: {loss: mse}}", "c.yaml: the method direct has no option 'loss'"),
        ("source: [en]", "c.yaml: source wants LANG=FILE, such as source en=train.conll; got 'en'"),
        ("source: [[xx-nothing, a.conll]]", "c.yaml: "),
        ("bitext: [en=a]", "c.yaml: bitext is LANG=SOURCE,TARGET"),
    ],
)
def test_a_value_of_the_file_that_cannot_be_is_said_as_the_file_spells_it(tmp_path, text, message):
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(UsageError) as caught:
        resolve(read_config(tmp_path / "c.yaml"), {}, default="distill")
    assert message in str(caught.value)
    assert "`" not in str(caught.value)


def test_a_value_given_beside_the_file_is_said_as_a_parameter(tmp_path):
    (tmp_path / "c.yaml").write_text("method: {name: distill, options: {label_consistency: 0.5}}")
    with pytest.raises(UsageError, match=r"^the method distill: `label_consistency` must be at most 1"):
        resolve(read_config(tmp_path / "c.yaml"), {}, default="distill", options={"label_consistency": "3"})


def test_settings_win_over_the_file(tmp_path):
    text = """
    method: {name: distill, options: {loss: mse, teacher: {epochs: 4}}}
    source: [[en, a.conll]]
    reading: {scheme: IO, tag_column: 1}
    token_column: 2
    licence: MIT
    """
    (tmp_path / "c.yaml").write_text(text)
    run = resolve(
        read_config(tmp_path / "c.yaml"), {"source": ["de=b.conll"], "tag_column": 3, "licence": None},
        default="direct", options={"teacher": {"epochs": "2"}},
    )  # fmt: skip
    assert (run.method, run.options.loss, run.options.teacher.epochs) == ("distill", "mse", 2)
    assert run.inputs["source"] == [("deu", "b.conll")]
    assert run.reading == {"scheme": "IO", "tag_column": 3, "token_column": 2}
    assert run.licence == "MIT"


def test_a_resolved_run_can_be_read_again(tmp_path):
    import yaml

    settings = {"source": ["en=a.conll"], "target": "es=b.txt", "output": "run", "map": ["DATE=O"]}
    run = resolve(Config(), settings, default="distill")
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(run.as_values()))
    assert resolve(read_config(tmp_path / "c.yaml"), {}, default="direct") == run


def test_an_empty_text_is_no_value():
    with pytest.raises(UsageError, match="`gold` is empty"):
        resolve(Config(), {"gold": ""}, default="direct")
