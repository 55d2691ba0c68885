"""`xlner export` as a function: a tagger as a folder that runs without torch."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlner.core.run_folder import file_hash
from xlner.core.types import Sentence
from xlner.data import load
from xlner.data.demo import LANGUAGES, demo_file
from xlner.errors import DataError, ModelError, OptionError, UsageError
from xlner.evaluate import score
from xlner.export import Parity, compared, write_exported
from xlner.tagger import Tagger
from xlner.tagger.exported import FORMATS, is_exported


@dataclass(frozen=True)
class ExportResult:
    """What was exported, and what it costs.

    Args:
        folder: the exported tagger.
        format: "onnx" or "openvino".
        quantise: "int8", or None.
        precision: what it computes in on this CPU: "fp32", "bf16", "int8", ...
        bytes: size of the model's folder before, and of the exported one.
        parity: both on the same sentences.
        compared_on: where those are from.
        f1: strict F1 on gold data before and after, fractions; None without gold.
        pieces: vocabulary before and after trimming; None if all of it is there.
        layers: depth before and after; None if all are there.
        notes: what to know before use.
    """

    folder: Path
    format: str
    quantise: str | None
    precision: str
    bytes: tuple[int, int]
    parity: Parity
    compared_on: str
    f1: tuple[float, float] | None = None
    pieces: tuple[int, int] | None = None
    layers: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        parity = self.parity
        values: dict[str, Any] = {
            "folder": str(self.folder),
            "format": self.format,
            "quantise": self.quantise,
            "precision": self.precision,
            "bytes": _before_after(self.bytes),
            "sentences": parity.sentences,
            "same_sentences": parity.same,
            "entities": parity.entities,
            "same_entities": parity.kept,
            "compared_on": self.compared_on,
            "sentences_per_second": _before_after([round(r, 2) for r in parity.rates]),
        }
        for name in ("f1", "pieces", "layers"):
            values[name] = None if getattr(self, name) is None else _before_after(getattr(self, name))
        return {**values, "notes": list(self.notes)}

    def describe(self) -> str:
        """A few lines for people."""
        parity, (large, small) = self.parity, self.bytes
        lines = [
            f"exported to {self.folder}, an {FORMATS[self.format].name}; on this CPU it computes in {self.precision}",
            f"same entities: {parity.same} of {parity.sentences} sentences, {parity.kept} of {parity.entities} entities"
            f" ({self.compared_on})",
        ]
        if self.f1:
            lines.append(f"F1: {self.f1[0]:.4f} before, {self.f1[1]:.4f} after")
        lines.append(f"size: {large / 1e6:.0f} MB before, {small / 1e6:.0f} MB after")
        lines.append(f"speed: {parity.rates[0]:.1f} sentences/s before, {parity.rates[1]:.1f} after")
        for name, pair in (("pieces of the vocabulary", self.pieces), ("layers", self.layers)):
            if pair:
                lines.append(f"{name}: {pair[0]} before, {pair[1]} after")
        return "\n".join(lines)


def _before_after(pair: Sequence[float]) -> dict[str, float]:
    return {"before": pair[0], "after": pair[1]}


def export(
    model: str | Path,
    output: str | Path,
    *,
    format: str = "onnx",
    quantise: str | None = None,
    trim: str | Path | None = None,
    layers: int | None = None,
    gold: str | Path | None = None,
    mapping: Mapping[str, str] | None = None,
) -> ExportResult:
    """Write a tagger as a folder that `Tagger.load` runs without torch and transformers, and compare the two.

    Args:
        model: run folder, model folder or hub id.
        output: folder to write; it appears whole or not at all.
        format: "onnx"; "openvino" is fastest where the CPU has units for bf16, and stores weights in 16 bits.
        quantise: "int8" stores the weights of an ONNX graph in eight bits and multiplies in them; None leaves them.
        trim: a text; pieces of the vocabulary that it does not use are dropped.
        layers: how many layers of the encoder to leave, at even distances. Without training after that, F1 falls.
        gold: labelled data to compare on; None takes sentences of the demo corpus.
        mapping: type renames for the comparison, applied to both sides.

    Raises:
        UsageError: an option is wrong, or `output` holds other things.
        MissingExtraError: a package that the format needs is not installed.
        ModelError: there is no such model, or it cannot be exported.
        DataError: `gold` or `trim` cannot be read.
    """
    from xlner.export.folder import check_format
    from xlner.export.graph import check_installed
    from xlner.tagger.tagger import model_folder

    check_format(format, quantise)
    check_installed(format)
    where = model_folder(model)
    if is_exported(where):
        raise ModelError(f"{where} is an exported model; export the one that it was made from")
    if Path(where).is_dir() and Path(where).resolve() == Path(output).resolve():
        raise UsageError("`output` is the folder of the model; name another one")
    truth = load(gold, mapping=mapping).sentences if gold else None
    if truth is not None and not any(s.labelled for s in truth):
        raise DataError("has no labels, so F1 before and after cannot be told", path=gold)
    with _prepared(where, trim, layers) as (tagger, pieces, depths):
        before = Tagger.load(where, device="cpu", mapping=mapping)
        record = {"model": str(model), "sha256": _digest(where), "pieces": pieces, "layers": depths}
        card = _card(where, format, quantise, pieces, depths)
        write_exported(tagger, output, format=format, quantise=quantise, source=record, card=card)
    after = Tagger.load(output, mapping=mapping)
    name, sentences = (f"from {gold}", truth) if truth else ("of the demo corpus", _demo_sentences())
    parity = compared(before, after, sentences)
    f1 = None if truth is None else (score(truth, parity.answers[0]).f1, score(truth, parity.answers[1]).f1)
    sizes, notes = (_size(where), _size(output)), tuple(_notes(depths, gold))
    precision = getattr(after.network, "precision", quantise or "fp32")
    return ExportResult(Path(output), format, quantise, precision, sizes, parity, name, f1, pieces, depths, notes)


@contextmanager
def _prepared(
    model: str, trim: str | Path | None, layers: int | None
) -> Iterator[tuple[Tagger, tuple[int, int] | None, tuple[int, int] | None]]:
    """The tagger to export, with its vocabulary and its layers as wanted; and both before and after."""
    from xlner.encoder.depth import evenly, layers_of, retain_layers

    pieces = depths = None
    with tempfile.TemporaryDirectory(prefix="xlner-export-") as place:
        if trim is not None:
            from xlner.encoder import trim_vocabulary

            texts = [s.words for s in load(trim).sentences if s.words]
            result = trim_vocabulary(model, texts, Path(place) / "trimmed")
            model, pieces = str(result.folder), (result.pieces_before, result.pieces_after)
        tagger = Tagger.load(model, device="cpu", precision="fp32")
        if layers is not None:
            depth = len(layers_of(tagger.model))
            if not 1 <= layers <= depth:
                raise OptionError("layers", f"is 1 to {depth} for this model, got {layers}")
            retain_layers(tagger.model, evenly(layers, depth))
            depths = (depth, layers)
        yield tagger, pieces, depths


def _demo_sentences() -> list[Sentence]:
    return [s for code in LANGUAGES for s in load(demo_file(f"{code}.gold.conll")).sentences]


def _digest(model: str) -> str | None:
    """Checksum of the weights of a local model."""
    file = Path(model) / "model.safetensors"
    return file_hash(file) if file.is_file() else None


def _size(model: str | Path) -> int:
    """Bytes of a model's folder, or of what was fetched of a hub id."""
    place = Path(model)
    if not place.is_dir():
        from huggingface_hub import snapshot_download

        place = Path(snapshot_download(str(model), local_files_only=True))
    return sum(f.stat().st_size for f in place.glob("*") if f.is_file())


def _card(
    model: str, format: str, quantise: str | None, pieces: tuple[int, int] | None, depths: tuple[int, int] | None
) -> str:
    from xlner.export.folder import card_of

    made = FORMATS[format]
    told = [f"An {made.name} for named entity recognition."]
    told.append(
        "Weights are int8 numbers, and linear layers multiply in them." if quantise else f"Weights are {made.weights}."
    )
    if pieces:
        told.append(f"Of {pieces[0]} pieces of the vocabulary {pieces[1]} were kept.")
    if depths:
        told.append(f"Of {depths[0]} layers {depths[1]} were kept, without training after that.")
    same = format == "onnx" and not (quantise or pieces or depths)
    if not same:
        told.append("Scores below are of the model before that.")
    return card_of(Path(model) if Path(model).is_dir() else None, " ".join(told), format=format, same=same)


def _notes(depths: tuple[int, int] | None, gold: str | Path | None) -> Iterator[str]:
    if depths:
        yield (
            f"{depths[0] - depths[1]} layers were taken out and nothing was trained after that; a student that is "
            "distilled with fewer layers loses less (`student_layers`)"
        )
    if gold is None:
        yield "no gold data was named, so what F1 lost is not known; name it with `gold FILE`"
