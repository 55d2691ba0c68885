"""Prediction on many files in shards: each is made by whoever comes first, whole or not at all."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from xlner.api.predict import check_ids, label_blocks, write_predictions
from xlner.core.files import atomic
from xlner.core.run_folder import file_hash
from xlner.data.blocks import BLOCK_BYTES, BLOCK_SENTENCES, Mark, Reader, Stretch, together
from xlner.errors import OptionError, UsageError, XlnerError
from xlner.tagger import Tagger

PLAN = "shards.json"
FORMATS = ("conll", "jsonl")  # what can be joined by writing one file behind the other


@dataclass(frozen=True)
class Job:
    """What is to be predicted, and how.

    Args:
        model: run folder, model folder or hub id.
        sources: files, in order.
        output: folder of the shards.
        count: of shards.
        format: conll or jsonl.
        ids: write the id of each sentence.
        language: ISO 639-3 code of the text, if word splitting should know it.
        mapping: type renames applied to what the model says.
        on_long: "window" or "error".
        token_column: column of the word in a file with columns, from 0; None finds it.
        tag_column: column of the tag, likewise.
        device: torch device name. It does not belong to the plan.
        folder: that relative names start from.
    """

    model: str
    sources: tuple[str, ...]
    output: str
    count: int
    format: str = "conll"
    ids: bool = False
    language: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    on_long: str = "window"
    token_column: int | None = None
    tag_column: int | None = None
    device: str | None = None
    folder: str = field(default_factory=os.getcwd)

    def __post_init__(self) -> None:
        if self.count < 1:
            raise OptionError("shards", f"must be at least 1, got {self.count}")
        if self.format not in FORMATS:
            raise UsageError(f"shards are written as {' or '.join(FORMATS)}, which can be joined; not as {self.format}")
        check_ids(self.format, self.ids)
        if "-" in self.sources:
            raise UsageError("shards are parts of files, and standard input is none; write it to a file first")
        for name in self.sources:
            if self.sources.count(name) > 1:
                raise UsageError(f"{name} is given twice")

    def settings(self) -> dict[str, Any]:
        """What decides the answers, as plain values."""
        place = Path(self.folder, self.model)
        values = asdict(self) | {"model": file_hash(place if place.exists() else self.model), "shards": self.count}
        values["sources"] = list(self.sources)
        return {k: v for k, v in values.items() if k not in ("output", "device", "folder", "count")}

    def path(self, shard: int) -> Path:
        """The file of a shard. Their names are in the order of the text."""
        width = max(5, len(str(self.count)))
        name = f"part-{shard:0{width}}-of-{self.count:0{width}}.{self.format}"
        return Path(self.folder, self.output, name)

    def mark(self, shard: int) -> Path:
        """The empty file that says that a shard is done."""
        return self.path(shard).with_suffix(".done")

    def done(self) -> list[int]:
        """The shards that are there."""
        return [shard for shard in range(self.count) if self.mark(shard).exists()]


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
    """
    if shard is not None and not 0 <= shard < job.count:
        raise OptionError("shard", f"is a number from 0 to {job.count - 1}, got {shard}")
    if on not in ("local", "ray"):
        raise OptionError("on", f"is local or ray, got '{on}'")
    if on == "ray" and shard is not None:
        raise UsageError("Ray makes all shards; leave `shard` out")
    plan = _plan(job)
    missing = [n for n in range(job.count) if not job.mark(n).exists() and shard in (None, n)]
    if on == "ray":
        reports, failed = _on_ray(job, missing, workers, gpus)
    else:
        reports, failed = [make_shard(job, n) for n in missing], {}
    result = ShardsResult(job, tuple(reports), failed, sum(not stretches for stretches in plan["shards"]))
    for remark in result.remarks if on_remark else ():
        on_remark(remark)  # type: ignore[misc]
    return result


def make_shard(job: Job, shard: int) -> ShardReport:
    """Predict one shard: its file appears whole, and then its mark."""
    plan = _plan(job)
    place = Path(job.folder, job.model)
    tagger = _tagger(str(place if place.exists() else job.model), tuple(job.mapping.items()), job.on_long, job.device)
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
def _tagger(model: str, mapping: Sequence[tuple[str, str]], on_long: str, device: str | None) -> Tagger:
    """Loaded once in each process, however many shards that makes."""
    return Tagger.load(model, mapping=dict(mapping), on_long=on_long, device=device)


def _plan(job: Job) -> dict[str, Any]:
    """How the text is divided: that of the folder, or a new one. Processes that start together write the same one.

    Raises:
        UsageError: the folder holds shards of other settings, or other things.
    """
    folder = Path(job.folder, job.output)
    settings = job.settings()
    if not (folder / PLAN).is_file():
        if folder.is_dir() and (others := [p.name for p in folder.iterdir() if not p.name.startswith(".")]):
            if PLAN not in others:
                raise UsageError(f"{job.output} holds other things, such as {min(others)}; choose another `output`")
        else:
            blocks = {"block_bytes": BLOCK_BYTES, "block_sentences": BLOCK_SENTENCES}
            reader = Reader(job.language, job.token_column, job.tag_column, job.folder, **blocks)
            shards = divide([(name, *reader.marks(name)) for name in job.sources], job.count, job.folder)
            plan = {"settings": settings, "blocks": blocks, "shards": [[asdict(s) for s in x] for x in shards]}
            with atomic(folder / PLAN) as out:
                out.write(json.dumps(plan, ensure_ascii=False) + "\n")
    plan = json.loads((folder / PLAN).read_text("utf-8"))
    before = plan["settings"]
    if changed := [name for name in {**before, **settings} if before.get(name) != settings.get(name)]:
        raise UsageError(
            f"{job.output} holds shards of other settings (different: {', '.join(changed)}); choose another `output` "
            "or remove it"
        )
    return plan


def divide(files: Sequence[tuple[str, list[Mark], int]], count: int, folder: str = "") -> list[list[Stretch]]:
    """Blocks of files as `count` shards of about as many bytes, in order; a shard without blocks is empty.

    Args:
        files: name, blocks and size, as `Reader.marks` gives them.
        count: of shards.
        folder: that relative names start from.
    """
    shards: list[list[Stretch]] = [[] for _ in range(count)]
    weights = [Path(folder, name).stat().st_size if Path(folder, name).is_file() else 1 for name, _, _ in files]
    total, before = sum(weights) or 1, 0.0
    for (name, marks, size), weight in zip(files, weights, strict=True):
        ends = [*(mark.start for mark in marks[1:]), size]
        of: dict[int, list[int]] = {}
        for i, (mark, end) in enumerate(zip(marks, ends, strict=True)):
            middle = before + weight * (mark.start + end) / 2 / max(size, 1)
            of.setdefault(min(int(count * middle / total), count - 1), []).append(i)
        for shard, blocks in of.items():
            first, last = blocks[0], blocks[-1]
            end = None if last == len(marks) - 1 else ends[last]
            checksum = together(marks[i].checksum for i in blocks)
            shards[shard].append(Stretch(name, marks[first].start, end, marks[first].line, checksum))
        before += weight
    return shards


@dataclass(frozen=True)
class _Work:
    """A shard as work of a cluster."""

    shard: int

    @property
    def id(self) -> str:
        return str(self.shard)


def _on_ray(job: Job, missing: Sequence[int], workers: int, gpus: float) -> tuple[list[ShardReport], dict[int, str]]:
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
