"""How a text is divided into shards: the same way for whoever looks, and written down once."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from xlner.api.predict import check_ids
from xlner.core.files import atomic
from xlner.core.run_folder import file_hash
from xlner.data.blocks import BLOCK_BYTES, BLOCK_SENTENCES, Mark, Reader, Stretch, together
from xlner.errors import OptionError, UsageError
from xlner.tagger.from_hub import revision_of

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
        if twice := [name for name, times in Counter(self.sources).items() if times > 1]:
            raise UsageError(f"{twice[0]} is given twice")

    def settings(self) -> dict[str, Any]:
        """What decides the answers, as plain values."""
        values = asdict(self) | {"model": file_hash(self.place), "shards": self.count}
        values["sources"] = list(self.sources)
        return {k: v for k, v in values.items() if k not in ("output", "device", "folder", "count")}

    @property
    def place(self) -> str:
        """The model, wherever the process was started."""
        place = Path(self.folder, self.model)
        return str(place if place.exists() else self.model)

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
        return [shard for shard in range(self.count) if self.is_done(shard)]

    def is_done(self, shard: int) -> bool:
        """Whether a shard is there, and its mark, too."""
        return self.mark(shard).exists() and self.path(shard).exists()


def plan_of(job: Job) -> dict[str, Any]:
    """How the text is divided: that of the folder, or a new one. Processes that start together write the same one.

    It also has the revision of a model of the hub, since another one may be pushed before the last shard is made.

    Raises:
        ModelError: the hub has no such model, or cannot be reached.
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
            plan = {
                "settings": settings, "revision": revision_of(job.place), "blocks": blocks,
                "shards": [[asdict(s) for s in x] for x in shards],
            }  # fmt: skip
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
            until = None if last == len(marks) - 1 else ends[last]
            checksum = together(marks[i].checksum for i in blocks)
            shards[shard].append(Stretch(name, marks[first].start, until, marks[first].line, checksum))
        before += weight
    return shards
