"""A network as an OpenVINO model: the fastest way on most CPUs, without torch and transformers."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from xlner.errors import MissingExtraError, ModelError
from xlner.tagger.network import AGAIN, INPUTS, OUTPUT, check_interface
from xlner.tagger.parallel import cores

_STEP = 8  # lengths are multiples of it, since OpenVINO compiles anew for each number of windows and each length


class OpenVinoNetwork:
    """A token classifier as OpenVINO computes it, on the CPU.

    Where the CPU has units for bf16 it multiplies in them, unless `precision` says otherwise. Each call computes on one
    core, and as many calls as there are cores at a time.

    Args:
        file: the graph, with its weights beside it. Inputs `input_ids` and `attention_mask`, output `logits`, as
            `Network` has them.
        tags: by output index.
        longest: most subwords of an input; the graph breaks on more.
        precision: "auto", or "fp32".

    Raises:
        MissingExtraError: openvino is not installed.
        ModelError: the files are damaged, or another kind of graph.
    """

    batch_subwords = 1024
    side_by_side = True

    def __init__(self, file: Path, tags: Sequence[str], *, longest: int, precision: str = "auto") -> None:
        try:
            import openvino
        except ImportError:
            raise MissingExtraError("a model exported for OpenVINO", extra="openvino") from None
        self.tags, self._longest = tuple(tags), longest
        settings: dict[str, Any] = {
            "NUM_STREAMS": cores(), "INFERENCE_NUM_THREADS": cores(), "ENABLE_CPU_PINNING": False,
        }  # fmt: skip
        if precision == "fp32":
            settings["INFERENCE_PRECISION_HINT"] = "f32"
        core = openvino.Core()
        try:
            model = core.read_model(str(file))
            inputs = {i.any_name: i.element_type.to_string() for i in model.inputs}
            outputs = {o.any_name: [_size(d) for d in o.partial_shape] for o in model.outputs}
            self._model = core.compile_model(model, "CPU", settings)
        except Exception as error:  # its errors share no class but this
            raise ModelError(f"{file} is damaged or no OpenVINO model: {_reason(error)}. {AGAIN}") from None
        whole = inputs == dict.fromkeys(INPUTS, "i64")
        check_interface(file, inputs, outputs, whole=whole, n_tags=len(self.tags))
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def __call__(self, input_ids: np.ndarray, attention_mask: np.ndarray) -> np.ndarray:
        length = input_ids.shape[1]
        to_fill = ((0, 0), (0, min(-length % _STEP, max(0, self._longest - length))))
        inputs = {name: np.pad(x, to_fill) for name, x in zip(INPUTS, (input_ids, attention_mask), strict=True)}
        try:
            request = self._idle.get_nowait()
        except queue.Empty:
            request = self._model.create_infer_request()
        try:
            answers = request.infer(inputs, share_inputs=True)
            return np.asarray(answers[OUTPUT][:, :length], np.float32)
        finally:
            self._idle.put(request)


def _size(dimension: Any) -> int | str:
    return dimension.get_length() if dimension.is_static else "?"


def _reason(error: Exception) -> str:
    """What OpenVINO says, without the lines of its code that it names first."""
    lines = [line.strip() for line in str(error).splitlines() if not line.startswith("Exception from")]
    return next((line for line in lines if line), type(error).__name__)
