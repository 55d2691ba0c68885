"""xlner transfer: a NER model for the target language from source-language data or models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from xlner.cli import options as o
from xlner.cli.arguments import language_value


def command(
    source: Annotated[list[str], typer.Option(metavar="LANG=FILE_OR_MODEL", help="Labelled data or a model; repeat.")],
    target: Annotated[str, typer.Option(metavar="LANG=FILE", help="Raw target text; labels in it are ignored.")],
    output: Annotated[Path, typer.Option(help="Run folder.")],
    method: Annotated[str, typer.Option(help="direct or distill.")] = "distill",
    dev: o.Dev = [],
    gold: o.Gold = None,
    map: o.Map = [],
    config: o.Config = None,
    encoder: o.Encoder = None,
    loss: Annotated[str | None, typer.Option(help="ce, mse (the paper's) or kl.")] = None,
    temperature: Annotated[float | None, typer.Option(help="For --loss kl.")] = None,
    weights: Annotated[
        str | None,
        typer.Option(help="uniform, language-id, language-id:sentence, a similarity measure, or en=0.5,de=0.5."),
    ] = None,
    pool: Annotated[bool | None, typer.Option(help="One teacher for all labelled sources of the same types.")] = None,
    source_text: Annotated[
        list[str], typer.Option(metavar="LANG=FILE", help="Text of a source that is a model, for --weights.")
    ] = [],
    student_from: Annotated[str | None, typer.Option(help="auto, encoder or teacher.")] = None,
    confidence_floor: Annotated[float | None, typer.Option(help="Mask words whose soft label is less sure.")] = None,
    label_consistency: Annotated[
        float | None, typer.Option(help="How far equal words of the raw text get equal labels, 0 to 1.")
    ] = None,
    chunk_sentences: Annotated[int | None, typer.Option(help="Raw sentences in memory at a time.")] = None,
    student_epochs: Annotated[int | None, typer.Option(help="Passes over the raw text.")] = None,
    student_learning_rate: Annotated[float | None, typer.Option(help="Peak learning rate of the student.")] = None,
    learning_rate: o.LearningRate = None,
    epochs: o.Epochs = None,
    batch_subwords: o.BatchSubwords = None,
    dropout: o.Dropout = None,
    freeze_layers: o.FreezeLayers = None,
    freeze_embeddings: o.FreezeEmbeddings = None,
    patience: o.Patience = None,
    precision: o.Precision = None,
    seed: o.Seed = None,
    device: o.Device = None,
    checkpoint_seconds: o.CheckpointSeconds = None,
    report_to: o.ReportTo = [],
    resume: o.Resume = "auto",
    licence: o.Licence = None,
    as_json: o.Json = False,
) -> None:
    """Transfer NER to a language without labels.

    Teachers are trained on each --source (or taken as they are, if it is a model); with --method distill they label
    the raw --target text softly and a student learns from that.
    """
    from dataclasses import replace

    from xlner.api.transfer import transfer
    from xlner.cli.show import show_run
    from xlner.core.labels import parse_map

    both = {
        "learning_rate": learning_rate, "epochs": epochs, "batch_subwords": batch_subwords, "dropout": dropout,
        "freeze_layers": freeze_layers, "freeze_embeddings": freeze_embeddings, "patience": patience,
        "precision": precision, "seed": seed, "device": device, "checkpoint_seconds": checkpoint_seconds,
        "report_to": report_to,
    }  # fmt: skip
    own = {
        "encoder": encoder, "loss": loss, "temperature": temperature, "student_from": student_from,
        "confidence_floor": confidence_floor, "label_consistency": label_consistency, "weights": weights, "pool": pool,
        "chunk_sentences": chunk_sentences,
    }  # fmt: skip
    if method == "direct":
        _refuse({**own, "student_epochs": student_epochs, "student_learning_rate": student_learning_rate})
    options = o.method_options(config, both, own)
    changes: dict[str, Any] = {"epochs": student_epochs, "learning_rate": student_learning_rate}
    student = replace(options.student, **{k: v for k, v in changes.items() if v is not None})
    result = transfer(
        [language_value(s, option="--source") for s in source],
        language_value(target, option="--target"),
        output,
        method=method,
        source_text=[language_value(s, option="--source-text") for s in source_text],
        dev=[language_value(d, option="--dev") for d in dev],
        gold=gold,
        mapping=parse_map(map),
        options=replace(options, student=student),
        resume=resume,
        licence=licence,
    )
    if as_json:
        typer.echo(json.dumps(result.metrics))
    show_run(result, quiet=as_json)


def _refuse(given: dict[str, Any]) -> None:
    """Say which of these options a run without students has no use for. The encoder is for all."""
    from xlner.errors import UsageError

    for name, value in given.items():
        if value is not None and name != "encoder":
            flag = "--" + name.replace("_", "-")
            raise UsageError(f"{flag} is for --method distill; --method direct has neither soft labels nor a student")
