"""Weights of an ONNX graph in eight bits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

# Without VNNI a CPU adds two products of 8-bit numbers in 16 bits. 255 * 127 * 2 overflows, 255 * 63 * 2 does not.
LARGEST = 63
_FLOAT = 1  # of onnx.TensorProto
_TINY = 1e-12


def to_int8(graph: Any, *, keep: str) -> tuple[int, int]:
    """Store the weights of linear layers and of the word embeddings as int8, in place.

    Linear layers multiply int8: weights have a scale per output and 7 bits, inputs a scale per window (dynamic
    quantisation). Embeddings have a scale per row, and are turned into floating-point numbers as they are looked up.

    Args:
        graph: `onnx.GraphProto`.
        keep: name of the graph's output. The layer that is nearest to it, the head, keeps its weights: it is small, and
            its errors are not evened out by others.

    Returns:
        How many linear layers and how many tables were changed.

    Reference: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
    Inference", CVPR 2018, for the scheme; the 7 bits are what onnxruntime calls a reduced range.
    """
    from onnx import numpy_helper

    weights = {tensor.name: tensor for tensor in graph.initializer}
    head = _head(graph, keep, weights)
    nodes, new, inputs = [], {}, set()
    linear = tables = 0
    for node in graph.node:
        name = node.input[1 if node.op_type == "MatMul" else 0] if node.input else ""
        matrix = name in weights and len(weights[name].dims) == 2 and weights[name].data_type == _FLOAT
        if not matrix or node is head or node.op_type not in ("MatMul", "Gather"):
            nodes.append(node)
            continue
        values = numpy_helper.to_array(weights[name])
        if node.op_type == "MatMul":
            new[name] = _rounded(values, axis=0, largest=LARGEST)
            nodes += _product(node, name, first=node.input[0] not in inputs)
            inputs.add(node.input[0])
            linear += 1
        else:
            new[name] = _rounded(values, axis=1, largest=127)
            nodes += _look_up(node, name)
            tables += 1
    del graph.node[:]
    graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    rest = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(rest)
    for name, (rounded, scale) in new.items():
        graph.initializer.append(numpy_helper.from_array(rounded, f"{name}.int8"))
        graph.initializer.append(numpy_helper.from_array(scale, f"{name}.scale"))
    return linear, tables


def _rounded(values: np.ndarray, *, axis: int, largest: int) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers from -largest to largest, and what to multiply them by; one scale for all values along `axis`."""
    scale = np.maximum(np.abs(values).max(axis, keepdims=axis == 1) / largest, _TINY).astype(np.float32)
    return np.rint(values / scale).astype(np.int8), scale


def _head(graph: Any, output: str, weights: dict[str, Any]) -> Any:
    """The last product with weights before the output."""
    products = [n for n in graph.node if n.op_type in ("MatMul", "Gemm") and n.input[1] in weights]
    made_by = {name: node for node in graph.node for name in node.output}
    node = made_by.get(output)
    while node is not None and node not in products:
        node = next((made_by[name] for name in node.input if name in made_by), None)
    return node


def _product(node: Any, weight: str, *, first: bool) -> Iterator[Any]:
    """The nodes for `x @ weight`, in the form that onnxruntime turns into one step."""
    from onnx import helper

    x, y = node.input[0], node.output[0]
    if first:
        yield helper.make_node("DynamicQuantizeLinear", [x], [f"{x}.uint8", f"{x}.scale", f"{x}.zero"], f"{x}.round")
    yield helper.make_node("MatMulInteger", [f"{x}.uint8", f"{weight}.int8", f"{x}.zero"], [f"{y}.int32"], f"{y}.dot")
    yield helper.make_node("Cast", [f"{y}.int32"], [f"{y}.sum"], f"{y}.cast", to=_FLOAT)
    yield helper.make_node("Mul", [f"{x}.scale", f"{weight}.scale"], [f"{y}.scale"], f"{y}.scales")
    yield helper.make_node("Mul", [f"{y}.sum", f"{y}.scale"], [y], f"{y}.scaled")


def _look_up(node: Any, table: str) -> Iterator[Any]:
    """The nodes for the rows of a table with a scale each."""
    from onnx import helper

    ids, y = node.input[1], node.output[0]
    yield helper.make_node("Gather", [f"{table}.int8", ids], [f"{y}.int8"], f"{y}.row", axis=0)
    yield helper.make_node("Cast", [f"{y}.int8"], [f"{y}.whole"], f"{y}.cast", to=_FLOAT)
    yield helper.make_node("Gather", [f"{table}.scale", ids], [f"{y}.scale"], f"{y}.scales", axis=0)
    yield helper.make_node("Mul", [f"{y}.whole", f"{y}.scale"], [y], f"{y}.scaled")
