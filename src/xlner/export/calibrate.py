"""What the inputs of linear layers are like, channel by channel."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from xlner.tagger.network import INPUTS


@dataclass(frozen=True)
class Seen:
    """What was seen of the inputs of a linear layer.

    Args:
        peaks: the largest magnitude of each channel. Shape: (n_channels,), float32.
        moments: mean of x xᵀ over the inputs x; None of a layer that closes a feed-forward block, where it would be
            large. Shape: (n_channels, n_channels), float64.
    """

    peaks: np.ndarray
    moments: np.ndarray | None = None

    def with_(self, other: Seen) -> Seen:
        """Both together; each counts alike in the mean."""
        both = None if self.moments is None or other.moments is None else (self.moments + other.moments) / 2
        return Seen(np.maximum(self.peaks, other.peaks), both)


def closes(n_inputs: int, n_outputs: int) -> bool:
    """Whether a linear layer closes a feed-forward block: few of its inputs, after the activation, are large."""
    return n_inputs > n_outputs


def look(model: Any, windows: Iterable[np.ndarray]) -> dict[str, Seen]:
    """Run some windows through a graph, and look at each input of a linear layer.

    Args:
        model: `onnx.ModelProto`; unchanged afterwards.
        windows: subword ids with special tokens. Shape of each: (n_subwords,).

    Returns:
        Name in the graph -> what was seen; nothing without windows.
    """
    import onnx
    import onnxruntime
    from onnx import helper

    shapes = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    products = [n for n in model.graph.node if n.op_type == "MatMul" and len(shapes.get(n.input[1], ())) == 2]
    narrow = {n.input[0] for n in products if not closes(*shapes[n.input[1]])}
    names = list(dict.fromkeys(n.input[0] for n in products))
    before = len(model.graph.output)
    model.graph.output.extend(helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, None) for n in names)
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # it renames and fuses
    peaks: dict[str, Any] = dict.fromkeys(names, 0)
    sums: dict[str, Any] = dict.fromkeys(narrow, 0)
    count = 0
    with tempfile.TemporaryDirectory(prefix="xlner-calibrate-") as place:
        file = Path(place) / "model.onnx"
        onnx.save(model, str(file))
        session = onnxruntime.InferenceSession(str(file), settings, providers=["CPUExecutionProvider"])
        for ids in windows:
            given = (ids[None].astype(np.int64), np.ones((1, len(ids)), np.int64))
            count += len(ids)
            for name, value in zip(names, session.run(names, dict(zip(INPUTS, given, strict=True))), strict=True):
                rows = value.reshape(-1, value.shape[-1])
                peaks[name] = np.maximum(peaks[name], np.abs(rows).max(0))
                if name in narrow:
                    sums[name] = sums[name] + (rows.T @ rows).astype(np.float64)
    del model.graph.output[before:]
    return {n: Seen(peaks[n], sums[n] / count if n in narrow else None) for n in names if count}
