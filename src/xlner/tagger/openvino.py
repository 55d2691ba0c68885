"""A network as an OpenVINO model, without torch and transformers."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from xlner.errors import MissingExtraError, ModelError, OptionError
from xlner.tagger.network import AGAIN, INPUTS, OUTPUT, check_interface
from xlner.tagger.parallel import cores

_HINTS = {"auto": None, "fp32": "f32", "bf16": "bf16"}
_STEP = 8  # lengths are multiples of it, since OpenVINO compiles anew for each number of windows and each length
_COMPILED = 256  # products that are kept; each number of windows with each length makes some
_TELEMETRY = "openvino_telemetry"
_lock = threading.Lock()
_of_parents: list[Any] = []  # in a forked process: to let them go would end threads that are not there


def load_openvino() -> Any:
    """The package openvino, imported so that it tells nobody: it counts imports by a package of its own.

    Raises:
        MissingExtraError: it is not installed.
    """
    with _lock:
        hidden = not {"openvino", _TELEMETRY} & set(sys.modules)
        if hidden:
            sys.modules[_TELEMETRY] = None  # type: ignore[assignment] # it does without, if that cannot be imported
        try:
            import openvino

            openvino.Core  # noqa: B018 - a folder of that name is no package
        except (ImportError, AttributeError):
            raise MissingExtraError("OpenVINO", extra="openvino") from None
        finally:
            if hidden:
                del sys.modules[_TELEMETRY]
        return openvino


class OpenVinoNetwork:
    """A token classifier as OpenVINO computes it, on the CPU.

    Each call computes on one core, and as many calls as there are cores at a time. In a forked process the model is
    compiled anew, since threads of OpenVINO do not come along.

    Args:
        file: the graph, with its weights beside it. Inputs `input_ids` and `attention_mask`, output `logits`, as
            `Network` has them.
        tags: by output index.
        longest: most subwords of an input.
        precision: "auto" takes numbers of 16 bits where the CPU has units for them; else "fp32" or "bf16".

    Raises:
        MissingExtraError: openvino is not installed.
        ModelError: the files are damaged, or another kind of graph.
        OptionError: the CPU cannot compute in this precision.
    """

    batch_subwords = 512
    side_by_side = True

    def __init__(self, file: Path, tags: Sequence[str], *, longest: int, precision: str = "auto") -> None:
        self.tags, self._longest, self._file, self._hint = tuple(tags), longest, file, _HINTS[precision]
        self._lock = threading.Lock()
        self._compile()
        self.precision = {"f32": "fp32", "f16": "fp16"}.get(self._computes_in, self._computes_in)
        if precision not in ("auto", self.precision):
            raise OptionError("precision", f"{precision} is not what this CPU can compute in; take auto or fp32")

    def __call__(self, input_ids: np.ndarray, attention_mask: np.ndarray) -> np.ndarray:
        shape = input_ids.shape
        to_fill = ((0, 0), (0, min(-shape[1] % _STEP, max(0, self._longest - shape[1]))))
        inputs = {name: np.pad(x, to_fill) for name, x in zip(INPUTS, (input_ids, attention_mask), strict=True)}
        request, idle = self._request()
        try:
            logits = np.asarray(request.infer(inputs, share_inputs=True)[OUTPUT], np.float32)[:, : shape[1]]
        except RuntimeError as error:
            raise ModelError(f"{self._file} cannot compute windows of shape {shape}: {_reason(error)}") from None
        finally:
            idle.put(request)
        if logits.shape[:2] != shape:
            raise ModelError(f"{self._file} gives nothing for windows of shape {shape}; they may be too long for it")
        return logits

    def _request(self) -> tuple[Any, queue.SimpleQueue[Any]]:
        """What computes one batch, and where to put it afterwards."""
        with self._lock:
            if os.getpid() != self._process:
                _of_parents.append((self._model, self._idle))
                self._compile()
            try:
                return self._idle.get_nowait(), self._idle
            except queue.Empty:
                return self._model.create_infer_request(), self._idle

    def _compile(self) -> None:
        file, core = self._file, load_openvino().Core()
        settings: dict[str, Any] = {
            "NUM_STREAMS": cores(), "INFERENCE_NUM_THREADS": cores(), "ENABLE_CPU_PINNING": False,
            "CPU_RUNTIME_CACHE_CAPACITY": _COMPILED,
        }  # fmt: skip
        if self._hint is not None:
            settings["INFERENCE_PRECISION_HINT"] = self._hint
        core.set_property({"ENABLE_MMAP": False})  # another file may take the place of this one
        try:
            model = core.read_model(str(file))
        except Exception as error:  # its errors share no class but this
            raise ModelError(f"{file} is damaged or no OpenVINO model: {_reason(error)}. {AGAIN}") from None
        inputs = {i.any_name: i.element_type.to_string() for i in model.inputs}
        outputs = {o.any_name: [_size(d) for d in o.partial_shape] for o in model.outputs}
        check_interface(file, inputs, outputs, wanted="i64", n_tags=len(self.tags))
        try:
            self._model = core.compile_model(model, "CPU", settings)
        except Exception as error:
            raise ModelError(f"OpenVINO cannot compile {file} here: {_reason(error)}") from None
        self._computes_in: str = self._model.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._process = os.getpid()


def _size(dimension: Any) -> int | str:
    return dimension.get_length() if dimension.is_static else "?"


def _reason(error: Exception) -> str:
    """What OpenVINO says, without the lines of its code that it names first."""
    lines = [line.strip() for line in str(error).splitlines() if not line.startswith("Exception from")]
    return next((line for line in lines if line), type(error).__name__)
