"""Options that `train`, `transfer` and `demo` share, and their way into the options dataclasses."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xlner.errors import DataError, UsageError

if TYPE_CHECKING:
    from xlner.methods.task import MethodOptions

Map = Annotated[list[str], typer.Option("--map", metavar="OLD=NEW", help="Rename a type; OLD=O removes it.")]
Device = Annotated[str | None, typer.Option(help="cpu, cuda, mps, ...; default: an accelerator if there is one.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Resume = Annotated[str, typer.Option(help="auto goes on with an interrupted run; never; or a run folder to copy.")]
Encoder = Annotated[str | None, typer.Option(help="'embedded' (default), a folder, or a hub id of any encoder.")]
Dev = Annotated[list[str], typer.Option(metavar="LANG=FILE", help="Labelled source data for early stopping.")]
Gold = Annotated[str | None, typer.Option(metavar="FILE", help="Labelled data to score on; never trained on.")]
Config = Annotated[Path | None, typer.Option(metavar="YAML", help="Settings by name; flags win over it.")]
Licence = Annotated[str | None, typer.Option(help="Licence of the model, for its card.")]
LearningRate = Annotated[float | None, typer.Option(help="Peak learning rate.")]
Epochs = Annotated[int | None, typer.Option(help="Passes over the data.")]
BatchSubwords = Annotated[int | None, typer.Option(help="Padded subwords per batch.")]
Dropout = Annotated[float | None, typer.Option(help="Replaces the encoder's dropout rates.")]
FreezeLayers = Annotated[int | None, typer.Option(help="Bottom layers kept as pretrained.")]
FreezeEmbeddings = Annotated[bool | None, typer.Option(help="Keep the embeddings as pretrained.")]
Patience = Annotated[int | None, typer.Option(help="Stop after so many epochs without a better dev F1.")]
Precision = Annotated[str | None, typer.Option(help="auto, fp32 or bf16.")]
Seed = Annotated[int | None, typer.Option(help="Rules every source of chance.")]
CheckpointSeconds = Annotated[float | None, typer.Option(help="How much work a kill may cost; 0 saves every step.")]
LabelConsistency = Annotated[
    float, typer.Option(help="How far equal words of the text get equal labels, 0 to 1; above 0 reads it whole first.")
]
ReportTo = Annotated[list[str], typer.Option(help="tensorboard, wandb, ...: any tracker of accelerate.")]


def method_options(config: Path | None, both: dict[str, Any], own: dict[str, Any]) -> MethodOptions:
    """Options from a YAML file and flags; flags win, and what neither names keeps its default.

    Args:
        config: YAML file with the fields of `MethodOptions`, `teacher` and `student` as nested mappings.
        both: flags that go to teacher and student alike, None where not given.
        own: flags that are fields of `MethodOptions` itself, None where not given.

    Raises:
        DataError: the file is no YAML mapping.
        UsageError: it names a setting that does not exist, or a value is out of range.
    """
    from xlner.methods.task import MethodOptions
    from xlner.train import TrainOptions

    settings = _read_yaml(config) if config else {}
    teacher = _fill(TrainOptions(), settings.pop("teacher", {}), "teacher.")
    student = _fill(MethodOptions().student, settings.pop("student", {}), "student.")
    given = {k: v for k, v in both.items() if v is not None and v != []}
    if "report_to" in given:
        given["report_to"] = tuple(given["report_to"])
    options = _fill(MethodOptions(), settings, "")
    return replace(
        options,
        teacher=replace(teacher, **given),
        student=replace(student, **given),
        **{k: v for k, v in own.items() if v is not None},
    )


def _fill(default: Any, values: Any, prefix: str) -> Any:
    names = {f.name for f in fields(default)}
    if not isinstance(values, dict):
        raise UsageError(f"{prefix or 'the config'} must be a mapping of settings, got {values!r}")
    values = {str(k).replace("-", "_"): v for k, v in values.items()}
    unknown = sorted(set(values) - names)
    if unknown:
        raise UsageError(f"no setting {prefix}{unknown[0]}; there are: {', '.join(sorted(names))}")
    if "report_to" in values:
        values["report_to"] = tuple(values["report_to"])
    try:
        return replace(default, **values)
    except TypeError as error:
        raise UsageError(f"a setting in {prefix or 'the config'} has the wrong kind of value: {error}") from None


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        values = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        raise DataError("no such file", path=path) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        raise DataError("is no YAML", path=path, line=mark.line + 1 if mark else None) from None
    if not isinstance(values, dict):
        raise DataError("a mapping of settings is wanted", path=path)
    return values
