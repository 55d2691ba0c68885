"""What a transfer method is given: sources, a target, labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from xlner.core.labels import LabelSet
from xlner.core.types import Sentence
from xlner.errors import UsageError
from xlner.tagger import Tagger
from xlner.tagger.label_consistency import check_strength
from xlner.train import TrainOptions, make_loss

MULTIPLE = "mul"  # ISO 639: several languages


@dataclass(frozen=True, kw_only=True)
class Source:
    """A source language with labelled sentences, or with a trained model alone.

    Args:
        language: ISO 639-3 code; "mul" for data of several languages.
        sentences: labelled data; empty when there is only a model.
        model: run folder, model folder or hub id of a trained tagger; None when there is data.
        text: raw text of the language, for weights by similarity; empty takes `sentences`.
        name: how folders and tables call it; unique within a task.
    """

    language: str
    sentences: tuple[Sentence, ...] = ()
    model: str | None = None
    text: tuple[Sentence, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        if bool(self.sentences) == bool(self.model):
            raise UsageError(f"source {self.language} needs either labelled sentences or a model")

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of its sentences, or its own."""
        return tuple(dict.fromkeys(s.language for s in self.sentences if s.language)) or (self.language,)


def pooled(sources: Sequence[Source]) -> tuple[Source, ...]:
    """Sources with data of the same types as one source; models, and data with other types, stay apart.

    Data that lacks a type cannot join: its names of that type would be taught as O.
    """
    groups: dict[frozenset[str], list[Source]] = {}
    for source in sources:
        types = frozenset(LabelSet.of(source.sentences).types) if source.sentences else frozenset([source.name])
        groups.setdefault(types, []).append(source)
    return tuple(group[0] if len(group) == 1 else _joined(group) for group in groups.values())


def _joined(sources: Sequence[Source]) -> Source:
    codes = list(dict.fromkeys(s.language for s in sources))
    return Source(
        language=codes[0] if len(codes) == 1 else MULTIPLE,
        sentences=tuple(sentence for s in sources for sentence in s.sentences),
        text=tuple(sentence for s in sources for sentence in s.text or s.sentences),
        name=f"{sources[0].name}+{len(sources) - 1}",
    )


@dataclass(frozen=True, kw_only=True)
class Task:
    """One transfer: from sources to a target language.

    Args:
        sources: at least one.
        target: ISO 639-3 code of the target language.
        raw: gives a fresh stream of raw target sentences at each call; None if the method needs none.
        labels: the entity types to learn.
        mapping: type renames applied to models among the sources; their data was mapped when read.
        dev: labelled source-language sentences for early stopping; empty for none.
    """

    sources: tuple[Source, ...]
    target: str
    labels: LabelSet
    raw: Callable[[], Iterator[Sentence]] | None = None
    mapping: dict[str, str] = field(default_factory=dict)
    dev: tuple[Sentence, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MethodOptions:
    """How to transfer. The defaults work on the embedded encoder.

    Args:
        encoder: what fresh teachers and students start from: "embedded", a folder or a hub id.
        teacher: settings of training on labelled source data.
        student: settings of training on soft labels.
        loss: "ce", "mse" or "kl"; see `xlner.train.losses`.
        temperature: for "kl".
        student_from: "encoder" starts the student fresh, "teacher" from the first teacher that knows all types; "auto"
            starts it from that teacher if there is one, unless it is a model and another encoder is named.
        confidence_floor: words whose most probable tag has less than this are masked.
        label_consistency: how far words that look alike are labelled alike in the raw text, from 0 to 1.
        weights: how much each teacher counts: "uniform"; "language-id" or "language-id:sentence"; the name of a
            similarity measure; "en=0.5,de=0.5", or "PER:en=1,PER:de=0" for one type.
        pool: train one teacher on all labelled sources that have the same types, instead of one on each.
        chunk_sentences: sentences per file of soft labels; bounds memory.
    """

    encoder: str = "embedded"
    teacher: TrainOptions = field(default_factory=TrainOptions)
    student: TrainOptions = field(default_factory=TrainOptions)
    loss: str = "ce"
    temperature: float = 1.0
    student_from: Literal["auto", "encoder", "teacher"] = "auto"
    confidence_floor: float = 0.0
    label_consistency: float = 0.7
    weights: str = "uniform"
    pool: bool = False
    chunk_sentences: int = 2000

    def __post_init__(self) -> None:
        make_loss(self.loss, temperature=self.temperature)
        if self.student_from not in ("auto", "encoder", "teacher"):
            raise UsageError(f"--student-from is auto, encoder or teacher, got '{self.student_from}'")
        if not 0 <= self.confidence_floor < 1:
            raise UsageError(f"--confidence-floor is in [0, 1), got {self.confidence_floor}")
        check_strength(self.label_consistency)
        if self.chunk_sentences < 1:
            raise UsageError(f"--chunk-sentences must be at least 1, got {self.chunk_sentences}")


class Method(Protocol):
    """A transfer method: the extension point `methods`."""

    def __call__(self, task: Task, options: MethodOptions, folder: Path) -> Tagger:
        """Fit a tagger for the target language, keeping resumable state in `folder`."""
        ...
