"""Folders of exported taggers: read without torch and transformers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from xlner.core.labels import model_tags
from xlner.encoder.history import SIDE_FILE
from xlner.encoder.plain import PlainTokenizer
from xlner.encoder.positions import longest_input
from xlner.errors import ModelError, OptionError, first_line
from xlner.tagger.network import AGAIN, Network

LAYOUT = 1
"""Raised whenever exported folders change so that older versions cannot read them."""

GRAPHS = {"onnx": ("model.onnx",), "openvino": ("openvino_model.xml", "openvino_model.bin")}
"""The files that hold the graph and its weights, by format."""


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

    network: Network
    tokenizer: PlainTokenizer
    languages: tuple[str, ...]
    max_subwords: int | None
    longest: int
    record: Mapping[str, Any]


def is_exported(folder: str | Path) -> bool:
    """Whether a folder holds a model as a graph, of ours or of others, and not as safetensors."""
    place = Path(folder)
    if any(place.glob("*.safetensors")):
        return False
    graphs = (*place.glob("*.onnx"), *place.glob("openvino_*.xml"))
    return bool(graphs) or "export" in _json(place / SIDE_FILE)


def read_exported(folder: str | Path, *, device: str | None = None, precision: str = "auto") -> Exported:
    """Load a folder that `xlner export` wrote.

    Args:
        folder: holds the graph, config.json with id2label, tokenizer.json and xlner.json.
        device: None or "cpu".
        precision: "auto", or "fp32" of a graph that is not quantised.

    Raises:
        MissingExtraError: what computes the graph is not installed.
        ModelError: the folder is damaged, of others, or of another version.
        OptionError: `device` or `precision` is not what an exported model has.
    """
    place = Path(folder)
    side = _json(place / SIDE_FILE)
    record = side.get("export")
    if not isinstance(record, dict):
        raise ModelError(
            f"{place} holds a graph that xlner did not write, so it is not known how words go in and labels come "
            "out. Export the model it was made from, with `xlner export`."
        )
    if record.get("layout") != LAYOUT:
        raise ModelError(
            f"{place} was exported by xlner {record.get('xlner', 'of an unknown version')} in layout "
            f"{record.get('layout')}, and this version reads layout {LAYOUT}. {AGAIN}"
        )
    if device not in (None, "cpu"):
        raise OptionError("device", f"is cpu for an exported model, got '{device}'")
    format = record.get("format", "onnx")
    if format not in GRAPHS:
        raise ModelError(f"{place} was exported as {format}; known formats are {', '.join(GRAPHS)}. {AGAIN}")
    own = record.get("quantise") or ("auto or fp32" if format == "openvino" else "fp32")
    if precision not in ("auto", "fp32") or (precision == "fp32" and record.get("quantise")):
        raise OptionError("precision", f"of this exported model is {own}; got '{precision}'")
    size = sum(f.stat().st_size for f in graph_files(place, format) if f.is_file())
    if size != record.get("bytes"):
        files = " and ".join(str(f) for f in graph_files(place, format))
        raise ModelError(f"{files} has {size} bytes instead of {record.get('bytes')}: it is cut short. {AGAIN}")
    config = _json(place / "config.json")
    names = config.get("id2label")
    if not isinstance(names, dict) or not names:
        raise ModelError(f"{place / 'config.json'} does not name the labels (id2label). {AGAIN}")
    tags = model_tags({int(i): str(tag) for i, tag in names.items()})
    settings = record.get("tokenizer")
    if not isinstance(settings, dict):
        raise ModelError(f"{place / SIDE_FILE} does not describe the tokenizer. {AGAIN}")
    tokenizer = PlainTokenizer(place / "tokenizer.json", **settings)
    languages = tuple(side.get("languages", ()))
    longest = longest_input(SimpleNamespace(**config))
    network = open_graph(place, format, tags, longest=longest, precision=precision)
    return Exported(network, tokenizer, languages, side.get("max_subwords"), longest, record)


def graph_files(folder: Path, format: str) -> list[Path]:
    """The files of the graph: first the one that is opened."""
    return [folder / name for name in GRAPHS[format]]


def open_graph(folder: Path, format: str, tags: Sequence[str], *, longest: int, precision: str = "auto") -> Network:
    """The network of an exported folder.

    Args:
        folder: holds the graph.
        format: "onnx" or "openvino".
        tags: by output index.
        longest: most subwords of an input.
        precision: "auto" or "fp32"; of an ONNX graph it is that of its numbers.

    Raises:
        MissingExtraError: what computes the graph is not installed.
        ModelError: the graph is damaged, or another kind of graph.
    """
    file = graph_files(folder, format)[0]
    if format == "openvino":
        from xlner.tagger.openvino import OpenVinoNetwork

        return OpenVinoNetwork(file, tags, longest=longest, precision=precision)
    from xlner.tagger.onnx import OnnxNetwork

    return OnnxNetwork(file, tags)


def _json(file: Path) -> dict[str, Any]:
    try:
        values = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelError(f"{file} cannot be read: {first_line(error)}. {AGAIN}") from None
    return values if isinstance(values, dict) else {}
