"""Prediction on many files in shards: each is made by whoever comes first, whole or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from xlner.api.predict import label_blocks, write_predictions
from xlner.api.shard_plan import Job, plan_of
from xlner.core.files import atomic
from xlner.core.progress import Bar, progress
from xlner.data.blocks import Reader, Stretch
from xlner.errors import OptionError, UsageError, XlnerError
from xlner.tagger import Tagger
from xlner.tagger.from_hub import at_revision
from xlner.tagger.load import model_folder


@dataclass(frozen=True)
class ShardReport:
    """What making one shard came to.

    Args:
        shard: its number.
        sentences: that were written.
        seconds: that it took, without loading the model.
        remarks: what reading left out.
    """

    shard: int
    sentences: int
    seconds: float
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShardsResult:
    """What a call has made, and what is there.

    Args:
        job: what was asked for.
        reports: of the shards that this call made.
        failed: shard -> why it is not there.
        empty: how many shards have no text, since it has fewer blocks.
    """

    job: Job
    reports: tuple[ShardReport, ...]
    failed: Mapping[int, str]
    empty: int = 0

    @property
    def remarks(self) -> list[str]:
        """What reading left out, each once."""
        return list(dict.fromkeys(remark for report in self.reports for remark in report.remarks))

    def as_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        seconds = sum(r.seconds for r in self.reports)
        sentences = sum(r.sentences for r in self.reports)
        return {
            "output": self.job.output, "shards": self.job.count, "done": self.job.done(), "empty": self.empty,
            "made": [r.shard for r in self.reports], "sentences": sentences, "seconds": round(seconds, 3),
            "failed": {str(shard): why for shard, why in self.failed.items()}, "remarks": self.remarks,
        }  # fmt: skip

    def describe(self) -> str:
        """In words."""
        values = self.as_dict()
        rate = f", {values['sentences'] / values['seconds']:.0f} a second" if values["seconds"] else ""
        done = len(values["done"])
        lines = [f"{len(self.reports)} shards made, {values['sentences']} sentences{rate}"]
        if self.empty:
            lines.append(f"{self.empty} of {self.job.count} shards are empty: the text has fewer blocks")
        lines.append(f"{done} of {self.job.count} shards are done, in {self.job.output}")
        if done == self.job.count:
            lines.append(f"join them: cat {self.job.output}/part-*.{self.job.format} > all.{self.job.format}")
        return "\n".join(lines)


def predict_shards(
    job: Job,
    *,
    shard: int | None = None,
    on: str = "local",
    workers: int = 1,
    gpus: float = 0,
    on_remark: Callable[[str], None] | None = None,
) -> ShardsResult:
    """Make one shard, or all that are not done. Killed and called again, it makes what is missing.

    One behind the other, the files of all shards are byte for byte what `predict` gives for all sources in one process
    on a machine of the same kind, whatever the number of shards and workers.

    Args:
        job: what to do.
        shard: the only one to make, from 0; None for all.
        on: "local", one shard after the other, or "ray", as tasks of a Ray cluster.
        workers: shards at a time, on Ray.
        gpus: of each worker, on Ray; a part of one is possible.
        on_remark: told what reading left out.

    Raises:
        UsageError: the folder holds other shards, or there is no such shard.
        DataError: a source cannot be used, or has changed since the shards were divided.
        ModelError: there is no such model.
    """
    if shard is not None and not 0 <= shard < job.count:
        raise OptionError("shard", f"is a number from 0 to {job.count - 1}, got {shard}")
    if on not in ("local", "ray"):
        raise OptionError("on", f"is local or ray, got '{on}'")
    if on == "ray" and shard is not None:
        raise UsageError("Ray makes all shards; leave `shard` out")
    if workers < 1:
        raise OptionError("workers", f"must be at least 1, got {workers}")
    if on == "local" and (workers > 1 or gpus):
        raise UsageError("`workers` and `gpus` are for Ray; here one shard is made after the other")
    model_folder(job.place)  # first: a name that is none must leave no plan
    plan = plan_of(job)
    missing = [n for n in range(job.count) if not job.is_done(n) and shard in (None, n)]
    with progress("shards", total=len(missing)) as bar:
        reports, failed = _on_ray(job, missing, workers, gpus, bar) if on == "ray" else (_here(job, missing, bar), {})
    result = ShardsResult(job, tuple(reports), failed, sum(not stretches for stretches in plan["shards"]))
    for remark in result.remarks if on_remark else ():
        on_remark(remark)  # type: ignore[misc]
    return result


def make_shard(job: Job, shard: int) -> ShardReport:
    """Predict one shard: its file appears whole, and then its mark."""
    plan = plan_of(job)
    content = plan["settings"]["model"], plan.get("revision")
    tagger = _tagger(job.place, content, tuple(job.mapping.items()), job.on_long, job.device)
    reader = Reader(job.language, job.token_column, job.tag_column, job.folder, **plan["blocks"])
    stretches = [Stretch(**values) for values in plan["shards"][shard]]
    remarks: list[str] = []
    started = time.perf_counter()
    answers = label_blocks(tagger, reader, stretches, remarks.append)
    sentences = write_predictions(job.path(shard), answers, format=job.format, ids=job.ids)
    seconds = time.perf_counter() - started
    with atomic(job.mark(shard)):
        pass
    return ShardReport(shard, sentences, seconds, tuple(remarks))


@lru_cache(maxsize=1)
def _tagger(
    model: str, content: tuple[str, str | None], mapping: Sequence[tuple[str, str]], on_long: str, device: str | None
) -> Tagger:
    """Loaded once in each process, however many shards that makes, as long as its content is the same.

    The content is a hash and, of a model of the hub, a revision.
    """
    return Tagger.load(at_revision(model, content[1]), mapping=dict(mapping), on_long=on_long, device=device)


@dataclass(frozen=True)
class _Work:
    """A shard as work of a cluster."""

    shard: int

    @property
    def id(self) -> str:
        return str(self.shard)


def _here(job: Job, missing: Sequence[int], bar: Bar) -> list[ShardReport]:
    reports = []
    for shard in missing:
        reports.append(make_shard(job, shard))
        bar.update(advance=1)
    return reports


def _on_ray(
    job: Job, missing: Sequence[int], workers: int, gpus: float, bar: Bar
) -> tuple[list[ShardReport], dict[int, str]]:
    """Shards as tasks of Ray; the death of a worker makes its shard anew."""
    from xlner.study.on_ray import RayWorkers

    pool = RayWorkers(partial(_worked, job), workers, gpus=gpus, what="prediction on Ray")
    try:
        reports: list[ShardReport] = []
        failed: dict[int, str] = {}
        waiting = iter(missing)
        under_way = 0
        for _ in range(workers):
            under_way += _start_next(pool, waiting)
        while under_way:
            for id, answer in pool.wait():
                under_way -= 1
                bar.update(advance=1)
                if isinstance(answer, XlnerError):
                    failed[int(id)] = str(answer)
                else:
                    reports.append(answer)
                under_way += _start_next(pool, waiting)
        return sorted(reports, key=lambda report: report.shard), failed
    finally:
        pool.close()


def _start_next(pool: Any, waiting: Iterator[int]) -> int:
    shard = next(waiting, None)
    if shard is None:
        return 0
    pool.start(_Work(shard))
    return 1


def _worked(job: Job, work: _Work) -> ShardReport:
    return make_shard(job, work.shard)
