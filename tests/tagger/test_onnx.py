"""Folders with an ONNX graph: ours are read, others are refused with a reason."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save
from tests.toy import PEOPLE, sentences

from xlner import MissingExtraError, ModelError, OptionError, Tagger
from xlner.encoder import load_tokenizer
from xlner.tagger.exported import FORMATS

TAGS = ["O", "B-PER", "I-PER"]


def graph(file, *, inputs=("input_ids", "attention_mask"), output="logits", tags=3, rows=75, people=()):
    """Each subword's scores are a row of a table."""
    table = np.zeros((rows, tags), np.float32)
    table[:, 0], table[list(people), 1] = 5, 9
    nodes = [helper.make_node("Gather", ["table", inputs[0]], [output], "look-up")]
    made = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info(i, TensorProto.INT64, ["n", "m"]) for i in inputs],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", "m", tags])],
        [numpy_helper.from_array(table, "table")],
    )  # fmt: skip
    save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), str(file))


@pytest.fixture
def folder(tmp_path, tiny_encoder):
    """A whole exported folder, whose graph knows people by heart."""
    place = tmp_path / "exported"
    place.mkdir()
    tokenizer = load_tokenizer(tiny_encoder)
    tokenizer.backend_tokenizer.save(str(place / "tokenizer.json"))
    graph(place / "model.onnx", people=[tokenizer.convert_tokens_to_ids("▁" + p) for p in PEOPLE])
    (place / "config.json").write_text(json.dumps({"id2label": dict(enumerate(TAGS))}))
    record(place)
    return place


def record(place, **changes):
    """Write the side file."""
    values = {
        "layout": FORMATS["onnx"].layout, "xlner": "0.1.0", "quantise": None,
        "bytes": sum(f.stat().st_size for f in place.glob("model.onnx")),
        "tokenizer": {"model_max_length": 64, "unk_token": "<unk>", "pad_token": "<pad>"},
    }  # fmt: skip
    side = {"languages": ["eng"], "max_subwords": 32, "export": {**values, **changes}}
    (place / "xlner.json").write_text(json.dumps(side))


def test_a_folder_is_read_with_its_window_languages_and_labels(folder):
    tagger = Tagger.load(folder, mapping={"PER": "PERSON"})
    assert (tagger.languages, tagger.words.max_subwords, tagger.labels.types) == (("eng",), 32, ("PERSON",))
    (answer,) = tagger.predict(sentences(1))
    assert {answer.surface(s) for s in answer.spans} <= set(PEOPLE)
    assert answer.spans
    assert Tagger.load(folder, max_subwords=16, device="cpu").words.max_subwords == 16


def cut(place):
    data = (place / "model.onnx").read_bytes()
    (place / "model.onnx").write_bytes(data[: len(data) // 2])


def garbage(place):
    (place / "model.onnx").write_bytes(b"no graph at all")
    record(place)


def other_inputs(place):
    graph(place / "model.onnx", inputs=("input_ids", "attention_mask", "token_type_ids"))
    record(place)


def other_output(place):
    graph(place / "model.onnx", output="last_hidden_state")
    record(place)


def more_tags(place):
    graph(place / "model.onnx", tags=5)
    record(place)


def no_labels(place):
    (place / "config.json").write_text("{}")


def unnamed_labels(place):
    (place / "config.json").write_text(json.dumps({"id2label": {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}}))


def broken_config(place):
    (place / "config.json").write_text("{")


def of_optimum(place):
    (place / "xlner.json").unlink()
    (place / "ort_config.json").write_text("{}")


def of_a_later_version(place):
    record(place, layout=FORMATS["onnx"].layout + 1, xlner="9.0")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (cut, r"model\.onnx is cut short: with all of the graph it has \d+ bytes, not \d+"),
        (lambda place: (place / "model.onnx").rename(place / "other.onnx"), r"model\.onnx is missing"),
        (lambda place: (place / "model.onnx").unlink(), r"model\.onnx is missing"),
        (garbage, r"model\.onnx is damaged or no ONNX graph"),
        (other_inputs, "takes input_ids, attention_mask, token_type_ids and gives logits; wanted are input_ids and"),
        (other_output, "gives last_hidden_state; wanted are"),
        (more_tags, r"scores of shape \['n', 'm', 5\], and id2label \(config.json\) names 3 tags"),
        (no_labels, r"config\.json does not name the labels \(id2label\)"),
        (unnamed_labels, "the model does not name its 3 labels"),
        (broken_config, r"config\.json cannot be read"),
        (lambda place: (place / "tokenizer.json").unlink(), r"has no tokenizer: tokenizer\.json is missing"),
        (lambda place: (place / "tokenizer.json").write_text("{}"), r"tokenizer\.json is damaged"),
        (lambda place: record(place, tokenizer=None), r"xlner\.json does not describe the tokenizer"),
        (of_optimum, "a graph that xlner did not write.*Export the model it was made from"),
        (of_a_later_version, "was exported by xlner 9.0 as onnx in layout 2, and this version reads onnx of layout 1"),
    ],
)
def test_a_folder_that_cannot_be_used_says_why(folder, change, message):
    change(folder)
    with pytest.raises(ModelError, match=message):
        Tagger.load(folder)


def test_device_and_precision_are_those_of_the_export(folder):
    assert Tagger.load(folder, precision="fp32").languages == ("eng",)
    with pytest.raises(OptionError, match="`device` is cpu for an exported model, got 'cuda'"):
        Tagger.load(folder, device="cuda")
    with pytest.raises(OptionError, match="`precision` of this exported model is fp32; got 'bf16'"):
        Tagger.load(folder, precision="bf16")
    record(folder, quantise="int8")
    with pytest.raises(OptionError, match="`precision` of this exported model is int8; got 'fp32'"):
        Tagger.load(folder, precision="fp32")


def test_the_extra_is_named_where_onnxruntime_is_missing(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"xlner\[onnx\]"):
        Tagger.load(folder)


def test_an_onnxruntime_that_is_too_old_is_named(folder, monkeypatch):
    monkeypatch.setattr("onnxruntime.__version__", "1.22.1")
    with pytest.raises(ModelError, match=r"need onnxruntime 1\.23 or newer; this is 1\.22\.1"):
        Tagger.load(folder)
