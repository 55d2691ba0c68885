"""xlner train: a source-language tagger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from xlner.cli import options as o
from xlner.cli.arguments import language_value


def command(
    source: Annotated[list[str], typer.Option(metavar="LANG=FILE", help="Labelled data; repeat to train on several.")],
    output: Annotated[Path, typer.Option(help="Run folder.")],
    dev: o.Dev = [],
    gold: o.Gold = None,
    map: o.Map = [],
    config: o.Config = None,
    encoder: o.Encoder = None,
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
    """Train a tagger on labelled data, to use it or to be a teacher later."""
    from xlner.api.transfer import train
    from xlner.cli.show import show_run
    from xlner.core.labels import parse_map

    both = {
        "learning_rate": learning_rate, "epochs": epochs, "batch_subwords": batch_subwords, "dropout": dropout,
        "freeze_layers": freeze_layers, "freeze_embeddings": freeze_embeddings, "patience": patience,
        "precision": precision, "seed": seed, "device": device, "checkpoint_seconds": checkpoint_seconds,
        "report_to": report_to,
    }  # fmt: skip
    result = train(
        [language_value(s, option="--source") for s in source],
        output,
        dev=[language_value(d, option="--dev") for d in dev],
        gold=gold,
        mapping=parse_map(map),
        options=o.method_options(config, both, {"encoder": encoder}),
        resume=resume,
        licence=licence,
    )
    if as_json:
        typer.echo(json.dumps(result.metrics))
    show_run(result, quiet=as_json)
