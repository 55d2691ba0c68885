"""Weights of a graph as int8 numbers."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from xlner.export.calibrate import Seen
from xlner.export.quantise import DOMAIN, LARGEST, to_int8
from xlner.export.rounding import block_length, compensated, in_blocks, rounded

RNG = np.random.default_rng(0)
TABLE = (RNG.normal(size=(50, 32)) * RNG.uniform(0.01, 5, (50, 1))).astype(np.float32)
INNER = (RNG.normal(size=(32, 32)) * RNG.uniform(0.01, 5, 32)).astype(np.float32)
HEAD = RNG.normal(size=(32, 3)).astype(np.float32)
IDS = RNG.integers(0, 50, (2, 6))


def graph():
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["x"], "look-up"),
        helper.make_node("MatMul", ["x", "inner"], ["y"], "left"),
        helper.make_node("MatMul", ["x", "inner"], ["z"], "right"),
        helper.make_node("Add", ["y", "z"], ["h"], "sum"),
        helper.make_node("MatMul", ["h", "head"], ["s"], "last"),
        helper.make_node("Add", ["s", "bias"], ["logits"], "shift"),
    ]
    weights = {"table": TABLE, "inner": INNER, "head": HEAD, "bias": np.ones(3, np.float32)}
    made = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("ids", TensorProto.INT64, ["n", "m"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", "m", 3])],
        [numpy_helper.from_array(w, n) for n, w in weights.items()],
    )  # fmt: skip
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def run(model):
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"ids": IDS})[0]


def test_layers_and_tables_are_int8_and_the_head_is_not():
    model = graph()
    expected = run(model)
    assert to_int8(model.graph, keep="logits") == (2, 1)
    weights = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    assert set(weights) == {"table.int8", "table.scale", "inner.int8", "inner.scale", "head", "bias"}
    assert weights["table.int8"].dtype == weights["inner.int8"].dtype == np.int8
    assert sum(n.op_type == "DynamicQuantizeLinear" for n in model.graph.node) == 1  # both layers read x
    assert run(model) == pytest.approx(expected, abs=0.02 * float(np.abs(expected).max()))


def test_each_row_of_a_table_and_each_output_of_a_layer_has_its_scale():
    model = graph()
    to_int8(model.graph, keep="logits")
    weights = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    assert np.abs(weights["table.int8"]).max(1).tolist() == [127] * 50
    assert np.abs(weights["inner.int8"]).max(0).tolist() == [LARGEST] * 32
    assert weights["table.int8"] * weights["table.scale"] == pytest.approx(TABLE, abs=float(TABLE.max()) / 127)


def test_two_products_of_the_largest_numbers_fit_into_sixteen_bits():
    assert 2 * 255 * LARGEST < 2**15


def uneven(channel_scales, n_outputs):
    """A layer whose input has a few large channels; the inputs, the graph, and what it gives in fp32."""
    rows = RNG.normal(size=(1, 50, len(channel_scales))).astype(np.float32) * channel_scales
    weight = RNG.normal(size=(len(channel_scales), n_outputs)).astype(np.float32)
    head = np.eye(n_outputs, dtype=np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["y"], "layer"),
        helper.make_node("MatMul", ["y", "head"], ["z"], "last"),
    ]  # fmt: skip
    made = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 50, len(channel_scales)])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 50, n_outputs])],
        [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(head, "head")],
    )  # fmt: skip
    return rows, helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def given_by(model, rows):
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": rows})[0]


def test_a_large_channel_does_not_drown_the_others():
    scales = np.ones(64, np.float32)
    scales[3] = 20
    errors = []
    for seen in (False, True):
        rows, model = uneven(scales, 64)
        wanted = given_by(model, rows)
        to_int8(model.graph, keep="z", seen={"x": Seen(np.abs(rows).reshape(-1, 64).max(0))} if seen else None)
        errors.append(np.abs(wanted - given_by(model, rows)).mean())
    assert errors[1] < 0.7 * errors[0]


def test_a_layer_that_closes_a_block_has_a_scale_for_each_block_of_its_inputs():
    scales = np.ones(256, np.float32)
    scales[3] = 500
    rows, model = uneven(scales, 16)
    wanted = given_by(model, rows)
    assert to_int8(model.graph, keep="z") == (1, 0)
    model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    weights = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    assert weights["w.int8"].shape == (16, 2, 128)
    assert weights["w.scale"].shape == (32,)
    large = 500 * np.abs(weights["w.scale"]).max()  # half a step of the block with the large channel
    assert np.abs(wanted - given_by(model, rows)).max() < 8 * large


def test_blocks_are_what_they_stand_for():
    weight = RNG.normal(size=(64, 5)).astype(np.float32)
    whole, scale = in_blocks(weight, 32)
    back = ((whole.astype(np.float32) - 128) * scale.reshape(5, 2, 1)).reshape(5, 64).T
    assert back == pytest.approx(weight, abs=float(scale.max()) / 2 + 1e-6)
    assert [block_length(n) for n in (3072, 96, 48, 10)] == [128, 32, 16, None]


def test_errors_of_rounding_are_made_good_by_other_weights():
    mixed = RNG.normal(size=(6, 150)).astype(np.float32)  # 150 channels that say six things
    x = RNG.normal(size=(500, 6)).astype(np.float32) @ mixed + RNG.normal(size=(500, 150)).astype(np.float32) * 0.1
    weight = RNG.normal(size=(150, 8)).astype(np.float32)
    errors = []
    for whole, scale in (
        rounded(weight, axis=0, largest=15),
        compensated(weight, x.T @ x / len(x), largest=15),
    ):
        assert np.abs(whole).max() <= 15
        errors.append(np.abs(x @ weight - x @ (whole * scale)).mean())
    assert errors[1] < 0.6 * errors[0]


def test_dead_channels_are_no_obstacle():
    weight, nothing = RNG.normal(size=(4, 2)).astype(np.float32), np.zeros((4, 4))
    whole, scale = compensated(weight, nothing, largest=63)
    assert whole * scale == pytest.approx(weight, abs=float(scale.max()) / 2 + 1e-6)
