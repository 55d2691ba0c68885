"""Models with the same tokenizer share one object."""

from __future__ import annotations

import json
import shutil

import pytest
from tests.encoder.test_load import byte_level
from tokenizers import pre_tokenizers

from xlner.encoder.shared import shared_tokenizer
from xlner.errors import ModelError


@pytest.fixture
def folder(tmp_path):
    return byte_level(tmp_path / "first", pre_tokenizers.ByteLevel(add_prefix_space=False))


def test_a_copy_shares_it_whatever_its_labels_are(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "id2label": {"0": "O", "1": "B-X"}}))
    assert shared_tokenizer(copy) is shared_tokenizer(folder)
    assert shared_tokenizer(str(copy)) is shared_tokenizer(folder)


@pytest.mark.parametrize("file", ["tokenizer.json", "tokenizer_config.json", "config.json"])
def test_another_is_another(folder, tmp_path, file):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    old = (copy / file).read_text()
    change = {"tokenizer.json": ('"lstrip": false', '"lstrip": true'), "config.json": ('"bert"', '"electra"')}
    new = old.replace(*change[file]) if file in change else json.dumps({**json.loads(old), "model_max_length": 7})
    (copy / file).write_text(new)
    assert shared_tokenizer(copy) is not shared_tokenizer(folder)


def test_a_folder_that_was_changed_is_read_again(folder):
    before = shared_tokenizer(folder)
    config = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**config, "model_max_length": 7}))
    assert (before.model_max_length, shared_tokenizer(folder).model_max_length) != (7, 7)
    assert shared_tokenizer(folder).model_max_length == 7


def test_what_is_missing_is_said(folder):
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError):
        shared_tokenizer(folder)


@pytest.mark.parametrize(
    ("file", "text"),
    [("tokenizer.json", ""), ("tokenizer.json", "{}"), ("tokenizer_config.json", "{"), ("config.json", "[]")],
)
def test_a_broken_file_is_an_error_that_names_the_folder(folder, file, text):
    (folder / file).write_text(text)
    with pytest.raises(ModelError, match=str(folder)):
        shared_tokenizer(folder)


def test_a_vocabulary_that_lacks_what_its_merges_make_is_said(folder):
    state = json.loads((folder / "tokenizer.json").read_text())
    state["model"]["vocab"].pop("hello" if "hello" in state["model"]["vocab"] else "he")
    (folder / "tokenizer.json").write_text(json.dumps(state))
    with pytest.raises(ModelError, match="cannot load the tokenizer"):
        shared_tokenizer(folder)
