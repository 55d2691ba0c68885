"""How large the inputs of linear layers get, channel by channel."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from xlner.tagger.onnx import INPUTS


def channel_peaks(model: Any, windows: Iterable[np.ndarray]) -> dict[str, np.ndarray]:
    """The largest magnitude of each channel of each input of a linear layer, over some windows.

    Args:
        model: `onnx.ModelProto`; unchanged afterwards.
        windows: subword ids with special tokens. Shape of each: (n_subwords,).

    Returns:
        Name in the graph -> peaks. Shape of each: (n_channels,), float32.
    """
    import onnx
    import onnxruntime
    from onnx import helper

    weights = {tensor.name for tensor in model.graph.initializer}
    names = list(dict.fromkeys(n.input[0] for n in model.graph.node if n.op_type == "MatMul" and n.input[1] in weights))
    before = len(model.graph.output)
    model.graph.output.extend(helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, None) for n in names)
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # it renames and fuses
    with tempfile.TemporaryDirectory(prefix="xlner-calibrate-") as place:
        file = Path(place) / "model.onnx"
        onnx.save(model, str(file))
        session = onnxruntime.InferenceSession(str(file), settings, providers=["CPUExecutionProvider"])
        peaks: dict[str, np.ndarray] = {}
        for ids in windows:
            values = session.run(
                names, dict(zip(INPUTS, (ids[None].astype(np.int64), np.ones((1, len(ids)), np.int64)), strict=True))
            )
            for name, value in zip(names, values, strict=True):
                peak = np.abs(value).reshape(-1, value.shape[-1]).max(0)
                peaks[name] = np.maximum(peaks.get(name, 0), peak)
    del model.graph.output[before:]
    return peaks
