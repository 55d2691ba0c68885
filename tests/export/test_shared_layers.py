"""ALBERT uses one layer again and again; its graph transposes the shared weights before each product."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from tests.toy import sentences
from transformers import AlbertConfig, AlbertForTokenClassification

import xlner
from xlner import ModelError, Tagger
from xlner.encoder import load_tokenizer
from xlner.export.quantise import turn_weights

TAGS = ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]


@pytest.fixture(scope="module")
def albert(tiny_encoder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("albert") / "model"
    tokenizer = load_tokenizer(tiny_encoder)
    config = AlbertConfig(
        vocab_size=len(tokenizer), embedding_size=16, hidden_size=128, num_hidden_layers=3, num_attention_heads=2,
        intermediate_size=256, max_position_embeddings=64, pad_token_id=1, id2label=dict(enumerate(TAGS)),
        label2id={tag: i for i, tag in enumerate(TAGS)}, initializer_range=0.1,
    )  # fmt: skip
    torch.manual_seed(0)
    AlbertForTokenClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(autouse=True)
def one_language(monkeypatch):
    monkeypatch.setattr("xlner.api.export.LANGUAGES", ("sw",))


def test_shared_layers_multiply_int8_and_say_nearly_the_same(albert, tmp_path):
    xlner.export(albert, tmp_path / "int8", quantise="int8")
    graph = onnx.load(str(tmp_path / "int8" / "model.onnx")).graph
    weights = [t for t in graph.initializer if np.prod(t.dims) > 128 * 64]
    assert {t.data_type for t in weights} == {onnx.TensorProto.INT8, onnx.TensorProto.UINT8}
    assert len(weights) == 6  # stored once, however many layers use them
    assert sum(n.op_type == "MatMulInteger" for n in graph.node) == 1 + 3 * 5
    assert sum(n.op_type == "MatMulNBits" for n in graph.node) == 3
    texts = sentences(40)
    plain = np.concatenate(Tagger.load(albert, device="cpu", precision="fp32").probabilities(texts))
    rounded = np.concatenate(Tagger.load(tmp_path / "int8").probabilities(texts))
    assert plain.std(0).max() > 0.05  # words differ, so equal answers mean something
    assert 0 < np.abs(plain - rounded).mean() < 0.02


def test_weights_that_are_not_reached_are_no_int8_export(albert, tmp_path, monkeypatch):
    monkeypatch.setattr("xlner.export.folder.turn_weights", lambda graph: None)
    with pytest.raises(ModelError, match=r"of this albert only \d+% can be stored as int8"):
        xlner.export(albert, tmp_path / "int8", quantise="int8")
    assert not (tmp_path / "int8").exists()


def test_only_weights_are_turned():
    node = onnx.helper.make_node
    weight = onnx.numpy_helper.from_array(np.arange(6, dtype=np.float32).reshape(2, 3), "w")
    nodes = [node("Transpose", ["w"], ["turned"], perm=[1, 0]), node("Transpose", ["x"], ["y"], perm=[1, 0])]
    graph = onnx.helper.make_graph(nodes, "g", [], [], [weight])
    turn_weights(graph)
    assert [n.output[0] for n in graph.node] == ["y"]
    assert onnx.numpy_helper.to_array(graph.initializer[1]).tolist() == [[0, 3], [1, 4], [2, 5]]
