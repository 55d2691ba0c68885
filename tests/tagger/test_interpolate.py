from __future__ import annotations

import pytest
import torch

from xlner.core.labels import LabelSet
from xlner.errors import ModelError
from xlner.tagger import Tagger
from xlner.tagger.interpolate import interpolate


def state(*values: float) -> dict[str, torch.Tensor]:
    return {"w": torch.tensor(values), "steps": torch.tensor(len(values))}


def test_weights_are_averaged_and_counts_are_the_first_models():
    mean = interpolate([state(0.0, 4.0), state(1.0, 0.0)], [1, 3])
    assert mean["w"].tolist() == [0.75, 1.0]
    assert mean["steps"].item() == 2


def test_the_models_stay_as_they_are():
    first, second = state(0.0), state(2.0)
    interpolate([first, second], [1, 1])
    assert (first["w"].item(), second["w"].item()) == (0.0, 2.0)


def test_all_weight_on_one_model_gives_that_model():
    assert interpolate([state(1.5, 3.0), state(7.0, 7.0)], [1, 0])["w"].tolist() == [1.5, 3.0]


def test_models_of_other_shapes_have_no_mean():
    with pytest.raises(ModelError, match="same tensors only"):
        interpolate([state(1.0), state(1.0, 2.0)], [1, 1])


def test_folders_are_read(tiny_encoder, tmp_path):
    tagger = Tagger.fresh(str(tiny_encoder), LabelSet(("LOC",)))
    tagger.save(tmp_path / "a" / "model")  # a run folder
    tagger.save(tmp_path / "b")
    mean = interpolate([tmp_path / "a", tmp_path / "b"], [0.5, 0.5])
    for name, tensor in tagger.model.state_dict().items():
        assert torch.allclose(mean[name], tensor)
