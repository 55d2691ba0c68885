"""`xlner study run` and `xlner study report` as functions."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

from xlner.core.run_folder import file_hash
from xlner.errors import DataError, UsageError
from xlner.study.dropping import Dropper
from xlner.study.execute import PROGRAM, Executor
from xlner.study.pairs import impossible_pairs
from xlner.study.plan import Plan, read_plan
from xlner.study.record import Record, add_to_ledger, read_ledger, read_mark
from xlner.study.runs import Roots, Run, runs_of
from xlner.study.schedule import Ended, LocalWorkers, Workers, make_all

if TYPE_CHECKING:
    from xlner.study.page import Report

LEDGER = "ledger.jsonl"


@dataclass(frozen=True)
class Study:
    """A plan, its runs, and what is known of them.

    Args:
        plan: read and checked.
        runs: each behind those that it needs.
        roots: where things lie.
    """

    plan: Plan
    runs: Sequence[Run]
    roots: Roots

    @classmethod
    def open(
        cls,
        plan: str | Path,
        *,
        profile: str | None = None,
        output: str | Path | None = None,
        data: str | Path = "data",
    ) -> Study:
        """Read a plan.

        Args:
            plan: YAML file.
            profile: one of its profiles.
            output: folder of the study; by default `study-NAME` or `study-NAME-PROFILE` here.
            data: folder that {data} stands for.

        Raises:
            DataError: it is no plan.
            UsageError: it names what is not there.
        """
        read = read_plan(plan, profile=profile)
        name = f"study-{read.name}" + (f"-{profile}" if profile else "")
        roots = Roots(Path(data).resolve(), Path(output or name).resolve())
        return cls(read, runs_of(read), roots)

    @cached_property
    def unique(self) -> list[Run]:
        """The runs without those that another step has, too."""
        return list({run.id: run for run in self.runs}.values())

    def done(self) -> dict[str, Record]:
        """Id -> record of the runs of this plan that are done: by the ledger, and by their marks."""
        wanted = {run.id for run in self.runs}
        records = {id: r for id, r in read_ledger(self.roots.study / LEDGER).items() if id in wanted}
        for id in wanted - set(records):
            if (record := read_mark(self.roots.folder(id))) is not None:
                records[id] = record
        return records

    def check(self) -> None:
        """See that all input files are there, and that translators can do what is asked of them.

        Raises:
            DataError: a file is not there.
            UsageError: a translator is not there, or cannot do a pair of languages.
        """
        if missing := self.roots.missing(self.unique):
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise DataError(f"no such file{more}; `data FOLDER` says where {{data}} is", path=missing[0])
        if errors := impossible_pairs(self.unique, self.roots):
            raise UsageError("\n".join(errors))

    def check_unchanged(self, done: Mapping[str, Record]) -> None:
        """See that the input files are still those that runs were made of.

        Raises:
            DataError: one has changed, so old and new runs would not be of one study.
        """
        made = {(name, digest) for record in done.values() for name, digest in record.sha256.items()}
        for name in sorted({name for name, _ in made}):
            path = Path(self.roots.filled(name, ""))
            today = file_hash(path) if path.is_file() else None
            if today is not None and any(n == name and digest != today for n, digest in made):
                why = "has changed since runs of this study were made of it; put it back, or take another `output`"
                raise DataError(why, path=path)

    def minutes(self, done: Mapping[str, Record]) -> tuple[float, int]:
        """Estimated minutes of what is left, one run at a time, and the number of runs of which nothing is known."""
        known: dict[str, list[float]] = {}
        for run in self.unique:
            if run.id in done:
                known.setdefault(run.step, []).append(done[run.id].seconds / 60)
        total, unknown = 0.0, 0
        for run in self.unique:
            if run.id not in done:
                planned = self.plan.steps[run.step].minutes
                took = median(known[run.step]) if run.step in known else planned
                total, unknown = total + (took or 0.0), unknown + (took is None)
        return total, unknown


@dataclass(frozen=True)
class StudyResult:
    """What came of a study.

    Args:
        study: the plan and its runs.
        records: id -> record of all runs that are done.
        failed: id -> why.
    """

    study: Study
    records: Mapping[str, Record]
    failed: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        steps = Counter(run.step for run in self.study.unique if run.id in self.records)
        return {
            "study": self.study.plan.name,
            "runs": len(self.study.unique),
            "done": len(self.records),
            "failed": dict(self.failed),
            "done_by_step": dict(steps),
            "output": str(self.study.roots.study),
        }


def run_study(
    plan: str | Path,
    *,
    profile: str | None = None,
    output: str | Path | None = None,
    data: str | Path = "data",
    on: Literal["local", "ray"] = "local",
    workers: int = 1,
    threads: int | None = None,
    gpus: float = 0,
    only: Sequence[str] = (),
    drop_models: bool = False,
    program: Sequence[str] = PROGRAM,
    watch: Callable[[Study, Mapping[str, Record], Ended | Run], None] = lambda study, done, what: None,
) -> StudyResult:
    """Make all runs of a study that are not done. Killed at any moment and called again, it goes on.

    Args:
        plan: YAML file.
        profile: one of its profiles.
        output: folder of the study.
        data: folder that {data} stands for.
        on: "local" processes, or "ray".
        workers: runs at a time.
        threads: of each process; None leaves it to the libraries.
        gpus: of each run, on Ray.
        only: ids of runs to make; what they need is made first.
        drop_models: delete each model from which no other command of the plan starts, once all that score it are done;
            for one process and one plan at a time in a folder.
        program: what stands for `xlner`, such as the words that call it in a container.
        watch: told of each run that starts and ends.

    Raises:
        DataError: no plan, or an input file is not there.
        UsageError: the plan names what is not there, or there is no such run.
    """
    study = Study.open(plan, profile=profile, output=output, data=data)
    study.check()
    if workers < 1:
        raise UsageError(f"`workers` must be at least 1, got {workers}")
    done = study.done()
    study.check_unchanged(done)
    wanted = _needed(study.unique, only) if only else study.unique
    for run in reversed(wanted):  # a ledger may be there without the models that further runs need
        for need in run.needs if run.id not in done else ():
            if not study.roots.result(need).exists():
                done.pop(need, None)
    executor = Executor(study.roots, tuple(program), threads, fork=on == "local")  # Ray has many workers, each a helper
    made: dict[str, Record] = {}
    failed: dict[str, str] = {}
    drop = Dropper(study.unique, study.roots)
    if drop_models:
        drop(list(done), done)
    makers: Workers = LocalWorkers(executor, workers)
    if on == "ray":
        from xlner.study.on_ray import RayWorkers

        makers = RayWorkers(executor, workers, cpus=threads or 1, gpus=gpus)
    with closing(make_all(wanted, done, makers, lambda run: watch(study, done, run))) as ends:
        for ended in ends:
            if ended.record is None:
                failed[ended.run.id] = ended.error
            else:
                done[ended.run.id] = made[ended.run.id] = ended.record
                if drop_models:
                    drop((ended.run.id, *ended.run.needs), done)
            watch(study, done, ended)
    add_to_ledger(study.roots.study / LEDGER, done, made)  # other plans may have their runs there, too
    return StudyResult(study, done, failed)


def commands_of(
    study: Study,
    plan: str | Path,
    *,
    profile: str | None = None,
    threads: int | None = None,
    program: str = "xlner",
) -> Iterator[str]:
    """A line for each run that is not done, in groups that can be made side by side.

    Each line is a command that makes one run and marks it, for an array of a cluster's scheduler. A line with a "#"
    stands before each group; a group needs those before it.

    Args:
        study: the plan.
        plan: its file.
        profile: as `study` was opened with.
        threads: of each run.
        program: how the command is called.
    """
    done, level = study.done(), dict[str, int]()
    for run in study.unique:
        if run.id not in done:
            level[run.id] = 1 + max((level.get(need, 0) for need in run.needs), default=0)
    common = [*_words(plan, profile), "--data", str(study.roots.data), "--output", str(study.roots.study)]
    common += ["--threads", str(threads)] if threads else []
    for group in range(1, max(level.values(), default=0) + 1):
        members = [run for run in study.unique if level.get(run.id) == group]
        yield f"# group {group}: {len(members)} runs"
        for run in members:
            yield shlex.join([program, *common, "--only", run.id])


def _words(plan: str | Path, profile: str | None) -> list[str]:
    return ["study", "run", str(plan), *(["--profile", profile] if profile else [])]


def _needed(runs: Sequence[Run], only: Sequence[str]) -> list[Run]:
    by_id = {run.id: run for run in runs}
    if strangers := [id for id in only if id not in by_id]:
        raise UsageError(f"the plan has no run {strangers[0]}")
    wanted, stack = set(), list(only)
    while stack:
        id = stack.pop()
        if id not in wanted:
            wanted.add(id)
            stack.extend(by_id[id].needs)
    return [run for run in runs if run.id in wanted]


def report_study(
    plan: str | Path, *, profile: str | None = None, output: str | Path | None = None, to: str | Path | None = None
) -> Report:
    """Write the report of a study. Its ledger is all that is read, beside the plan.

    Args:
        plan: YAML file.
        profile: one of its profiles.
        output: folder of the study.
        to: folder for the report; by default that of the study.

    Raises:
        DataError: no plan, or a broken ledger.
        UsageError: no run is done.
        MissingExtraError: matplotlib is not installed.
    """
    from xlner.study.page import write_report

    study = Study.open(plan, profile=profile, output=output)
    done = study.done()
    if not done:
        raise UsageError(f"no run of {study.plan.name} is done in {study.roots.study}; `xlner study run` makes them")
    with_data = any("{data}" in name for run in study.unique for name in study.roots.inputs(run))
    again = shlex.join(["xlner", *_words(plan, profile), *(["--data", "FOLDER"] if with_data else [])])
    return write_report(study.plan, study.runs, done, Path(to or study.roots.study), again)
