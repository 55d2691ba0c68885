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


@dataclass(frozen=True)
class Format:
    """A format of exported folders.

    Args:
        name: as people read it.
        files: with the graph: first the one that is opened, last the one with the weights.
        package: computes it.
        layout: raised whenever folders change so that older versions cannot read them.
        weights: what they are, for the card.
        tolerance: how far logits may lie from those of torch.
    """

    name: str
    files: tuple[str, ...]
    package: str
    layout: int
    weights: str
    tolerance: float

    def paths(self, folder: Path) -> list[Path]:
        """The files in a folder."""
        return [folder / name for name in self.files]


# Rounding in fp32 changes logits by less than 1e-5; storing weights in 16 bits by some 1e-3.
FORMATS = {
    "onnx": Format("ONNX graph", ("model.onnx",), "onnxruntime", 1, "fp32", 1e-2),
    "openvino": Format(
        "OpenVINO model", ("openvino_model.xml", "openvino_model.bin"), "openvino", 2, "of 16 bits", 5e-2
    ),
}


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
        precision: "auto"; "fp32" of a graph that is not quantised; "bf16" of an OpenVINO model.

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
    format = FORMATS.get(name := str(record.get("format", "onnx")))
    if format is None or record.get("layout") != format.layout:
        known = f"{name} of layout {format.layout}" if format else " and ".join(FORMATS)
        raise ModelError(
            f"{place} was exported by xlner {record.get('xlner', 'of an unknown version')} as {name} in layout "
            f"{record.get('layout')}, and this version reads {known}. {AGAIN}"
        )
    if device not in (None, "cpu"):
        raise OptionError("device", f"is cpu for an exported model, got '{device}'")
    _check_precision(precision, name, record.get("quantise"))
    _check_whole(format.paths(place), record.get("bytes"))
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
    network = open_graph(place, name, tags, longest=longest, precision=precision)
    return Exported(network, tokenizer, languages, side.get("max_subwords"), longest, record)


def _check_precision(precision: str, format: str, quantised: str | None) -> None:
    offered = ("auto", "fp32", "bf16") if format == "openvino" else ("auto", quantised or "fp32")
    if precision not in offered:
        what = " or ".join(offered) if format == "openvino" else offered[-1]
        raise OptionError("precision", f"of this exported model is {what}; got '{precision}'")


def _check_whole(files: Sequence[Path], size: int | None) -> None:
    for file in files:
        if not file.is_file():
            raise ModelError(f"{file} is missing. {AGAIN}")
    found = sum(f.stat().st_size for f in files)
    if found != size:
        raise ModelError(f"{files[-1]} is cut short: with all of the graph it has {found} bytes, not {size}. {AGAIN}")


def open_graph(folder: Path, format: str, tags: Sequence[str], *, longest: int, precision: str = "auto") -> Network:
    """The network of an exported folder.

    Args:
        folder: holds the graph.
        format: "onnx" or "openvino".
        tags: by output index.
        longest: most subwords of an input.
        precision: "auto", "fp32" or "bf16"; of an ONNX graph it is that of its numbers.

    Raises:
        MissingExtraError: what computes the graph is not installed.
        ModelError: the graph is damaged, or another kind of graph.
    """
    file = FORMATS[format].paths(folder)[0]
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
