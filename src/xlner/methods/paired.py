"""Labelled sentences beside their translations, as training data: what methods that contrast them have in common."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np

from xlner.core.costs import Costs
from xlner.core.files import atomic
from xlner.core.labels import LabelSet
from xlner.core.run_folder import RunFolder
from xlner.core.types import Sentence
from xlner.errors import UsageError
from xlner.methods.effects import check_no_student
from xlner.methods.method import Fitted, check_unaugmented
from xlner.methods.projected import ProjectedSet, SentencePairs
from xlner.methods.rounds import distil_in_rounds
from xlner.methods.student import DistilOptions
from xlner.methods.supervised import Lesson
from xlner.methods.task import Source, Task, pooled
from xlner.methods.teachers import TeacherOptions, teachers_of, types_of
from xlner.methods.weights import TeacherWeights
from xlner.tagger import Tagger
from xlner.train.examples import NO_PAIR, Example, examples_of

_COUNTS = "pairs.json"


@dataclass(frozen=True)
class Taught:
    """A sentence to learn from.

    Args:
        words: at least one.
        targets: tag probabilities. Shape: (n_words, n_tags), float32.
        weights: how much each word counts; 0 for words of which nobody knows the label. Shape: (n_words,), float32.
        pair: number of its pair, -1 for none.
    """

    words: Sequence[str]
    targets: np.ndarray
    weights: np.ndarray
    pair: int = NO_PAIR

    @classmethod
    def of(cls, sentence: Sentence, labels: LabelSet, pair: int = NO_PAIR) -> Taught:
        """A sentence with its labels, as far as it is labelled."""
        ids = np.asarray(labels.tag_ids(sentence), np.int64)
        rows = np.eye(len(labels.tags), dtype=np.float32)
        return cls(sentence.words, rows[np.maximum(ids, 0)], (ids >= 0).astype(np.float32), pair)


class PairedChunks:
    """Sentences and their translations in memory as one chunk; those of a pair share a batch.

    A pair of which a side is longer than a window of the encoder is no pair, and its sentences stand alone. A pair may
    have more than two sides.

    Args:
        tagger: that learns.
        sentences: those of a pair one after the other, or not at all.
        keep_pairs: keep pairs in which no word counts, for objectives that contrast them.

    Attributes:
        pairs: how many there are.
        longer: how many are none, since they are longer than a window.
    """

    def __init__(self, tagger: Tagger, sentences: Sequence[Taught], *, keep_pairs: bool = True) -> None:
        self.sizes = [len(sentences)]
        examples = examples_of(
            tagger.words,
            [s.words for s in sentences],
            [s.targets for s in sentences],
            [s.weights for s in sentences],
            pairs=[s.pair for s in sentences],
            keep_all=keep_pairs,
        )
        sides = Counter(s.pair for s in sentences)
        windows = Counter(e.pair for e in examples)
        whole = {pair for pair, n in windows.items() if pair != NO_PAIR and n == sides[pair] > 1}
        self.pairs, self.longer = len(whole), len(windows.keys() - whole - {NO_PAIR})
        examples = [e if e.pair in whole else replace(e, pair=NO_PAIR) for e in examples]
        self._examples = [e for e in examples if e.pair != NO_PAIR or e.weights.any()]

    def load(self, index: int) -> list[Example]:
        return self._examples


class PairedOptions(DistilOptions, TeacherOptions, Protocol):
    """Options of methods whose teachers learn from pairs, and are distilled or not."""

    @property
    def pool(self) -> bool: ...
    @property
    def distill(self) -> bool: ...


def check_single_teacher(task: Task, options: PairedOptions) -> None:
    """Raises UsageError: nothing is distilled, and there are several teachers; or changes that would have no effect."""
    check_unaugmented(options)
    if not options.distill:
        check_no_student(options)
    if not options.distill and len(pooled(task.sources) if options.pool else task.sources) > 1:
        raise UsageError("without `distill` there can be one teacher only; pool the sources with `pool`")
    if not options.distill and options.teacher_seeds > 1 and options.average_of_seeds != "weights":
        raise UsageError("without `distill` seeds become one model by their weights; say `average weights`")


def fit_paired(
    sources: Sequence[Source],
    weights: TeacherWeights,
    task: Task,
    options: PairedOptions,
    run: RunFolder,
    costs: Costs,
    lesson: Callable[[Source, Path], Lesson],
) -> Fitted:
    """Train a teacher for each source that is data, and distil all teachers; or take the only one as the model.

    Args:
        sources: pooled or not.
        weights: of their teachers.
        task: raw text, labels, target and dev data.
        options: of teachers and student.
        run: every finished part in its folder is reused.
        costs: of steps before; those of teachers and student are added.
        lesson: from a source and the folder of its teacher to what that learns.
    """
    if options.distill:
        weights.check([types_of(s, task.mapping) for s in sources], task.labels.types)
    with costs.of("teachers"):
        teachers = teachers_of(sources, task, options, run, lesson=lesson)
    notes = [note for source in sources for note in pair_notes(run.path / "teachers" / source.name)]
    if not options.distill:
        tagger = teachers[0].load(options.teacher)
        tagger.languages = tuple(sorted({*sources[0].languages, task.target}))
        return Fitted(model=tagger, notes=tuple(notes), costs=costs.seconds)
    with costs.of("student"):
        student, told = distil_in_rounds(teachers, weights, task, options, run)
    return Fitted(model=student, baselines=tuple(teachers), notes=(*notes, *told), costs=costs.seconds)


def write_pair_counts(folder: Path, streams: Mapping[str, PairedChunks], beyond: int) -> None:
    """Leave beside a teacher how many pairs it contrasts, so that a finished run can say it too.

    Args:
        folder: of the teacher.
        streams: its data.
        beyond: pairs of parallel texts that are left out, since there are enough.
    """
    pairs, longer = sum(s.pairs for s in streams.values()), sum(s.longer for s in streams.values())
    folder.mkdir(parents=True, exist_ok=True)
    with atomic(folder / _COUNTS) as out:
        out.write(json.dumps({"pairs": pairs, "longer_than_a_window": longer, "beyond_the_first": beyond}) + "\n")


def pair_notes(folder: Path, name: str = "") -> tuple[str, ...]:
    """One sentence about the pairs in a folder, for people, named by the teacher; none if it has no pairs."""
    file = folder / _COUNTS
    if not file.is_file():
        return ()
    counts = json.loads(file.read_text("utf-8"))
    left_out = {"longer_than_a_window": "are longer than a window", "beyond_the_first": "of parallel text are not read"}
    rest = "".join(f", {counts[key]} {why}" for key, why in left_out.items() if counts[key])
    return (f"{name or f'teacher {folder.name}'}: {counts['pairs']} sentence pairs are learnt from{rest}",)


def members(source: Source, task: Task) -> list[Source]:
    """The sources with data that a pooled one was made of; or itself."""
    if any(source is s for s in task.sources):
        return [source]
    types = set(LabelSet.of(source.sentences).types)
    return [s for s in task.sources if s.sentences and set(LabelSet.of(s.sentences).types) == types]


def taught_pairs(
    pairs: SentencePairs, projected: ProjectedSet | None, labels: LabelSet, first: int = 0
) -> list[Taught]:
    """Labelled sentences, each followed by its translation; those without one stand alone.

    Args:
        pairs: sentences and translations; an empty translation is none.
        projected: of the same pairs: their translations have labels. Others have none, and weights of 0.
        labels: of the tagger that learns.
        first: number of the first pair.
    """
    with_labels = {} if projected is None else _projected(projected, labels)
    out: list[Taught] = []
    for number, (source, target) in enumerate(pairs):
        translation = with_labels.get(number) or (_unlabelled(target.words, labels) if target.words else None)
        if not source.words:
            continue
        pair = NO_PAIR if translation is None else first + len(out)
        out.append(Taught.of(source, labels, pair))
        if translation is not None:
            out.append(replace(translation, pair=pair))
    return out


def views(rows: Iterable[Sequence[Sentence]], labels: LabelSet, first: int = 0) -> list[Taught]:
    """Sentences, each followed by its other views, with such labels as they have.

    Args:
        rows: a sentence and its views; those without words are passed over.
        labels: of the tagger that learns.
        first: number of the first pair.
    """
    out: list[Taught] = []
    for row in rows:
        filled = [s for s in row if s.words] if row[0].words else []
        pair = first + len(out) if len(filled) > 1 else NO_PAIR
        out += [Taught.of(s, labels, pair) for s in filled]
    return out


def raw_pairs(
    pairs: Iterable[tuple[Sentence, Sentence]], labels: LabelSet, first: int, most: int
) -> tuple[list[Taught], int]:
    """The first `most` pairs of a parallel text, without labels; and how many others there are.

    Args:
        pairs: of which those with an empty side are passed over.
        labels: of the tagger that learns.
        first: number of the first pair.
        most: how many to take.
    """
    filled = ((s, t) for s, t in pairs if s.words and t.words)
    taken = [
        replace(_unlabelled(side.words, labels), pair=number)
        for number, pair in enumerate(islice(filled, most), first)
        for side in pair
    ]
    return taken, sum(1 for _ in filled)


def _unlabelled(words: Sequence[str], labels: LabelSet) -> Taught:
    return Taught(words, np.zeros((len(words), len(labels.tags)), np.float32), np.zeros(len(words), np.float32))


def _projected(projected: ProjectedSet, labels: LabelSet) -> dict[int, Taught]:
    """The projected sentences that a student learns from, by the numbers of their pairs."""
    out = {}
    for chunk in range(len(projected.sizes)):
        sentences, numbers = projected.sentences(chunk), projected.numbers(chunk)
        soft = None
        if projected.use.projected_labels == "soft":
            soft = projected.certainty(chunk).soft_labels(sentences, labels)
        for i in projected.surest(chunk):
            hard = Taught.of(sentences[i], labels)
            out[numbers[i]] = hard if soft is None else replace(hard, targets=soft[0][i], weights=soft[1][i])
    return out
