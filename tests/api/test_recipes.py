"""Recipes: what they resolve to, and what wins over them."""

from __future__ import annotations

import pytest
import yaml
from tests.toy import sentences, write_conll, write_text
from typer.testing import CliRunner

import xlner
from xlner.api.recipes import recipe, recipes
from xlner.cli import _register, app
from xlner.errors import UsageError
from xlner.methods import METHODS


def resolved(*words):
    """The options that `xlner transfer` with these words prints, and its method."""
    _register(["transfer"])
    result = CliRunner().invoke(app, ["transfer", *words, "--print-config"])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    method = yaml.safe_load(result.stdout)["method"]
    return METHODS.options(method["name"], method["options"])


@pytest.mark.parametrize("name", recipes())
def test_every_recipe_has_a_method_with_these_options_and_says_what_it_is(name):
    config = recipe(name)
    assert METHODS.options(config.method, config.options)
    assert not config.inputs


def test_fast_is_what_comes_without_a_recipe():
    assert resolved("--recipe", "fast") == resolved() == METHODS.options("distill")


def test_strong_is_shown_as_what_it_resolves_to():
    assert resolved("--recipe", "strong") == METHODS.options("distill", recipe("strong").options)
    assert resolved("--recipe", "strong") != resolved()


def test_flags_and_files_win_over_a_recipe(tmp_path):
    (tmp_path / "c.yaml").write_text("method: {name: distill, options: {teacher_seeds: 2, student: {epochs: 5}}}")
    file = "--config", str(tmp_path / "c.yaml")
    options = resolved("--recipe", "strong", *file, "--student.epochs", "7", "--label-consistency", "0.1")
    assert (options.teacher_seeds, options.student.epochs, options.label_consistency) == (2, 7, 0.1)
    assert options.average == recipe("strong").options["average"]


def test_a_file_can_name_a_recipe(tmp_path):
    (tmp_path / "c.yaml").write_text("recipe: strong\nmethod: {name: distill, options: {teacher_seeds: 2}}")
    options = resolved("--config", str(tmp_path / "c.yaml"))
    assert (options.teacher_seeds, options.keep) == (2, recipe("strong").options["keep"])
    (tmp_path / "c.yaml").write_text("recipe: strong")
    assert resolved("--config", str(tmp_path / "c.yaml"), "--recipe", "fast").teacher_seeds == 1


def test_a_recipe_for_another_method_is_refused():
    with pytest.raises(UsageError, match="`recipe strong` is for the method distill, and `method direct` was asked"):
        resolved("--recipe", "strong", "--method", "direct")


def test_an_unknown_recipe_lists_those_that_there_are():
    with pytest.raises(UsageError, match="`recipe` is one of fast, strong, got 'quick'"):
        resolved("--recipe", "quick")


def test_functions_take_recipes_too(tmp_path, tiny_encoder, monkeypatch):
    source = str(write_conll(tmp_path / "en.conll", sentences(30)))
    target = str(write_text(tmp_path / "es.txt", sentences(20, "spa", seed=5)))
    quick = {"epochs": 1, "batch_subwords": 256}
    how = {"encoder": str(tiny_encoder), "teacher": quick, "student": quick, "teacher_seeds": 2}
    xlner.transfer([("eng", source)], ("spa", target), tmp_path / "run", recipe="strong", options=how)
    record = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())["method"]
    assert record["options"]["teacher_seeds"] == 2
    assert record["options"]["keep"] == recipe("strong").options["keep"]
    options = METHODS.options("distill", how)
    with pytest.raises(UsageError, match="`recipe` goes with options as a mapping"):
        xlner.transfer([("eng", source)], ("spa", target), tmp_path / "other", recipe="strong", options=options)
