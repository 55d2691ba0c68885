"""xlner study run and xlner study report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from xlner.cli import options as o
from xlner.cli.command import Command
from xlner.cli.ending import end

group = typer.Typer(help="Run a plan of many commands, and report what it shows.", no_args_is_help=True)

PlanFile = Annotated[Path, typer.Argument(metavar="PLAN", help="YAML file.")]
Profile = Annotated[str | None, typer.Option(help="One of the plan's profiles, such as smoke.")]
Output = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="Folder of the study; default: study-NAME, or study-NAME-PROFILE.")
]
Data = Annotated[Path, typer.Option(metavar="FOLDER", help="What {data} in the plan stands for.")]


@group.command("run", cls=Command)
def run_command(
    plan: PlanFile,
    profile: Profile = None,
    output: Output = None,
    data: Data = Path("data"),
    on: Annotated[str, typer.Option(help="local or ray.")] = "local",
    workers: Annotated[int, typer.Option(help="Runs at a time.")] = 1,
    threads: Annotated[int | None, typer.Option(help="Threads of each run.")] = None,
    gpus: Annotated[float, typer.Option(help="Of each run, on Ray; a part of one is possible.")] = 0,
    only: Annotated[list[str], typer.Option(metavar="ID", help="Make this run, and what it needs; repeat.")] = [],
    drop_models: Annotated[
        bool, typer.Option("--drop-models", help="Delete a model that is only scored, once it is: 470 MB each.")
    ] = False,
    list_runs: Annotated[bool, typer.Option("--list", help="Show the runs, and start nothing.")] = False,
    print_commands: Annotated[
        bool, typer.Option("--print-commands", help="A command for each run, for an array of a cluster; start nothing.")
    ] = False,
    as_json: o.Json = False,
) -> None:
    """Make the runs of a plan that are not done. Killed and called again, it goes on."""
    from xlner.api.study import Study, commands_of, run_study
    from xlner.cli.study_table import Watch, listed, outlook
    from xlner.errors import UsageError

    if on not in ("local", "ray"):
        raise UsageError(f"--on is local or ray, got '{on}'")
    if gpus and on == "local":
        raise UsageError("--gpus goes with --on ray; a local run takes the accelerator that there is")
    where: dict[str, Any] = {"profile": profile, "output": output, "data": data}
    if print_commands and drop_models:
        raise UsageError("--drop-models is for one process that makes all runs; leave it out with --print-commands")
    study = Study.open(plan, **where)
    if print_commands:
        typer.echo("\n".join(commands_of(study, plan, profile=profile, threads=threads)))
        return
    if list_runs:
        end(*listed(study), as_json=as_json)
        return
    typer.echo(outlook(study), err=True)
    with Watch(study) as watch:
        result = run_study(
            plan, **where, on=on, workers=workers, threads=threads, gpus=gpus, only=only,  # type: ignore[arg-type]
            drop_models=drop_models, watch=watch,
        )  # fmt: skip
    values = result.as_dict()
    end(values, f"{values['done']} of {values['runs']} runs are done, in {values['output']}", as_json=as_json)
    if result.failed:
        for id, why in result.failed.items():
            typer.echo(f"error: run {id}: {why}", err=True)
        raise typer.Exit(1)


@group.command("report", cls=Command)
def report_command(
    plan: PlanFile,
    profile: Profile = None,
    output: Output = None,
    to: Annotated[Path | None, typer.Option(metavar="FOLDER", help="For the report; default: the study's.")] = None,
    as_json: o.Json = False,
) -> None:
    """One page and a Markdown file of what a study shows, from its ledger alone."""
    from xlner.api.study import report_study

    made = report_study(plan, profile=profile, output=output, to=to)
    end(made.as_dict(), "\n".join([*made.answer, "", *map(str, made.files)]), as_json=as_json)
