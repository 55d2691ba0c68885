"""A tagger as an OpenVINO folder: the same answers, from several threads, without torch."""

from __future__ import annotations

import json
import shutil
import sys

import numpy as np
import pytest
from fastapi.testclient import TestClient
from tests.export.test_export import spans, without_torch
from tests.toy import sentences

import xlner
from xlner import MissingExtraError, ModelError, OptionError, Sentence, Tagger
from xlner.cli import main
from xlner.integrations.hub import push
from xlner.serve.app import make_app
from xlner.serve.models import load_models
from xlner.tagger.openvino import OpenVinoNetwork

TEXTS = [*sentences(30), Sentence(()), Sentence(("\u200b", "Ana")), Sentence(tuple(sentences(1)[0].words * 40))]


@pytest.fixture(scope="module")
def exported_once(model, gold, write_once, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("xlner.export.folder.write_graph", write_once)
        return xlner.export(model, tmp_path_factory.mktemp("ov") / "x", format="openvino", gold=gold)


@pytest.fixture
def exported(exported_once):
    return exported_once.folder


def test_openvino_says_what_torch_says(model, exported_once, exported):
    torch_tagger = Tagger.load(model, device="cpu", precision="fp32")
    tagger = Tagger.load(exported, precision="fp32")
    for a, b in zip(torch_tagger.probabilities(TEXTS), tagger.probabilities(TEXTS), strict=True):
        assert a.shape == b.shape
        assert a == pytest.approx(b, abs=0.01)
    assert spans(torch_tagger, TEXTS) == spans(tagger, TEXTS)
    assert exported_once.parity.same == 20
    assert exported_once.f1[0] == exported_once.f1[1] > 0.5
    assert tagger.words.max_subwords == torch_tagger.words.max_subwords
    assert tagger.languages == torch_tagger.languages


def test_the_numbers_of_the_cpu_are_near(model, exported):
    plain, chosen = (Tagger.load(f).probabilities(sentences(40)) for f in (model, exported))
    assert np.abs(np.concatenate(plain) - np.concatenate(chosen)).mean() < 0.02


def test_no_window_is_filled_beyond_the_positions_of_the_encoder(model, exported):
    (answer,), (other,) = (
        Tagger.load(f, precision="fp32", max_subwords=61).probabilities([TEXTS[-1]]) for f in (model, exported)
    )
    assert answer == pytest.approx(other, abs=0.01)
    network = OpenVinoNetwork(exported / "openvino_model.xml", ["x"] * answer.shape[1], longest=61)
    ids = np.ones((1, 61), np.int64)
    assert network(ids, ids).shape == (1, 61, answer.shape[1])


def test_batches_go_through_side_by_side(exported, monkeypatch):
    one = spans(Tagger.load(exported, precision="fp32"), TEXTS)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    tagger = Tagger.load(exported, precision="fp32")
    monkeypatch.setattr(type(tagger.network), "batch_subwords", 32)
    assert spans(tagger, TEXTS) == one


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


def test_one_format_replaces_the_other(model, gold, tmp_path):
    for format, file in (
        ("openvino", "openvino_model.xml"),
        ("onnx", "model.onnx"),
        ("openvino", "openvino_model.xml"),
    ):
        xlner.export(model, tmp_path / "x", format=format, gold=gold)
        assert [f.name for f in (tmp_path / "x").glob("*model.*") if f.suffix != ".bin"] == [file]


def test_it_is_served(exported):
    models = load_models({"x": str(exported)})
    with TestClient(make_app(models)) as client:
        answer = client.post("/predict", json={"words": list(sentences(1)[0].words)})
    assert answer.status_code == 200
    assert answer.json()


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
        (cut, r"openvino_model\.bin has \d+ bytes instead of \d+: it is cut short"),
        (garbage, r"openvino_model\.xml is damaged or no OpenVINO model: (?!Exception from)"),
        (fewer_labels, r"id2label \(config\.json\) names 2 tags"),
        (other_format, "was exported as tflite; known formats are onnx, openvino"),
        (lambda place: (place / "xlner.json").unlink(), "holds a graph that xlner did not write"),
    ],
)
def test_a_folder_that_cannot_be_used_says_why(exported, tmp_path, change, message):
    place = shutil.copytree(exported, tmp_path / "x")
    change(place)
    with pytest.raises(ModelError, match=message):
        Tagger.load(place)


def test_precision_is_chosen_by_the_cpu_or_fp32(exported):
    with pytest.raises(OptionError, match="`precision` of this exported model is auto or fp32; got 'bf16'"):
        Tagger.load(exported, precision="bf16")


def test_the_extra_is_named_where_openvino_is_missing(exported, model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingExtraError, match=r"xlner\[openvino\]"):
        Tagger.load(exported)
    with pytest.raises(MissingExtraError, match=r"xlner\[openvino\]"):
        xlner.export(model, tmp_path / "x", format="openvino")
