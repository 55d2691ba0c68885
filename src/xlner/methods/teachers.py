"""Teachers: taggers of the source languages, trained where a source is data."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from xlner.core.labels import LabelSet, model_tags
from xlner.core.run_folder import RunFolder, file_hash
from xlner.core.shared import shared_folder
from xlner.methods.seeds import Average, seeds_of, trained
from xlner.methods.supervised import Lesson, supervise
from xlner.methods.task import Source, Task
from xlner.methods.weights import TeacherWeights
from xlner.tagger import Tagger
from xlner.tagger.outputs import OutputMap
from xlner.tagger.tagger import model_config, model_folder
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
        siblings: teachers of the same source with other seeds, which label raw text beside it.
    """

    name: str
    model: str
    labels: LabelSet
    mapping: Mapping[str, str] | None = None
    given: bool = False
    siblings: tuple[Teacher, ...] = ()

    def load(self, options: TrainOptions, *, dropout: float | None = None) -> Tagger:
        """Its tagger, on the device and in the precision of `options`; with another dropout to be trained further."""
        return Tagger.load(
            self.model, mapping=self.mapping, labels=self.labels, device=options.device, precision=options.precision,
            dropout=dropout,
        )  # fmt: skip

    def identity(self, tagger: Tagger) -> str | None:
        """All that decides what it says of a sentence, if runs share that and it lies here; see `xlner.core.shared`.

        Args:
            tagger: what `load` gave.
        """
        if shared_folder("") is None or not Path(self.model).exists():  # a hub id tells no version
            return None
        device = f"{tagger.device.type} {tagger.dtype}"
        return json.dumps([file_hash(self.model), sorted((self.mapping or {}).items()), device])


class TeacherOptions(Protocol):
    """Options that a method must have to train teachers."""

    @property
    def encoder(self) -> str: ...
    @property
    def teacher(self) -> TrainOptions: ...
    @property
    def teacher_seeds(self) -> int: ...
    @property
    def average_of_seeds(self) -> Average: ...


def teachers_of(
    sources: Sequence[Source],
    task: Task,
    options: TeacherOptions,
    run: RunFolder,
    *,
    lesson: Callable[[Source, Path], Lesson] | None = None,
) -> list[Teacher]:
    """The teachers of some sources, in their order, kept in the run's folder. See `teacher_of`.

    Of several seeds whose probabilities are averaged the first stands for its source, and has the others as siblings.

    Args:
        sources: data or models.
        task: see `teacher_of`.
        options: of teachers.
        run: finished teachers in its folder are reused.
        lesson: from a source and the folder of its teacher to what that learns instead of the source's labels alone.
    """
    alone = options.average_of_seeds == "weights"

    def one(source: Source, training: TrainOptions, name: str) -> Teacher:
        folder = run.path / "teachers" / name
        seeds = options.teacher_seeds if alone else 1
        learnt = lesson(source, folder) if lesson is not None and source.sentences else None
        made = teacher_of(source, task, folder, encoder=options.encoder, options=training, seeds=seeds, lesson=learnt)
        return replace(made, name=name)

    teachers = []
    for source in sources:
        first, *others = seeds_of(options.teacher, 1 if alone or source.model else options.teacher_seeds)
        siblings = tuple(one(source, o, f"{source.name}-seed-{o.seed}") for o in others)
        teachers.append(replace(one(source, first, source.name), siblings=siblings))
    return teachers


def notes_on_seeds(teachers: Sequence[Teacher], seeds: int) -> tuple[str, ...]:
    """What to know of several seeds that were asked for where no teacher was trained."""
    idle = seeds > 1 and teachers and all(t.given for t in teachers)
    return ("all sources are models and were taken as they are: `teacher_seeds` had no effect",) if idle else ()


def with_siblings(teachers: Sequence[Teacher], weights: TeacherWeights) -> tuple[list[Teacher], TeacherWeights]:
    """All seeds of the teachers, each with an equal share of the weight of its source."""
    groups = [(t, *t.siblings) for t in teachers]
    return [t for group in groups for t in group], weights.divided([len(group) for group in groups])


def types_of_model(model: str, mapping: Mapping[str, str] | None) -> frozenset[str]:
    """The types that a model knows, read from its configuration alone.

    Args:
        model: run folder, model folder or hub id.
        mapping: type renames.
    """
    return OutputMap(model_tags(model_config(model_folder(model)).id2label), mapping=mapping).known


def types_of(source: Source, mapping: Mapping[str, str]) -> frozenset[str]:
    """The types that a source's teacher knows: those of its data, or those of its model.

    Args:
        source: data, whose types were renamed when it was read, or a model.
        mapping: type renames of models.
    """
    return types_of_model(source.model, mapping) if source.model else frozenset(LabelSet.of(source.sentences).types)


def teacher_of(
    source: Source,
    task: Task,
    folder: Path,
    *,
    encoder: str,
    options: TrainOptions,
    seeds: int = 1,
    lesson: Lesson | None = None,
) -> Teacher:
    """The teacher of a source. If the source is data, it is trained on the types of that data, and saved.

    Args:
        source: data or a model.
        task: its labels are those that the teacher answers in; dev data in the source's languages stops training early.
        folder: of this teacher; a model that is there already is taken.
        encoder: what a teacher starts from.
        options: how it is trained.
        seeds: of how many trainings its weights are the mean.
        lesson: what it learns instead of the labels of the source alone.
    """
    if source.model:
        return Teacher(name=source.name, model=source.model, labels=task.labels, mapping=task.mapping, given=True)
    if not (folder / "model" / "config.json").is_file():
        labels = LabelSet.of(source.sentences)  # a type that its data lacks must not be taught as O
        dev = [s for s in task.dev if s.language in source.languages]
        train = partial(
            supervise,
            source.sentences,
            labels,
            encoder=encoder,
            languages=source.languages,
            dev=[replace(s, spans=tuple(x for x in s.spans if x.label in labels.types)) for s in dev],
            head_seed=options.seed,
            lesson=lesson,
        )
        tagger = trained(train, options, seeds, folder, title=f"teacher {folder.name}")
        if main_process():
            tagger.save(folder / "model")
            forget(folder)
        wait_for_all()
    return Teacher(name=source.name, model=str(folder / "model"), labels=task.labels)
