"""What a transfer method is given: sources, a target, labels, and further inputs that it may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from xlner.core.labels import LabelSet
from xlner.core.types import Sentence
from xlner.errors import DataError, UsageError

MULTIPLE = "mul"  # ISO 639: several languages
Stream = Callable[[], Iterator[Sentence]]
"""A text that is read anew, from its start, at each call."""


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

    Data that lacks a type cannot join: its names of that type would be taught as O. A joined source has a name of its
    own, so what a task keeps by the names of its sources, such as `translations`, is found by those of `Task.sources`.
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


def lacking_types(sources: Sequence[Source], types: Iterable[str]) -> dict[str, list[str]]:
    """What labelled data lack: name of a source to those of `types` that it has no entity of. Models are left out."""
    wanted = set(types)
    of = {s.name: sorted(wanted - set(LabelSet.of(s.sentences).types)) for s in sources if s.sentences}
    return {name: absent for name, absent in of.items() if absent}


def mixed_types(sources: Sequence[Source]) -> tuple[str, ...]:
    """What to know of sources that are trained on together although one has names of a type that another lacks."""
    every = LabelSet.of(sentence for s in sources for sentence in s.sentences).types
    return tuple(
        f"source {name} has no {', '.join(absent)}; if it has such names without labels, they were "
        "taught as O (`method distill` keeps sources apart)"
        for name, absent in lacking_types(sources, every).items()
    )


def side_by_side(source: Stream, target: Stream, names: tuple[str, str]) -> Iterator[tuple[Sentence, Sentence]]:
    """Sentences of two texts of which one translates the other, pair by pair.

    Args:
        source: one side.
        target: the other.
        names: what messages call them.

    Raises:
        DataError: one is longer.
    """
    for number, (left, right) in enumerate(zip_longest(source(), target())):
        if left is None or right is None:
            short, long = names if left is None else names[::-1]
            raise DataError(
                f"{short} ends after {number} sentences, and {long} does not; sentence n of one must be the "
                "translation of sentence n of the other (empty lines count)"
            )
        yield left, right


@dataclass(frozen=True, kw_only=True)
class Bitext:
    """Parallel text of a source language and the target language: sentence n of one side translates n of the other.

    Args:
        language: ISO 639-3 code of the source side.
        source: its sentences.
        target: their translations.
    """

    language: str
    source: Stream
    target: Stream


@dataclass(frozen=True, kw_only=True)
class Task:
    """One transfer: from sources to a target language.

    Args:
        sources: at least one.
        target: ISO 639-3 code of the target language.
        labels: the entity types to learn.
        mapping: type renames applied to models among the sources; their data was mapped when read.
        dev: labelled source-language sentences for early stopping; empty for none.
        raw: raw target text.
        bitext: parallel text with the target language.
        translations: source name -> its labelled sentences in the target language, in the same order.
        dictionaries: ISO 639-3 code of a source language -> file of a dictionary into the target language.
        target_labels: few labelled target sentences.
    """

    sources: tuple[Source, ...]
    target: str
    labels: LabelSet
    mapping: Mapping[str, str] = field(default_factory=dict)
    dev: tuple[Sentence, ...] = ()
    raw: Stream | None = None
    bitext: tuple[Bitext, ...] = ()
    translations: Mapping[str, Stream] = field(default_factory=dict)
    dictionaries: Mapping[str, str] = field(default_factory=dict)
    target_labels: tuple[Sentence, ...] = ()
