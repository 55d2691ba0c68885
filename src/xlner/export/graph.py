"""A token classifier of torch as an ONNX graph, and that as an OpenVINO model."""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xlner.errors import MissingExtraError, ModelError
from xlner.tagger.network import INPUTS, OUTPUT
from xlner.tagger.openvino import load_openvino

OPSET = 20
_LARGEST = 2_000_000_000  # bytes; a file of the ONNX format holds no more


def write_graph(model: Any, file: Path) -> None:
    """Write the graph of a token classifier. Any number of windows of any length go in.

    Args:
        model: of transformers, on the CPU, in evaluation mode.
        file: to write.

    Raises:
        MissingExtraError: onnx and onnxscript are not installed.
        ModelError: the model is too large, or torch cannot export its class.
    """
    import torch

    check_installed()
    size = sum(p.numel() * p.element_size() for p in model.parameters())
    if size > _LARGEST:
        raise ModelError(
            f"the model has {size / 1e9:.1f} GB of weights, and an ONNX file holds 2: drop pieces (`trim`) or layers "
            "(`layers`)"
        )

    class Scores(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits

    # Two windows of unlike length, so that neither number is taken for a constant.
    ids = torch.full((2, 7), int(model.config.pad_token_id or 0) + 1)
    mask = torch.ones_like(ids)
    mask[1, 4:] = 0
    free = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    try:
        with _quiet(), torch.no_grad():
            torch.onnx.export(
                Scores().eval(), (ids, mask), str(file), input_names=list(INPUTS), output_names=[OUTPUT],
                dynamic_shapes=dict.fromkeys(INPUTS, free), dynamo=True, opset_version=OPSET, external_data=False,
                verbose=False,
            )  # fmt: skip
    except torch.onnx.OnnxExporterError as error:
        first = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ModelError(f"torch cannot export a model of type {model.config.model_type}: {first}") from error


def write_openvino(graph: Path, file: Path) -> None:
    """Write an ONNX graph as an OpenVINO model, with weights of 16 bits.

    Args:
        graph: in the ONNX format.
        file: to write, ending in .xml; the weights go beside it, ending in .bin.
    """
    openvino = load_openvino()
    openvino.save_model(openvino.Core().read_model(str(graph)), str(file), compress_to_fp16=True)


def check_installed(format: str = "onnx") -> None:
    """Raises MissingExtraError: what writes or runs the graph is not installed."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(f"export to ONNX ({error.name})", extra="export") from error
    if format == "openvino":
        load_openvino()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporter tells of its steps, and of packages that it does without."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
