"""Flags that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Map = Annotated[list[str], typer.Option("--map", metavar="OLD=NEW", help="Rename a type; OLD=O removes it.")]
Device = Annotated[str | None, typer.Option(help="cpu, cuda, mps, ...; default: an accelerator if there is one.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Resume = Annotated[
    str | None,
    typer.Option(help="auto (default) goes on with the run in the folder; never refuses; FOLDER: copy that run first."),
]
Encoder = Annotated[str | None, typer.Option(help="'embedded' (default), a folder, or a hub id of any encoder.")]
Dev = Annotated[list[str], typer.Option(metavar="LANG=FILE", help="Labelled source data for early stopping.")]
Gold = Annotated[str | None, typer.Option(metavar="FILE", help="Labelled data to score on; never trained on.")]
Config = Annotated[Path | None, typer.Option(metavar="YAML", help="Method, options and inputs; flags win over it.")]
PrintConfig = Annotated[bool, typer.Option("--print-config", help="Print the resolved YAML, and do nothing else.")]
Licence = Annotated[str | None, typer.Option(help="Licence of the model, for its card.")]
Output = Annotated[str | None, typer.Option(metavar="FOLDER", help="Run folder.")]
TokenColumn = Annotated[int | None, typer.Option(help="Column of the word in labelled files, from 0.")]
TagColumn = Annotated[int | None, typer.Option(help="Column of the tag; -1 is the last.")]
LabelConsistency = Annotated[
    float, typer.Option(help="How far equal words of the text get equal labels, 0 to 1; above 0 reads it whole first.")
]
Perturb = Annotated[
    str | None,
    typer.Option(metavar="NAMES|YAML", help="Change the sentences: lower-case,typos and so on; see `augmentations`."),
]
Seed = Annotated[int, typer.Option(help="Seed of what is drawn at random.")]
