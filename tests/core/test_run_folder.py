"""What makes two inputs the same to a run that is resumed."""

from __future__ import annotations

import pytest

from xlner.core import run_folder
from xlner.core.run_folder import RunFolder, file_hash
from xlner.errors import UsageError


def test_of_a_run_folder_it_is_the_model_that_counts(tmp_path):
    model = tmp_path / "run" / "model"
    model.mkdir(parents=True)
    (model / "config.json").write_text("{}")
    (model / "model.safetensors").write_bytes(b"weights")
    before = file_hash(tmp_path / "run")
    assert file_hash(model) == before
    (tmp_path / "run" / "environment.json").write_text("{}")
    (tmp_path / "run" / "soft_labels").mkdir()
    (model / "README.md").write_text("a card")
    assert file_hash(tmp_path / "run") == before
    (model / "model.safetensors").write_bytes(b"weighty")
    assert file_hash(tmp_path / "run") != before


def test_a_run_that_was_killed_while_it_was_made_is_made_again(tmp_path, monkeypatch):
    def killed():
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run_folder, "environment", killed)
        with pytest.raises(KeyboardInterrupt):
            RunFolder.open(tmp_path / "run", {"method": "direct"}, {})
    assert (tmp_path / "run" / "data.json").is_file()
    RunFolder.open(tmp_path / "run", {"method": "direct"}, {})
    assert (tmp_path / "run" / "config.yaml").is_file()


@pytest.mark.parametrize(("name", "text"), [("thesis.txt", "mine"), ("data.json", "[1, 2]"), ("data.json", '{"a": 1}')])
def test_a_folder_with_other_things_is_not_touched(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match="is not empty and holds no run"):
        RunFolder.open(tmp_path, {}, {})


@pytest.mark.parametrize(("before", "now"), [(None, 0), (0, None), (None, 0.0), (False, None)])
def test_zero_is_a_setting_and_not_the_default(tmp_path, before, now):
    def config(value):
        return {"method": {"name": "direct", "options": {"teacher": {"freeze_layers": value}}}}

    RunFolder.open(tmp_path / "run", config(before), {})
    with pytest.raises(UsageError, match=r"different: teacher\.freeze_layers"):
        RunFolder.open(tmp_path / "run", config(now), {})


def test_a_setting_that_an_old_record_lacks_and_is_empty_is_the_same(tmp_path):
    RunFolder.open(tmp_path / "run", {"method": "direct"}, {})
    RunFolder.open(tmp_path / "run", {"method": "direct", "bitext": [], "reading": {}, "target_labels": None}, {})


def test_another_method_is_said_by_its_name_alone(tmp_path):
    RunFolder.open(tmp_path / "run", {"method": {"name": "direct", "options": {"k": 1}}}, {})
    with pytest.raises(UsageError, match=r"different: method\)"):
        RunFolder.open(tmp_path / "run", {"method": {"name": "distill", "options": {"j": 1}}}, {})


def test_a_run_that_cannot_go_on_elsewhere_is_not_copied(tmp_path):
    RunFolder.open(tmp_path / "old", {"k": 1}, {})
    with pytest.raises(UsageError, match="old holds another run"):
        RunFolder.open(tmp_path / "new", {"k": 2}, {}, resume=str(tmp_path / "old"))
    assert not (tmp_path / "new").exists()
    RunFolder.open(tmp_path / "new", {"k": 1}, {}, resume=str(tmp_path / "old"))
    assert (tmp_path / "new" / "config.yaml").is_file()


def test_a_copied_run_that_was_killed_goes_on_with_the_same_command(tmp_path):
    RunFolder.open(tmp_path / "old", {"k": 1}, {})
    for _ in range(2):
        run = RunFolder.open(tmp_path / "new", {"k": 1}, {}, resume=str(tmp_path / "old"))
        (run.path / "work").write_text("half of it")
    assert (tmp_path / "new" / "work").read_text() == "half of it"
    with pytest.raises(UsageError, match="new holds another run"):
        RunFolder.open(tmp_path / "new", {"k": 2}, {}, resume=str(tmp_path / "old"))
    (tmp_path / "other").mkdir()
    with pytest.raises(UsageError, match="which exists"):
        RunFolder.open(tmp_path / "other", {"k": 1}, {}, resume=str(tmp_path / "old"))


@pytest.mark.parametrize(
    ("name", "text"), [("config.yaml", "{"), ("config.yaml", "[a]"), ("data.json", "{"), ("data.json", "[]")]
)
def test_a_broken_record_is_said(tmp_path, name, text):
    RunFolder.open(tmp_path / "run", {"k": 1}, {})
    (tmp_path / "run" / name).write_text(text)
    with pytest.raises(UsageError, match="is broken"):
        RunFolder.open(tmp_path / "run", {"k": 1}, {})
