"""A tagger as an ONNX folder: the same answers, and what is said of it."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import venv
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.conftest import ROOT
from tests.toy import sentences

import xlner
from xlner import LabelSet, ModelError, OptionError, Sentence, Tagger, UsageError
from xlner.cli import main
from xlner.errors import DataError, MissingExtraError
from xlner.export.folder import card_of, write_exported
from xlner.tagger.exported import FORMATS


def spans(tagger, texts):
    return [[(s.start, s.end, s.label) for s in x.spans] for x in tagger.predict(texts)]


def test_the_graph_says_what_torch_says(model, tmp_path, gold):
    result = xlner.export(model, tmp_path / "onnx", gold=gold)
    torch_tagger = Tagger.load(model, device="cpu", precision="fp32")
    onnx_tagger = Tagger.load(tmp_path / "onnx")
    texts = [*sentences(30), Sentence(()), Sentence(("\u200b", "Ana")), Sentence(tuple(sentences(1)[0].words * 40))]
    for a, b in zip(torch_tagger.probabilities(texts), onnx_tagger.probabilities(texts), strict=True):
        assert a.shape == b.shape
        assert a == pytest.approx(b, abs=1e-4)
    assert spans(torch_tagger, texts) == spans(onnx_tagger, texts)
    assert result.parity.same == result.parity.sentences == 20
    assert result.f1[0] == result.f1[1] > 0.5
    assert onnx_tagger.words.max_subwords == torch_tagger.words.max_subwords
    assert onnx_tagger.languages == torch_tagger.languages


def test_batches_and_single_sentences_are_equal_to_the_bit(exported):
    tagger, texts = Tagger.load(exported), sentences(20)
    alone = [tagger.probabilities([s])[0] for s in texts]
    assert all(np.array_equal(a, b) for a, b in zip(alone, tagger.probabilities(texts), strict=True))


def test_int8_is_smaller_and_nearly_the_same(exported_once):
    small, large = (exported_once / name for name in ("int8", "fp32"))
    sizes = [(folder / "model.onnx").stat().st_size for folder in (small, large)]
    assert sizes[0] < sizes[1]
    plain, rounded = (Tagger.load(f).probabilities(sentences(40)) for f in (large, small))
    difference = np.abs(np.concatenate(plain) - np.concatenate(rounded))
    assert 0 < difference.mean() < 0.02


def test_a_window_beyond_the_positions_of_the_encoder_is_made_smaller(model, exported):
    side = json.loads((exported / "xlner.json").read_text("utf-8"))
    side["export"]["tokenizer"]["model_max_length"] = 10**30  # of tokenizers that do not say it
    (exported / "xlner.json").write_text(json.dumps(side), "utf-8")
    tagger = Tagger.load(exported, max_subwords=500)
    assert tagger.words.max_subwords == Tagger.load(model, max_subwords=500, device="cpu").words.max_subwords == 64
    (answer,) = tagger.predict([Sentence(tuple(sentences(1)[0].words * 40))])
    assert answer.spans


def test_types_are_mapped_as_those_of_torch_folders(model, exported):
    how = {"mapping": {"LOC": "O"}, "labels": LabelSet(("GPE", "PER"))}
    assert spans(Tagger.load(exported, **how), sentences(20)) == spans(Tagger.load(model, **how), sentences(20))


def test_vocabulary_and_layers_can_go(model, tmp_path, gold):
    result = xlner.export(model, tmp_path / "small", trim=gold, layers=1, gold=gold)
    assert result.pieces[1] < result.pieces[0] == 75
    assert result.layers == (2, 1)
    assert "student" in " ".join(result.notes)
    side = json.loads((tmp_path / "small" / "xlner.json").read_text("utf-8"))
    assert side["export"]["source"]["layers"] == [2, 1]
    assert Tagger.load(tmp_path / "small").probabilities(sentences(2))[0].shape[1] == 5


def test_the_record_says_where_it_came_from(model, exported):
    record = json.loads((exported / "xlner.json").read_text("utf-8"))["export"]
    assert record["source"]["model"] == str(model)
    assert len(record["source"]["sha256"]) == len(record["sha256"]) == 64
    assert set(record["versions"]) == {"torch", "transformers", "onnx", "onnxscript", "onnxruntime"}
    assert record["quantise"] == "int8"
    assert "onnxruntime" in (exported / "README.md").read_text("utf-8")


def test_scores_of_the_model_are_not_claimed_for_an_export_that_answers_otherwise(tmp_path):
    (tmp_path / "README.md").write_text(
        "---\nlibrary_name: transformers\nmodel-index:\n- name: x\n---\n\nWhat it is.\n"
    )
    assert "model-index" in card_of(tmp_path, "text")
    card = card_of(tmp_path, "text", same=False)
    assert card.startswith("---\nlibrary_name: onnx\n---\n")
    assert "model-index" not in card
    assert "What it is." in card


def test_the_card_says_what_was_cut(model, tmp_path, gold):
    xlner.export(model, tmp_path / "small", trim=gold, layers=1, gold=gold)
    card = (tmp_path / "small" / "README.md").read_text("utf-8")
    assert "Of 2 layers 1 were kept" in card
    assert "pieces of the vocabulary" in card
    assert "Scores below are of the model before that." in card


def test_the_command_prints_one_json_object(model, tmp_path, gold, capsys):
    with pytest.raises(SystemExit) as code:
        main(
            ["export", str(model), "--output", str(tmp_path / "x"), "--quantise", "int8", "--gold", str(gold), "--json"]
        )
    assert code.value.code == 0
    values = json.loads(capsys.readouterr().out)
    assert values["sentences"] == 20
    assert values["same_sentences"] >= 18
    assert set(values["f1"]) == set(values["bytes"]) == set(values["sentences_per_second"]) == {"before", "after"}


def test_an_exported_model_is_neither_trained_nor_saved_nor_exported_again(exported, tmp_path):
    tagger = Tagger.load(exported)
    for use in (lambda: tagger.model, lambda: tagger.save(tmp_path / "s"), tagger.with_matching_head):
        with pytest.raises(ModelError, match="exported network"):
            use()
    with pytest.raises(ModelError, match="cannot be trained"):
        Tagger.load(exported, dropout=0.1)
    with pytest.raises(ModelError, match="is an exported model; export the one"):
        xlner.export(exported, tmp_path / "again")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "tflite"}, "`format` is onnx or openvino, got 'tflite'"),
        ({"quantise": "int4"}, "`quantise` is int8, got 'int4'"),
        ({"quantise": "int8", "format": "openvino"}, "`quantise` int8 is of the format onnx"),
        ({"layers": 3}, "`layers` is 1 to 2 for this model, got 3"),
        ({"layers": 0}, "`layers` is 1 to 2"),
    ],
)
def test_a_wrong_option_is_named(model, tmp_path, options, message):
    with pytest.raises(OptionError, match=message):
        xlner.export(model, tmp_path / "x", **options)
    assert not (tmp_path / "x").exists()


def test_an_export_replaces_its_like_and_nothing_else(model, exported, gold, tmp_path):
    xlner.export(model, exported, gold=gold)  # fp32 in the place of int8
    assert json.loads((exported / "xlner.json").read_text("utf-8"))["export"]["quantise"] is None
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(UsageError, match=r"thesis\.txt"):
        xlner.export(model, tmp_path / "mine")
    with pytest.raises(UsageError, match="`output` is the folder of the model"):
        xlner.export(model, model)


def test_without_gold_the_demo_corpus_is_read(model, tmp_path, monkeypatch):
    monkeypatch.setattr("xlner.api.export.LANGUAGES", ("sw",))
    result = xlner.export(model, tmp_path / "x")
    assert result.compared_on == "of the demo corpus"
    assert result.parity.same == result.parity.sentences > 20
    assert result.f1 is None
    assert "gold" in " ".join(result.notes)


def test_a_failed_export_leaves_nothing(model, tmp_path, monkeypatch):
    monkeypatch.setattr("xlner.export.folder.to_int8", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        xlner.export(model, tmp_path / "x", quantise="int8")
    assert list(tmp_path.iterdir()) == []


def test_a_graph_with_other_numbers_is_refused(model, tmp_path, monkeypatch):
    for format in ("onnx", "openvino"):
        with monkeypatch.context() as patch:
            patch.setitem(FORMATS, format, replace(FORMATS[format], tolerance=-1))
            with pytest.raises(ModelError, match=f"{FORMATS[format].name} of this bert gives other numbers"):
                xlner.export(model, tmp_path / "x", format=format)
    assert not list(tmp_path.iterdir())


def test_missing_packages_are_named(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingExtraError, match=r"xlner\[export\]"):
        xlner.export(model, tmp_path / "x")


BLOCKED = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "transformers", "accelerate", "safetensors", "onnx", "onnxscript"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
from xlner.cli import main
main(sys.argv[1:])
"""


def without_torch(*arguments):
    command = [sys.executable, "-c", BLOCKED, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_predict_and_evaluate_without_torch_and_transformers(model, exported, gold, capsys):
    done = without_torch("predict", exported, gold, "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == 20
    done = without_torch("evaluate", exported, gold, "--json")
    assert done.returncode == 0, done.stderr
    expected = xlner.evaluate(exported, gold).metrics
    assert json.loads(done.stdout)["f1"] == expected["f1"] > 0.5
    done = without_torch("predict", model, gold)
    assert done.returncode == 1
    assert "need torch and transformers" in done.stderr
    assert "Traceback" not in done.stderr
    done = without_torch("train", "--source", f"en={gold}", "--output", exported.parent / "trained")
    assert done.returncode == 1
    assert done.stderr.endswith("pip install torch transformers accelerate\n")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif("XLNER_FULL_TESTS" not in os.environ, reason="installs packages: set XLNER_FULL_TESTS=1")
@pytest.mark.timeout(1800)
def test_in_a_fresh_environment_as_the_page_says(exported, gold, tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    programs = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    page = (ROOT / "docs" / "export.md").read_text("utf-8")
    light = shlex.split(re.search(r'^pip install ("onnxruntime.*)$', page, re.MULTILINE).group(1))
    for packages in (["--no-deps", str(ROOT)], light):
        done = subprocess.run([programs / "python", "-m", "pip", "install", "-q", *packages], check=False)
        if done.returncode:
            pytest.skip("packages cannot be installed here")
    assert subprocess.run([programs / "python", "-c", "import torch"], check=False, capture_output=True).returncode == 1
    for command in (["predict", exported, gold], ["evaluate", exported, gold, "--json"]):
        done = subprocess.run([programs / "xlner", *command], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["f1"] == xlner.evaluate(exported, gold).metrics["f1"]


def test_gold_data_without_labels_are_refused_before_anything_is_written(model, tmp_path):
    (tmp_path / "raw.txt").write_text("Ana vive en Lima.\n")
    with pytest.raises(DataError, match="has no labels"):
        xlner.export(model, tmp_path / "onnx", gold=tmp_path / "raw.txt")
    assert not (tmp_path / "onnx").exists()


@pytest.mark.parametrize(
    "tags",
    [
        ["O", "B-LOC", "I-LOC", "B-PER", "I-PER", "E-PER", "S-PER"],
        ["O", "PER", "LOC"],
    ],
)
def test_a_model_with_tags_of_its_own_is_exported_as_it_is(tiny_encoder, tmp_path, tags):
    fresh = Tagger.fresh(str(tiny_encoder), LabelSet(("LOC", "PER")), device="cpu")
    fresh.tokenizer.save_pretrained(tmp_path / "own")
    named = {"num_labels": len(tags), "id2label": dict(enumerate(tags)), "label2id": {t: i for i, t in enumerate(tags)}}
    torch.manual_seed(1)
    fresh.model.config.update(named)
    type(fresh.model)(fresh.model.config).save_pretrained(tmp_path / "own")
    xlner.export(tmp_path / "own", tmp_path / "onnx")
    texts = sentences(20)
    own = Tagger.load(tmp_path / "own", device="cpu", precision="fp32")
    assert spans(Tagger.load(tmp_path / "onnx"), texts) == spans(own, texts)
    assert any(spans(own, texts))


def test_mapped_types_are_not_exported(model, tmp_path):
    for mapping in ({"LOC": "O"}, {"LOC": "PER", "PER": "LOC"}):
        with pytest.raises(ModelError, match="map when you load"):
            write_exported(Tagger.load(model, mapping=mapping, device="cpu"), tmp_path / "onnx", source={})
