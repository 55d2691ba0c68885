"""A network as an ONNX graph, which onnxruntime computes without torch and transformers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from xlner.errors import MissingExtraError, ModelError, first_line
from xlner.tagger.network import AGAIN, INPUTS, OUTPUT, check_interface

OLDEST = (1, 23)
"""Version of onnxruntime from which on all CPUs can multiply weights of int8 folders."""

# Fused with the sum before it, the layer norm of onnxruntime runs at a fraction of its speed on a CPU.
_SLOWER = ["SkipLayerNormFusion"]


class OnnxNetwork:
    """A token classifier as an ONNX graph, on the CPU.

    Each call computes on one core. Windows go through one by one: without padding, that is as fast as batches, and what
    the eight-bit numbers of a quantised graph say about a window does not hang on its neighbours.

    Args:
        file: the graph. Inputs `input_ids` and `attention_mask`, output `logits`, as `Network` has them.
        tags: by output index.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        ModelError: the file is damaged, or another kind of graph; onnxruntime is too old.
    """

    batch_subwords = 1
    side_by_side = True

    def __init__(self, file: Path, tags: Sequence[str]) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise MissingExtraError("an exported model", extra="onnx") from None
        if tuple(int(n) for n in onnxruntime.__version__.split(".")[:2]) < OLDEST:
            raise ModelError(
                f"exported models need onnxruntime {'.'.join(map(str, OLDEST))} or newer; this is "
                f"{onnxruntime.__version__}. Update it: pip install -U onnxruntime"
            )
        self.tags = tuple(tags)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = settings.inter_op_num_threads = 1
        settings.enable_mem_pattern = False  # it would keep a plan for each length
        settings.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(file), settings, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER
            )
        except Exception as error:  # its errors share no class but this
            raise ModelError(f"{file} is damaged or no ONNX graph: {first_line(error)}. {AGAIN}") from None
        inputs = {i.name: i.type for i in self._session.get_inputs()}
        outputs = {o.name: o.shape for o in self._session.get_outputs()}
        check_interface(file, inputs, outputs, wanted="tensor(int64)", n_tags=len(self.tags))

    def __call__(self, input_ids: np.ndarray, attention_mask: np.ndarray) -> np.ndarray:
        (logits,) = self._session.run([OUTPUT], dict(zip(INPUTS, (input_ids, attention_mask), strict=True)))
        return np.asarray(logits)
