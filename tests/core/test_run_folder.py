"""What makes two inputs the same to a run that is resumed."""

from __future__ import annotations

from xlner.core.run_folder import file_hash


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
