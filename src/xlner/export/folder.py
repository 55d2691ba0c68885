"""The folder of an exported tagger, and what it says of where it came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from xlner.core.files import atomic_folder
from xlner.data import load
from xlner.data.demo import LANGUAGES, demo_file
from xlner.encoder.history import SIDE_FILE
from xlner.encoder.positions import longest_input
from xlner.errors import ModelError, OptionError
from xlner.export.calibrate import look
from xlner.export.graph import OPSET, check_installed, write_graph, write_openvino
from xlner.export.quantise import DOMAIN, int8_share, to_int8, turn_weights
from xlner.tagger.exported import FORMATS, open_graph
from xlner.tagger.load import MODEL_FILES
from xlner.tagger.network import INPUTS, OUTPUT

if TYPE_CHECKING:
    from xlner.tagger import Tagger

FILES = (*MODEL_FILES, *(name for format in FORMATS.values() for name in format.files))
QUANTISED = ("int8",)
_TEXTS = 40  # sentences of each language of the demo corpus that show what the inputs of layers are like
_LEAST_INT8 = 0.5  # of all numbers; a few layers may keep theirs


def write_exported(
    tagger: Tagger,
    folder: str | Path,
    *,
    format: str = "onnx",
    quantise: str | None = None,
    source: Mapping[str, Any],
    card: str = "",
) -> Path:
    """Write a folder that `Tagger.load` reads without torch: graph, labels, tokenizer, and how it was made.

    The folder appears whole or not at all. One that was exported before is replaced.

    Args:
        tagger: on the CPU; its head has the labels that it answers in.
        folder: to write.
        format: "onnx" or "openvino".
        quantise: "int8", of an ONNX graph; None for the numbers of the model.
        source: for the record: what was exported, and what was taken out of it.
        card: README.md of the folder.

    Raises:
        MissingExtraError: a package that export needs is not installed.
        ModelError: the model cannot be exported, or the graph gives other numbers than it.
        OptionError: there is no such format, or `quantise` is none of its.
        UsageError: `folder` holds other things.
    """
    check_format(format, quantise)
    check_installed(format)
    if tagger.outputs.renames:
        raise ModelError("a tagger with mapped outputs cannot be exported; map when you load what was exported")
    place = Path(folder)
    graphs = any(f.paths(place)[0].is_file() for f in FORMATS.values())
    exported_before = graphs and (place / SIDE_FILE).is_file()
    with atomic_folder(folder, may_replace=FILES if exported_before else ()) as new:
        graph = FORMATS["onnx"].paths(new)[0]
        write_graph(tagger.model, graph)
        _check_numbers(tagger, new, "onnx")
        if format == "openvino":
            write_openvino(graph, FORMATS[format].paths(new)[0])
            graph.unlink()
            _check_numbers(tagger, new, format)
        if quantise:
            _quantise(graph, tagger)
        tagger.model.config.save_pretrained(new)
        tagger.tokenizer.save_pretrained(new)
        # As it is used here: transformers may build another one of the files that it saves.
        tagger.tokenizer.backend_tokenizer.save(str(new / "tokenizer.json"))
        values = {
            "languages": list(tagger.languages),
            "max_subwords": tagger.words.max_subwords,
            "export": {**_record(tagger, new, format), "quantise": quantise, "source": dict(source)},
        }
        (new / SIDE_FILE).write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", "utf-8")
        if card:
            (new / "README.md").write_text(card, "utf-8")
    return place


def check_format(format: str, quantise: str | None) -> None:
    """Raises OptionError: there is no such format, or it has no such numbers."""
    if format not in FORMATS:
        raise OptionError("format", f"is {' or '.join(FORMATS)}, got '{format}'")
    if quantise not in (None, *QUANTISED):
        raise OptionError("quantise", f"is {' or '.join(QUANTISED)}, got '{quantise}'")
    if quantise and format != "onnx":
        raise OptionError("quantise", f"{quantise} is of the format onnx; {format} stores weights in 16 bits")


def _record(tagger: Tagger, folder: Path, format: str) -> dict[str, Any]:
    files, tokenizer = FORMATS[format].paths(folder), tagger.tokenizer
    with files[-1].open("rb") as stream:  # the one with the weights
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    packages = ("torch", "transformers", "onnx", "onnxscript", FORMATS[format].package)
    return {
        "layout": FORMATS[format].layout,
        "format": format,
        "opset": OPSET,
        "bytes": sum(f.stat().st_size for f in files),
        "sha256": digest,
        "xlner": _version("xlner"),
        "versions": {name: _version(name) for name in packages},
        "tokenizer": {
            "model_max_length": tokenizer.model_max_length,
            "unk_token": tokenizer.unk_token,
            "pad_token": tokenizer.pad_token,
        },
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _check_numbers(tagger: Tagger, folder: Path, format: str) -> None:
    """See that a graph gives what torch gives, for windows of several lengths, some of them padded."""
    longest, tolerance = longest_input(tagger.model.config), FORMATS[format].tolerance
    graph = open_graph(folder, format, tagger.network.tags, longest=longest, precision="fp32")
    rng = np.random.default_rng(1)
    embeddings: Any = tagger.model.get_input_embeddings()
    pad, rows = tagger.pad_id, int(embeddings.weight.shape[0])
    for n, length in ((1, 3), (1, min(40, tagger.words.max_subwords)), (3, 9)):
        ids = rng.integers(pad + 1, rows, (n, length)) if pad + 1 < rows else np.zeros((n, length), np.int64)
        mask = np.ones((n, length), np.int64)
        if n > 1:
            ids[1:, 5:], mask[1:, 5:] = pad, 0
        seen = mask.astype(bool)
        wanted, given = (network(ids, mask)[seen] for network in (_plain(tagger), graph))
        if not np.allclose(wanted, given, atol=tolerance):
            raise ModelError(
                f"the {FORMATS[format].name} of this {tagger.model.config.model_type} gives other numbers than the "
                f"model (by {np.abs(wanted - given).max():.3g}, allowed are {tolerance:g}); "
                + (
                    "weights of 16 bits do not do for it, export to onnx"
                    if format == "openvino"
                    else "it cannot be exported with these versions of torch and onnx"
                )
            )


def _plain(tagger: Tagger) -> Any:
    from xlner.tagger.network import TorchNetwork

    return TorchNetwork(tagger.model, device="cpu", precision="fp32")


def _quantise(file: Path, tagger: Tagger) -> None:
    import onnx

    model = onnx.load(str(file))
    turn_weights(model.graph)
    texts = [s.words for code in LANGUAGES for s in islice(load(demo_file(f"{code}.gold.conll")).sentences, _TEXTS)]
    seen = look(model, (window.ids for window in tagger.words.windows(texts)))
    to_int8(model.graph, keep=OUTPUT, seen=seen)
    if any(node.domain == DOMAIN for node in model.graph.node):
        model.opset_import.append(onnx.helper.make_opsetid(DOMAIN, 1))
    if (share := int8_share(model.graph)) < _LEAST_INT8:
        raise ModelError(
            f"of the weights of this {tagger.model.config.model_type} only {share:.0%} can be stored as int8, since "
            "its graph multiplies in other ways than those known here; export it without `quantise`"
        )
    onnx.save(model, str(file))


def card_of(source: Path | None, text: str, *, format: str = "onnx", same: bool = True) -> str:
    """A README.md: the head of the card of the model that was exported, how to use the export, and that card.

    Args:
        source: folder of the model, if there is one.
        text: on the export.
        format: "onnx" or "openvino".
        same: whether the export answers as the model does. If not, scores of the model are left out of the head.
    """
    file = source / "README.md" if source else None
    card = file.read_text("utf-8") if file and file.is_file() else ""
    head, body = "", card
    if card.startswith("---\n") and "\n---\n" in card:
        head, _, body = card.partition("\n---\n")
        if "model-index" in head and not same:
            fields = yaml.safe_load(head.removeprefix("---\n"))
            fields.pop("model-index", None)
            head = "---\n" + yaml.safe_dump(fields, sort_keys=False, allow_unicode=True).rstrip()
        head = head.replace("library_name: transformers", f"library_name: {format}") + "\n---\n\n"
    body = body.partition("\n## Use\n")[0].strip()
    made = FORMATS[format]
    use = [
        "# Exported tagger", "", text, "", "```python", "from xlner import Tagger, read_text", "",
        f'tagger = Tagger.load("PATH_TO_THIS_FOLDER")  # needs {made.package}, neither torch nor transformers', "```",
        "", f"`{made.files[0]}` takes {' and '.join(f'`{i}`' for i in INPUTS)} and gives `{OUTPUT}`; "
        f"`{SIDE_FILE}` says how it was made.", "",
    ]  # fmt: skip
    return head + "\n".join(use) + (f"\nThe card of the model that was exported follows.\n\n{body}\n" if body else "")
