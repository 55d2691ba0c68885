"""Exported taggers: read by onnxruntime, without torch and transformers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from xlner.core.labels import model_tags
from xlner.encoder.history import SIDE_FILE
from xlner.encoder.plain import PlainTokenizer
from xlner.encoder.positions import longest_input
from xlner.errors import MissingExtraError, ModelError, OptionError, first_line

GRAPH = "model.onnx"
INPUTS = ("input_ids", "attention_mask")
OUTPUT = "logits"
LAYOUT = 1
"""Raised whenever exported folders change so that older versions cannot read them."""

OLDEST = (1, 23)
"""Version of onnxruntime from which on all CPUs can multiply weights of int8 folders."""

_AGAIN = "Export the model again, with `xlner export`."
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
            raise ModelError(f"{file} is damaged or no ONNX graph: {first_line(error)}. {_AGAIN}") from None
        self._check(file)

    def _check(self, file: Path) -> None:
        inputs = {i.name: i.type for i in self._session.get_inputs()}
        outputs = {o.name: o.shape for o in self._session.get_outputs()}
        if inputs != dict.fromkeys(INPUTS, "tensor(int64)") or OUTPUT not in outputs:
            raise ModelError(
                f"{file} takes {', '.join(inputs)} and gives {', '.join(outputs)}; wanted are {' and '.join(INPUTS)} "
                f"(int64) and {OUTPUT}. {_AGAIN}"
            )
        shape = outputs[OUTPUT]
        if len(shape) != 3 or shape[-1] != len(self.tags):
            raise ModelError(
                f"{file} gives scores of shape {shape}, and id2label (config.json) names {len(self.tags)} tags. "
                + _AGAIN
            )

    def __call__(self, input_ids: np.ndarray, attention_mask: np.ndarray) -> np.ndarray:
        (logits,) = self._session.run([OUTPUT], dict(zip(INPUTS, (input_ids, attention_mask), strict=True)))
        return np.asarray(logits)


@dataclass(frozen=True)
class Exported:
    """What an exported folder holds.

    Args:
        network: the graph.
        tokenizer: its tokenizer.
        languages: ISO 639-3 codes the model was trained on.
        max_subwords: its window.
        longest: most subwords of an input; the graph breaks on more.
        record: how it was exported; see `xlner.export`.
    """

    network: OnnxNetwork
    tokenizer: PlainTokenizer
    languages: tuple[str, ...]
    max_subwords: int | None
    longest: int
    record: Mapping[str, Any]


def is_onnx(folder: str | Path) -> bool:
    """Whether a folder holds a model as ONNX graph, of ours or of others, and not as safetensors."""
    place = Path(folder)
    if any(place.glob("*.safetensors")):
        return False
    return any(place.glob("*.onnx")) or "export" in _json(place / SIDE_FILE)


def read_exported(folder: str | Path, *, device: str | None = None, precision: str = "auto") -> Exported:
    """Load a folder that `xlner export` wrote.

    Args:
        folder: holds model.onnx, config.json with id2label, tokenizer.json and xlner.json.
        device: None or "cpu".
        precision: "auto", or "fp32" of a graph that is not quantised.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        ModelError: the folder is damaged, of others, or of another version.
        OptionError: `device` or `precision` is not what an exported model has.
    """
    place = Path(folder)
    side = _json(place / SIDE_FILE)
    record = side.get("export")
    if not isinstance(record, dict):
        raise ModelError(
            f"{place} holds an ONNX graph that xlner did not write, so it is not known how words go in and labels come "
            "out. Export the model it was made from, with `xlner export`."
        )
    if record.get("layout") != LAYOUT:
        raise ModelError(
            f"{place} was exported by xlner {record.get('xlner', 'of an unknown version')} in layout "
            f"{record.get('layout')}, and this version reads layout {LAYOUT}. {_AGAIN}"
        )
    if device not in (None, "cpu"):
        raise OptionError("device", f"is cpu for an exported model, got '{device}'")
    quantised = record.get("quantise")
    if precision not in ("auto", "fp32") or (precision == "fp32" and quantised):
        raise OptionError("precision", f"of this exported model is {quantised or 'fp32'}; got '{precision}'")
    file = place / GRAPH
    size = file.stat().st_size if file.is_file() else 0
    if size != record.get("bytes"):
        raise ModelError(f"{file} has {size} bytes instead of {record.get('bytes')}: it is cut short. {_AGAIN}")
    config = _json(place / "config.json")
    names = config.get("id2label")
    if not isinstance(names, dict) or not names:
        raise ModelError(f"{place / 'config.json'} does not name the labels (id2label). {_AGAIN}")
    tags = model_tags({int(i): str(tag) for i, tag in names.items()})
    settings = record.get("tokenizer")
    if not isinstance(settings, dict):
        raise ModelError(f"{place / SIDE_FILE} does not describe the tokenizer. {_AGAIN}")
    tokenizer = PlainTokenizer(place / "tokenizer.json", **settings)
    languages = tuple(side.get("languages", ()))
    longest = longest_input(SimpleNamespace(**config))
    return Exported(OnnxNetwork(file, tags), tokenizer, languages, side.get("max_subwords"), longest, record)


def _json(file: Path) -> dict[str, Any]:
    try:
        values = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelError(f"{file} cannot be read: {first_line(error)}. {_AGAIN}") from None
    return values if isinstance(values, dict) else {}
