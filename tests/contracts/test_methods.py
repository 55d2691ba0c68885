"""What every transfer method promises: it fits, goes on after a kill with the same result, and takes little input."""

from __future__ import annotations

import re
import sys

import pytest
from tests.toy import sentences, write_conll, write_text

from xlner.api.transfer import transfer
from xlner.component import option_fields, options_class
from xlner.encoder.history import pretraining_of
from xlner.errors import DataError, UsageError
from xlner.methods import METHODS
from xlner.methods.method import INPUTS
from xlner.tagger import Tagger
from xlner.train import checkpoint

FAST = {"learning_rate": 1e-2, "epochs": 3, "batch_subwords": 256, "freeze_embeddings": False}


@pytest.fixture(params=METHODS.names())
def name(request):
    return request.param


@pytest.fixture
def fit(name, tmp_path, tiny_encoder):
    """Runs the method on toy files, with all inputs that it reads."""
    kind = METHODS.load(name)
    fields = {f.name for f in option_fields(options_class(kind))}
    trainings = [f.name for f in option_fields(options_class(kind)) if f.nested and not f.apart]
    quick = {"encoder": str(tiny_encoder)}
    if "aligner" in fields:
        quick["aligner"] = {"name": "layers", "encoder": str(tiny_encoder)}
    if "translator" in fields:  # of raw text, where no translations are given
        quick["translator"] = {"name": "files", "path": str(tmp_path / "raw-translation.txt")}

    def run(folder, *, labelled=60, raw=40, checkpoint_seconds=60, **changes):
        source = str(write_conll(tmp_path / "en.conll", sentences(labelled)))
        target = str(write_text(tmp_path / "es.txt", sentences(raw, "spa", seed=5)))
        write_text(tmp_path / "raw-translation.txt", sentences(raw, "eng", seed=5))
        translation = str(write_text(tmp_path / "translation.txt", sentences(labelled, "spa")))
        (tmp_path / "dictionary.txt").write_text("visits\tvisita\nwith\tcon\n", "utf-8")
        needed = {
            "bitext": {"bitext": [("eng", source, translation)]},
            "translations": {"translations": [("eng", translation)]},
            "dictionaries": {"dictionaries": [("eng", str(tmp_path / "dictionary.txt"))]},
            "target_labels": {"target_labels": str(write_conll(tmp_path / "few.conll", sentences(10, "spa", seed=7)))},
        }
        inputs = {k: v for need in kind.needs | kind.uses for k, v in needed.get(need, {}).items()}
        training = {name: {**FAST, "checkpoint_seconds": checkpoint_seconds} for name in trainings}
        return transfer(
            [("eng", source)], ("spa", target), tmp_path / folder, method=name,
            options={**quick, **training, **changes}, **inputs,
        )  # fmt: skip

    return run


def test_it_fits_and_is_read_back(fit, tmp_path):
    made = fit("run")
    again = Tagger.load(tmp_path / "run")
    text = sentences(5, "spa", seed=3)
    assert [s.spans for s in again.predict(text)] == [s.spans for s in made.tagger.predict(text)]
    assert fit("run").metrics == made.metrics


def test_killed_anywhere_it_ends_with_the_same_weights(fit, tmp_path, monkeypatch):
    fit("whole")
    saves = {"left": 0}
    save = checkpoint.save_checkpoint

    def killed(*args, **kwargs):
        save(*args, **kwargs)
        saves["left"] -= 1
        if saves["left"] == 0:
            raise KeyboardInterrupt

    kills = 0
    with monkeypatch.context() as patch:
        for name, module in list(sys.modules.items()):
            if name.startswith("xlner.train.") and hasattr(module, "save_checkpoint"):
                patch.setattr(module, "save_checkpoint", killed)
        for after in (1, 3, 2, 4):
            saves["left"] = after
            try:
                fit("killed", checkpoint_seconds=0)
                break
            except KeyboardInterrupt:
                kills += 1
    assert kills >= 2
    fit("killed", checkpoint_seconds=0)
    weights = [(tmp_path / run / "model" / "model.safetensors").read_bytes() for run in ("whole", "killed")]
    assert weights[0] == weights[1]


def test_it_starts_from_an_encoder_that_has_read_the_texts(name, fit, tmp_path):
    if "pretrain" not in {f.name for f in option_fields(options_class(METHODS.load(name)))}:
        pytest.skip(f"{name} trains from no encoder")
    fit("plain")
    fit("run", pretrain={**FAST, "epochs": 1})
    assert [t["language"] for t in pretraining_of(tmp_path / "run" / "encoder")[0]["texts"]] == ["spa", "eng"]
    weights = [(tmp_path / run / "model" / "model.safetensors").read_bytes() for run in ("plain", "run")]
    assert weights[0] != weights[1]


def test_one_sentence_is_enough(fit):
    assert fit("run", labelled=1, raw=1).tagger.labels.types == ("LOC", "PER")


def test_no_sentence_is_an_error_that_names_the_file(fit):
    with pytest.raises(DataError, match=r"en\.conll"):
        fit("run", labelled=0)


def test_what_is_missing_is_said_before_work(name, tmp_path, tiny_encoder):
    source = str(write_conll(tmp_path / "en.conll", sentences(5)))
    for need in METHODS.load(name).needs:
        with pytest.raises(UsageError, match=re.escape(f"the method {name} needs {INPUTS[need]}")):
            transfer([("eng", source)], None, tmp_path / "run", method=name)
        assert not (tmp_path / "run").exists()


def test_inputs_without_effect_are_refused(name, tmp_path):
    kind = METHODS.load(name)
    source = str(write_conll(tmp_path / "en.conll", sentences(5)))
    raw = str(write_text(tmp_path / "es.txt", sentences(5, "spa")))
    if "bitext" not in kind.needs | kind.uses:
        with pytest.raises(UsageError, match=f"the method {name} does not read parallel text"):
            transfer(
                [("eng", source)], ("spa", raw), tmp_path / "run", method=name, bitext=[("eng", source, raw)]
            )  # fmt: skip
