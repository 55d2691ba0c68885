"""What the steps of a run left in its folder: how fast they were, and what they lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlner.methods.projected import INDEX
from xlner.methods.projected_examples import examples_of
from xlner.methods.soft_labels import STEPS
from xlner.project.overview import LossesOfSet, LossesOfText, overview_page
from xlner.train.loop import TIME

_COUNTS = ".counts.json"
_TRAININGS = ("teachers/*", "teachers/*/seeds/*", "seeds/*")


@dataclass(frozen=True, kw_only=True)
class Step:
    """The speed of one step of a run, over all processes that took part in it.

    Args:
        name: such as "align".
        sentences: that went through it; pairs of them, where there are two sides; in training once for each pass.
        seconds: that they took.
    """

    name: str
    sentences: int
    seconds: float

    @property
    def sentences_per_second(self) -> float | None:
        """None where nothing was counted."""
        return self.sentences / self.seconds if self.sentences and self.seconds else None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        rate = self.sentences_per_second
        rounded = {"sentences": self.sentences, "seconds": round(self.seconds, 2)}
        return {"step": self.name, **rounded, "sentences_per_second": None if rate is None else round(rate, 1)}


def steps_of(folder: Path) -> tuple[Step, ...]:
    """The steps of a run in their order; those of several texts, sets or teachers are added up.

    Args:
        folder: of the run. A part that an older version made is left out.
    """
    entries = [("translate", counts.get("step")) for _, counts in _translations(folder)]
    entries += [("pretrain", _read(folder / "encoder" / TIME))]
    entries += [("train teachers", _read(f / TIME)) for pattern in _TRAININGS for f in sorted(folder.glob(pattern))]
    entries += [(step, cost) for _, index in _sets(folder) for step, cost in index["counts"].get("steps", {}).items()]
    labelled = (_read(f) or {} for f in sorted(folder.glob(f"soft_labels/*/*{STEPS}")))
    entries += [(step, cost) for costs in labelled for step, cost in costs.items()]
    entries += [("train", _read(f / TIME)) for f in (*sorted(folder.glob("rounds/*")), folder)]
    added: dict[str, Step] = {}
    for name, cost in entries:
        if cost:
            so_far = added.get(name, Step(name=name, sentences=0, seconds=0.0))
            added[name] = Step(
                name=name,
                sentences=so_far.sentences + cost["sentences"],
                seconds=so_far.seconds + cost["seconds"],
            )
    return tuple(added.values())


def losses_page(folder: Path) -> Iterator[str] | None:
    """The page of what was translated and projected in a run, and lost; None if nothing was.

    Args:
        folder: of the run.
    """
    texts = [
        LossesOfText(name=file.name.removesuffix(_COUNTS), counts=counts) for file, counts in _translations(folder)
    ]
    sets = [
        LossesOfSet(name=place.name, counts=index["counts"], examples=examples_of(place))
        for place, index in _sets(folder)
    ]
    return overview_page(texts, sets) if texts or sets else None


def _translations(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for file in sorted(folder.glob(f"translations/*{_COUNTS}")):
        yield file, json.loads(file.read_text("utf-8"))


def _sets(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for file in sorted(folder.glob(f"projected/*/{INDEX}")):
        yield file.parent, json.loads(file.read_text("utf-8"))


def _read(file: Path) -> dict[str, Any] | None:
    return json.loads(file.read_text("utf-8")) if file.is_file() else None
