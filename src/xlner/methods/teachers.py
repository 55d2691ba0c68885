"""Teachers: taggers of the source languages, trained where a source is data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from xlner.core.labels import LabelSet
from xlner.core.run_folder import RunFolder
from xlner.methods.supervised import Lesson, supervise
from xlner.methods.task import Source, Task
from xlner.tagger import Tagger
from xlner.train import TrainOptions
from xlner.train.loop import forget
from xlner.train.processes import main_process, wait_for_all


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """A trained tagger that can label raw text.

    Args:
        name: how folders and tables call it.
        model: run folder, model folder or hub id.
        labels: the label set to answer in.
        mapping: type renames; None for a model that was trained on data which was mapped when read.
        given: it came as a model, and was not trained here.
    """

    name: str
    model: str
    labels: LabelSet
    mapping: Mapping[str, str] | None = None
    given: bool = False

    def load(self, options: TrainOptions, *, dropout: float | None = None) -> Tagger:
        """Its tagger, on the device and in the precision of `options`; with another dropout to be trained further."""
        return Tagger.load(
            self.model, mapping=self.mapping, labels=self.labels, device=options.device, precision=options.precision,
            dropout=dropout,
        )  # fmt: skip


class TeacherOptions(Protocol):
    """Options that a method must have to train teachers."""

    @property
    def encoder(self) -> str: ...
    @property
    def teacher(self) -> TrainOptions: ...


def teachers_of(sources: Sequence[Source], task: Task, options: TeacherOptions, run: RunFolder) -> list[Teacher]:
    """The teachers of some sources, in their order, kept in the run's folder. See `teacher_of`."""
    return [
        teacher_of(s, task, run.path / "teachers" / s.name, encoder=options.encoder, options=options.teacher)
        for s in sources
    ]


def teacher_of(
    source: Source, task: Task, folder: Path, *, encoder: str, options: TrainOptions, lesson: Lesson | None = None
) -> Teacher:
    """The teacher of a source. If the source is data, it is trained on the types of that data, and saved.

    Args:
        source: data or a model.
        task: its labels are those that the teacher answers in; dev data in the source's languages stops training early.
        folder: of this teacher; a model that is there already is taken.
        encoder: what a teacher starts from.
        options: how it is trained.
        lesson: what it learns instead of the labels of the source alone.
    """
    if source.model:
        return Teacher(name=source.name, model=source.model, labels=task.labels, mapping=task.mapping, given=True)
    if not (folder / "model" / "config.json").is_file():
        labels = LabelSet.of(source.sentences)  # a type that its data lacks must not be taught as O
        dev = [s for s in task.dev if s.language in source.languages]
        tagger = supervise(
            source.sentences,
            labels,
            encoder=encoder,
            languages=source.languages,
            options=options,
            folder=folder,
            dev=[replace(s, spans=tuple(x for x in s.spans if x.label in labels.types)) for s in dev],
            title=f"teacher {source.name}",
            lesson=lesson,
        )
        if main_process():
            tagger.save(folder / "model")
            forget(folder)
        wait_for_all()
    return Teacher(name=source.name, model=str(folder / "model"), labels=task.labels)
