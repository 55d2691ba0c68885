"""Weights of an ONNX graph in eight bits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from xlner.export.calibrate import Seen, closes
from xlner.export.rounding import block_length, compensated, in_blocks, rounded

# Without VNNI a CPU adds two products of 8-bit numbers in 16 bits. 255 * 127 * 2 overflows, 255 * 63 * 2 does not.
LARGEST = 63
_FLOAT, _UINT8, _INT8 = 1, 2, 3  # of onnx.TensorProto
DOMAIN = "com.microsoft"
"""Of the operator whose weights have a scale for each block."""
# Chosen on English dev data, by how far the scores of the embedded encoder move.
_SHARE = 0.7  # of the unevenness of an input that goes to the weights
_SMALLEST = 1e-3  # of a peak: a channel that hardly speaks on a few texts may do so on others


def turn_weights(graph: Any) -> None:
    """Store weights that a graph transposes before each product as they are used, in place.

    Layers that share their weights (ALBERT) come so, and neither `look` nor `to_int8` would take them for
    layers.

    Args:
        graph: `onnx.GraphProto`.
    """
    from onnx import numpy_helper

    weights = {tensor.name: tensor for tensor in graph.initializer}
    for node in list(graph.node):
        matrix = node.op_type == "Transpose" and node.input[0] in weights and len(weights[node.input[0]].dims) == 2
        if matrix and [list(a.ints) for a in node.attribute] in ([], [[1, 0]]):
            turned = np.ascontiguousarray(numpy_helper.to_array(weights[node.input[0]]).T)
            graph.initializer.append(numpy_helper.from_array(turned, node.output[0]))
            graph.node.remove(node)


def int8_share(graph: Any) -> float:
    """Which part of the numbers that a graph holds is in eight bits, 0 to 1."""
    sizes = dict.fromkeys((_FLOAT, _UINT8, _INT8), 0)
    for tensor in graph.initializer:
        if tensor.data_type in sizes:
            sizes[tensor.data_type] += int(np.prod(tensor.dims))
    return (sizes[_UINT8] + sizes[_INT8]) / max(sum(sizes.values()), 1)


def to_int8(graph: Any, *, keep: str, seen: Mapping[str, Seen] | None = None) -> tuple[int, int]:
    """Store the weights of linear layers and of the word embeddings in eight bits, in place.

    Most linear layers multiply int8: weights have a scale per output and 7 bits, inputs a scale per window (dynamic
    quantisation). A layer that closes a feed-forward block has so few large inputs that eight bits for a window would
    lose the others. In the lower half of the network, whose errors go through all of the rest, its weights and inputs
    have a scale for each block of some inputs, and 8 bits; that takes more time. Embeddings have a scale per row, and
    are turned into floating-point numbers as they are looked up.

    Args:
        graph: `onnx.GraphProto`. If a node of `DOMAIN` comes in, its model must import that domain, version 1.
        keep: name of the graph's output. The layer that is nearest to it, the head, keeps its weights: it is small, and
            its errors would go into the answer undiminished.
        seen: what was seen of the layers' inputs, from `look`. A few channels of a transformer are a hundred times as
            large as others, which would leave those a bit or two. Inputs are divided by a factor for each channel, and
            weights multiplied by it. Inputs of layers that share a weight have the same factors. What rounding one
            weight does to the outputs is made good by others. None does neither.

    Returns:
        How many linear layers and how many tables were changed.

    Reference: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
    Inference", CVPR 2018, for the scheme; Xiao et al., "SmoothQuant: Accurate and Efficient Post-Training Quantization
    for Large Language Models", ICML 2023, equation 4, for the factors; `compensated` for what is made good. The 7 bits
    are what onnxruntime calls a reduced range.
    """
    from onnx import numpy_helper

    weights = {tensor.name: tensor for tensor in graph.initializer}
    head = _head(graph, keep, weights)
    linear_nodes = [n for n in graph.node if n.op_type == "MatMul" and n.input[1] in weights and n is not head]
    lower = _lower(linear_nodes, weights)
    alike = _alike(linear_nodes)
    by_group = _together(seen or {}, alike)
    nodes, new, inputs = [], {}, set()
    factors: dict[str, np.ndarray | None] = {}
    smooth: dict[str, np.ndarray] = {}
    linear = tables = 0
    for node in graph.node:
        name = node.input[1 if node.op_type == "MatMul" else 0] if node.input else ""
        matrix = name in weights and len(weights[name].dims) == 2 and weights[name].data_type == _FLOAT
        if not matrix or node is head or node.op_type not in ("MatMul", "Gather"):
            nodes.append(node)
            continue
        values = numpy_helper.to_array(weights[name])
        if node.op_type == "Gather":
            new[name] = rounded(values, axis=1, largest=127)
            nodes += _look_up(node, name)
            tables += 1
            continue
        linear += 1
        if length := block_length(len(values)) if name in lower else None:
            if name not in new:
                new[name] = in_blocks(values, length)
            nodes.append(_block_product(node, name, values.shape, length))
            continue
        x, group = node.input[0], alike[name]
        if group not in factors:
            readers = dict.fromkeys(n.input[1] for n in linear_nodes if alike[n.input[1]] == group)
            peaks = by_group[group].peaks if group in by_group else None
            factors[group] = _factors(peaks, [numpy_helper.to_array(weights[w]) for w in readers])
        factor = factors[group]
        if name not in new:
            new[name] = _whole(values, factor, by_group.get(group))
        if factor is not None and x not in inputs:
            smooth[f"{x}.factors"] = 1 / factor
        nodes += _product(node, name, first=x not in inputs, divided=factor is not None)
        inputs.add(x)
    del graph.node[:]
    graph.node.extend(nodes)
    used = {name for node in nodes for name in node.input}
    rest = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(rest)
    for name, (whole, scale) in new.items():
        graph.initializer.append(numpy_helper.from_array(whole, f"{name}.int8"))
        graph.initializer.append(numpy_helper.from_array(scale, f"{name}.scale"))
    graph.initializer.extend(numpy_helper.from_array(values, name) for name, values in smooth.items())
    return linear, tables


def _lower(linear: Sequence[Any], weights: Mapping[str, Any]) -> set[str]:
    """The weights of those layers in the lower half of the network that close a feed-forward block."""
    shapes = {n.input[1]: tuple(weights[n.input[1]].dims) for n in linear}  # bottom first, as the graph has them
    names = [name for name, shape in shapes.items() if len(shape) == 2 and closes(*shape)]
    return set(names[: (len(names) + 1) // 2])


def _whole(values: np.ndarray, factor: np.ndarray | None, seen: Seen | None) -> tuple[np.ndarray, np.ndarray]:
    """The weights of a layer whose inputs are divided by a factor for each channel."""
    if factor is None or seen is None:
        return rounded(values, axis=0, largest=LARGEST)
    turned = values * factor[:, None]
    if seen.moments is None:
        return rounded(turned, axis=0, largest=LARGEST)
    return compensated(turned, seen.moments / np.outer(factor, factor), largest=LARGEST)


def _alike(nodes: Sequence[Any]) -> dict[str, str]:
    """Inputs and weights of products -> the name of a group; those that meet in a product are in one."""
    group: dict[str, str] = {}
    for node in nodes:
        first, second = (group.setdefault(name, name) for name in node.input)
        group = {name: first if its == second else its for name, its in group.items()}
    return group


def _together(seen: Mapping[str, Seen], alike: Mapping[str, str]) -> dict[str, Seen]:
    """Group -> what was seen of all its inputs."""
    out: dict[str, Seen] = {}
    for name, group in alike.items():
        if name in seen:
            out[group] = out[group].with_(seen[name]) if group in out else seen[name]
    return out


def _factors(peaks: np.ndarray | None, weights: list[np.ndarray]) -> np.ndarray | None:
    """What to divide the channels of an input by. Shapes: (n_channels,), of each weight (n_channels, n_outputs)."""
    if peaks is None:
        return None
    largest = np.max([np.abs(w).max(1) for w in weights], axis=0)
    raw = np.maximum(peaks, _SMALLEST) ** _SHARE / np.maximum(largest, _SMALLEST) ** (1 - _SHARE)
    return (raw / np.exp(np.log(raw).mean())).astype(np.float32)


def _head(graph: Any, output: str, weights: dict[str, Any]) -> Any:
    """The last product with weights before the output."""
    products = [n for n in graph.node if n.op_type in ("MatMul", "Gemm") and n.input[1] in weights]
    made_by = {name: node for node in graph.node for name in node.output}
    node = made_by.get(output)
    while node is not None and node not in products:
        node = next((made_by[name] for name in node.input if name in made_by), None)
    return node


def _product(node: Any, weight: str, *, first: bool, divided: bool) -> Iterator[Any]:
    """The nodes for `x @ weight`, in the form that onnxruntime turns into one step."""
    from onnx import helper

    x, y = node.input[0], node.output[0]
    if first and divided:
        yield helper.make_node("Mul", [x, f"{x}.factors"], [f"{x}.smooth"], f"{x}.divided")
    if first:
        smooth = f"{x}.smooth" if divided else x
        yield helper.make_node(
            "DynamicQuantizeLinear", [smooth], [f"{x}.uint8", f"{x}.scale", f"{x}.zero"], f"{x}.round"
        )
    yield helper.make_node("MatMulInteger", [f"{x}.uint8", f"{weight}.int8", f"{x}.zero"], [f"{y}.int32"], f"{y}.dot")
    yield helper.make_node("Cast", [f"{y}.int32"], [f"{y}.sum"], f"{y}.cast", to=_FLOAT)
    yield helper.make_node("Mul", [f"{x}.scale", f"{weight}.scale"], [f"{y}.scale"], f"{y}.scales")
    yield helper.make_node("Mul", [f"{y}.sum", f"{y}.scale"], [y], f"{y}.scaled")


def _block_product(node: Any, weight: str, shape: Sequence[int], length: int) -> Any:
    """The node for `x @ weight` with a scale for each block of inputs; onnxruntime finds those of `x` itself."""
    from onnx import helper

    return helper.make_node(
        "MatMulNBits", [node.input[0], f"{weight}.int8", f"{weight}.scale"], list(node.output), node.name,
        domain=DOMAIN, K=shape[0], N=shape[1], bits=8, block_size=length, accuracy_level=4,
    )  # fmt: skip


def _look_up(node: Any, table: str) -> Iterator[Any]:
    """The nodes for the rows of a table with a scale each."""
    from onnx import helper

    ids, y = node.input[1], node.output[0]
    yield helper.make_node("Gather", [f"{table}.int8", ids], [f"{y}.int8"], f"{y}.row", axis=0)
    yield helper.make_node("Cast", [f"{y}.int8"], [f"{y}.whole"], f"{y}.row_cast", to=_FLOAT)
    yield helper.make_node("Gather", [f"{table}.scale", ids], [f"{y}.row_scale"], f"{y}.row_scales", axis=0)
    yield helper.make_node("Mul", [f"{y}.whole", f"{y}.row_scale"], [y], f"{y}.scaled")
