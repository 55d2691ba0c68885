"""A tagger as an OpenVINO folder: the same answers, from several threads, without torch."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
from fastapi.testclient import TestClient
from tests.export.test_export import spans, without_torch
from tests.quick_model import make_model
from tests.toy import make_encoder, sentences

import xlner
from xlner import MissingExtraError, ModelError, OptionError, Sentence, Tagger
from xlner.cli import main
from xlner.export import write_exported
from xlner.integrations.hub import push
from xlner.serve.app import make_app
from xlner.serve.models import load_models
from xlner.tagger.exported import FORMATS
from xlner.tagger.openvino import _HINTS

TEXTS = [*sentences(30), Sentence(()), Sentence(("\u200b", "Ana")), Sentence(tuple(sentences(1)[0].words * 40))]


@pytest.fixture
def exported(openvino):
    return openvino.folder


def test_openvino_says_what_torch_says(model, openvino, exported):
    torch_tagger = Tagger.load(model, device="cpu", precision="fp32")
    tagger = Tagger.load(exported, precision="fp32")
    for a, b in zip(torch_tagger.probabilities(TEXTS), tagger.probabilities(TEXTS), strict=True):
        assert a.shape == b.shape
        assert a == pytest.approx(b, abs=0.01)
    assert spans(torch_tagger, TEXTS) == spans(tagger, TEXTS)
    assert openvino.parity.same == 20
    assert openvino.f1[0] == openvino.f1[1] > 0.5
    assert tagger.words.max_subwords == torch_tagger.words.max_subwords
    assert tagger.languages == torch_tagger.languages


def test_the_numbers_of_the_cpu_are_near(model, exported):
    plain, chosen = (Tagger.load(f).probabilities(sentences(40)) for f in (model, exported))
    assert np.abs(np.concatenate(plain) - np.concatenate(chosen)).mean() < 0.02


def test_no_window_is_filled_beyond_the_positions_of_the_encoder(tmp_path, write_once):
    model = make_model(tmp_path / "model", make_encoder(tmp_path / "encoder", max_subwords=61))
    xlner.export(model, tmp_path / "x", format="openvino")
    kept, other = (Tagger.load(f, precision="fp32") for f in (model, tmp_path / "x"))
    assert other.words.max_subwords == 61
    assert kept.probabilities(TEXTS[-1:])[0] == pytest.approx(other.probabilities(TEXTS[-1:])[0], abs=0.01)
    too_long = np.ones((1, 62), np.int64)
    with pytest.raises(ModelError, match=r"windows of shape \(1, 62\)"):
        other.network(too_long, too_long)


def test_as_many_batches_as_cores_go_through_at_a_time(exported, monkeypatch):
    one = spans(Tagger.load(exported, precision="fp32"), TEXTS)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    tagger = Tagger.load(exported, precision="fp32")
    network, together = tagger.network, threading.Barrier(2)
    compute, meetings = network._model.create_infer_request, []

    def meeting():
        meetings.append(together.wait(30))
        return compute()

    monkeypatch.setattr(type(network), "batch_subwords", 128)
    monkeypatch.setattr(network, "_model", SimpleNamespace(create_infer_request=meeting))
    monkeypatch.setattr(network, "_lock", nullcontext())
    assert spans(tagger, TEXTS) == one
    assert sorted(meetings) == [0, 1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_forked_processes_compute_too(exported, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    tagger = Tagger.load(exported)
    expected = spans(tagger, TEXTS)
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=lambda: answers.put(spans(tagger, TEXTS)))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert answers.get() == expected


def test_nobody_is_told_that_it_is_used(exported, tmp_path):
    code = f"""
import sys
from xlner import Tagger
Tagger.load({str(exported)!r})
print("openvino_telemetry" in sys.modules)
"""
    environment = {**os.environ, "HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "CI": ""}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    assert not (tmp_path / "intel").exists()


def test_another_file_may_take_the_place_of_the_weights(exported, tmp_path):
    place = shutil.copytree(exported, tmp_path / "x")
    tagger = Tagger.load(place)
    before = spans(tagger, TEXTS)
    (place / "openvino_model.bin").write_bytes(b"")
    assert spans(tagger, TEXTS) == before


def test_the_folder_holds_weights_of_16_bits_and_says_so(model, exported):
    record = json.loads((exported / "xlner.json").read_text("utf-8"))["export"]
    assert (record["format"], record["quantise"]) == ("openvino", None)
    assert record["versions"]["openvino"]
    assert not (exported / "model.onnx").exists()
    assert (exported / "openvino_model.bin").stat().st_size < (model / "model.safetensors").stat().st_size * 0.6
    card = (exported / "README.md").read_text("utf-8")
    assert "needs openvino" in card
    assert "`openvino_model.xml` takes" in card


def test_the_command_writes_and_reads_without_torch(model, gold, tmp_path, capsys):
    place = tmp_path / "x"
    with pytest.raises(SystemExit) as code:
        main(["export", str(model), "--format", "openvino", "--output", str(place), "--gold", str(gold), "--json"])
    assert code.value.code == 0
    assert json.loads(capsys.readouterr().out)["format"] == "openvino"
    done = without_torch("predict", place, gold, "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 20


def test_one_format_replaces_the_other(model, tmp_path):
    tagger = Tagger.load(model, device="cpu", precision="fp32")
    for format in ("openvino", "onnx", "openvino"):
        write_exported(tagger, tmp_path / "x", format=format, source={})
        assert {f.name for f in (tmp_path / "x").glob("*model.*")} == set(FORMATS[format].files)


def test_it_is_served(exported):
    (item,) = sentences(1)
    with TestClient(make_app(load_models({"x": str(exported)}))) as client:
        (answer,) = client.post("/predict", json={"words": list(item.words)}).json()["results"]
    (expected,) = spans(Tagger.load(exported), [item])
    assert expected
    assert [e["label"] for e in answer["spans"]] == [label for _, _, label in expected]


def test_a_pipeline_of_spacy_keeps_it(exported, tmp_path):
    spacy = pytest.importorskip("spacy")
    nlp = spacy.blank("en")
    nlp.add_pipe("xlner", config={"model": str(exported)})
    texts = [" ".join(s.words) for s in sentences(6)]
    found = [[(e.text, e.label_) for e in doc.ents] for doc in nlp.pipe(texts)]
    assert any(found)
    nlp.to_disk(tmp_path / "nlp")
    again = spacy.load(tmp_path / "nlp")
    assert [[(e.text, e.label_) for e in doc.ents] for doc in again.pipe(texts, n_process=2)] == found


def test_it_goes_to_the_hub(exported):
    plan = push(exported, "someone/model", dry_run=True)
    assert {"openvino_model.xml", "openvino_model.bin", "xlner.json", "tokenizer.json"} <= set(plan.files)


def cut(place):
    data = (place / "openvino_model.bin").read_bytes()
    (place / "openvino_model.bin").write_bytes(data[: len(data) // 2])


def garbage(place):
    (place / "openvino_model.xml").write_text("<net")
    side = json.loads((place / "xlner.json").read_text("utf-8"))
    side["export"]["bytes"] = sum(f.stat().st_size for f in place.glob("openvino_model.*"))
    (place / "xlner.json").write_text(json.dumps(side), "utf-8")


def fewer_labels(place):
    (place / "config.json").write_text(json.dumps({"id2label": {"0": "O", "1": "B-PER"}}))


def other_format(place):
    side = json.loads((place / "xlner.json").read_text("utf-8"))
    side["export"]["format"] = "tflite"
    (place / "xlner.json").write_text(json.dumps(side), "utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (cut, r"openvino_model\.bin is cut short"),
        (lambda place: (place / "openvino_model.bin").unlink(), r"openvino_model\.bin is missing"),
        (garbage, r"openvino_model\.xml is damaged or no OpenVINO model: (?!Exception from)"),
        (fewer_labels, r"id2label \(config\.json\) names 2 tags"),
        (other_format, "was exported by xlner .* as tflite in layout 2, and this version reads onnx and openvino"),
        (lambda place: (place / "xlner.json").unlink(), "holds a graph that xlner did not write"),
    ],
)
def test_a_folder_that_cannot_be_used_says_why(exported, tmp_path, change, message):
    place = shutil.copytree(exported, tmp_path / "x")
    change(place)
    with pytest.raises(ModelError, match=message):
        Tagger.load(place)


def test_precision_is_that_of_the_cpu_or_the_one_that_is_asked_for(exported, openvino, monkeypatch):
    assert Tagger.load(exported, precision="fp32").network.precision == "fp32"
    assert Tagger.load(exported).network.precision == openvino.precision
    with pytest.raises(OptionError, match="`precision` of this exported model is auto or fp32 or bf16; got 'fp8'"):
        Tagger.load(exported, precision="fp8")
    monkeypatch.setitem(_HINTS, "bf16", "f32")  # what a CPU without units for it does
    with pytest.raises(OptionError, match="`precision` bf16 is not what this CPU can compute in"):
        Tagger.load(exported, precision="bf16")


def test_the_extra_is_named_where_openvino_is_missing(exported, model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingExtraError, match=r"xlner\[openvino\]"):
        Tagger.load(exported)
    with pytest.raises(MissingExtraError, match=r"xlner\[openvino\]"):
        xlner.export(model, tmp_path / "x", format="openvino")
