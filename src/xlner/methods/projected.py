"""Projected data on disk: labelled target sentences made of sentence pairs, chunk by chunk, and training on them.

One folder per set of pairs, one file of JSON lines per chunk, which `xlner data` and every reader of ours can look at.
A file is written whole or not at all, so an interrupted run goes on where it was.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from xlner.core.files import atomic
from xlner.core.progress import progress
from xlner.core.types import Sentence
from xlner.data import load, write
from xlner.errors import DataError
from xlner.methods.certainty import Certainty, surest
from xlner.methods.noise_options import NoiseOptions
from xlner.methods.projected_examples import write_examples
from xlner.methods.projection_options import ProjectionOptions
from xlner.methods.projector import Projector
from xlner.methods.task import Stream, side_by_side
from xlner.methods.teachers import Teacher
from xlner.project import ProjectionResult
from xlner.project.fates import Reason
from xlner.tagger import Tagger
from xlner.train import TrainOptions
from xlner.train.examples import Chunks, Example, LabelledChunks, in_epoch
from xlner.train.processes import main_first

INDEX = "index.json"
_CERTAINTY, _NUMBERS = ".certainty.safetensors", ".pairs.json"  # beside a file of sentences
Pair = tuple[Sentence, Sentence]


@dataclass(frozen=True, kw_only=True)
class SentencePairs:
    """Sentences and their translations, from which labels are to be projected.

    Args:
        name: how folders and messages call them.
        source: the side that has labels, or gets them from `teacher`.
        target: sentence n translates sentence n of `source`; an empty one has no translation.
        teacher: labels the source side; None if that is labelled.
        languages: ISO 639-3 codes of the two sides, for projections that translate.
    """

    name: str
    source: Stream
    target: Stream
    teacher: Teacher | None = None
    languages: tuple[str, str] | None = None

    def __iter__(self) -> Iterator[Pair]:
        """The pairs side by side.

        Raises:
            DataError: one side is longer.
        """
        sides = (f"{self.name}: the {side} side" for side in ("source", "target"))
        yield from side_by_side(self.source, self.target, (next(sides), next(sides)))


@dataclass(frozen=True, kw_only=True)
class ProjectedSet:
    """Projected data that is there.

    Args:
        name: of the pairs.
        folder: holds `00000.jsonl`, ...
        sizes: sentences per file.
        counts: what became of pairs and entities.
        use: how a student learns from it.
    """

    name: str
    folder: Path
    sizes: tuple[int, ...]
    counts: dict[str, Any] = field(default_factory=dict)
    use: NoiseOptions = field(default_factory=NoiseOptions)

    def sentences(self, chunk: int) -> list[Sentence]:
        """The labelled target sentences of one file."""
        return load(_file(self.folder, chunk), format="jsonl").sentences if self.sizes[chunk] else []

    def numbers(self, chunk: int) -> list[int]:
        """Which pair each sentence of one file comes from, counted from 0 over all pairs."""
        return list(json.loads(_file(self.folder, chunk).with_suffix(_NUMBERS).read_text("utf-8")))

    def certainty(self, chunk: int) -> Certainty:
        """How sure the labels of the sentences of one file are."""
        return Certainty.load(_file(self.folder, chunk).with_suffix(_CERTAINTY))

    def surest(self, chunk: int) -> Sequence[int]:
        """Numbers of the sentences of one file that a student learns from."""
        return range(self.sizes[chunk]) if self.use.surest_share == 1 else self._surest[chunk]

    @cached_property
    def _surest(self) -> list[list[int]]:
        parts = [self.certainty(chunk) for chunk in range(len(self.sizes))]
        return [numbers.tolist() for numbers in surest(parts, self.use.surest_share)]

    def note(self) -> str:
        """One sentence about the counts, for people."""
        c = self.counts
        lower = c["fates"].get(Reason.LOST_CAPITALS, 0)
        lost = c["entities"] - c["fates"].get(Reason.PROJECTED, 0) - lower
        pairs = f"{c['kept']} of {c['pairs']} sentence pairs with {c['entities']} entities"
        unknown = f"{c['missing_words']} of {c['words']} words are unknown"
        empty = f"{c['without_entities']} sentences have none"
        capitals = f" and {lower} lost their capitals" if lower else ""
        chosen = sum(len(self.surest(n)) for n in range(len(self.sizes)))
        note = f"{self.name}: {pairs}, of which {lost} were not projected{capitals}; {empty}, {unknown}"
        if chosen < c["kept"]:
            note += f"; the surest {chosen} are learnt from, {c['kept'] - chosen} are left out"
        if marks := c.get("marks"):
            note += f"; of {marks['sentences']} marked sentences {marks.get('with_all_marks', 0)} kept all marks"
        return note


def write_projected(
    pairs: SentencePairs, options: ProjectionOptions, training: TrainOptions, folder: Path
) -> ProjectedSet:
    """Label the source sides where they are not, and project the labels; files already on disk are kept.

    Args:
        pairs: the sentences.
        options: of the projection.
        training: says on which device and in which precision models run.
        folder: of this set.

    Returns:
        The projected data. Pairs with an empty side, and sentences of which every word is unknown, are left out.

    Raises:
        DataError: the sides differ in length, there is no pair, or nothing is left.
    """
    index = folder / INDEX
    with main_first():
        if not index.is_file():
            _write(pairs, options, training, folder)
    summary = json.loads(index.read_text("utf-8"))
    summary["counts"].pop("steps", None)  # the time that it took, which `xlner.methods.steps` reads
    if not sum(summary["sizes"]):
        raise DataError(f"{pairs.name}: no pair of sentences is left to learn from; see {index}")
    return ProjectedSet(
        name=pairs.name, folder=folder, sizes=tuple(summary["sizes"]), counts=summary["counts"], use=options
    )


def _write(pairs: SentencePairs, options: ProjectionOptions, training: TrainOptions, folder: Path) -> None:
    """The files of `write_projected`, and then their index."""
    folder.mkdir(parents=True, exist_ok=True)
    store = folder / "marked.translations"
    projector = Projector.of(pairs, options, training, store)
    stream, number, filled = iter(pairs), 0, 0
    with progress(f"project {pairs.name}", total=sum(1 for _ in pairs)) as bar:
        while block := list(islice(stream, options.chunk_pairs)):
            if not _file(folder, number).is_file():
                _write_chunk(projector, block, filled, _file(folder, number))
            number += 1
            filled += len(_filled(block))
            bar.update(advance=len(block), note=f"{(number - 1) * options.chunk_pairs + len(block):,} pairs")
    counts = [json.loads(_counts(_file(folder, n)).read_text("utf-8")) for n in range(number)]
    with atomic(folder / INDEX) as out:
        sizes = [c["kept"] for c in counts]
        out.write(json.dumps({"sizes": sizes, "counts": _sum(counts)}, indent=2, ensure_ascii=False) + "\n")
    store.unlink(missing_ok=True)


class ProjectedChunks:
    """Projected data, and labelled sentences beside it, as training data; one file at a time is in memory.

    Args:
        tagger: that learns.
        sets: projected data.
        labelled: sentences with right labels; in memory. Those of each epoch, if they change.
    """

    def __init__(self, tagger: Tagger, sets: Sequence[ProjectedSet], labelled: Chunks | None = None) -> None:
        self._tagger = tagger
        self._files = [(projected, n) for projected in sets for n in range(len(projected.sizes))]
        self._labelled = labelled
        of_files = [len(projected.surest(n)) for projected, n in self._files]
        self.sizes = [*of_files, *(labelled.sizes if labelled else ())]

    def in_epoch(self, epoch: int) -> ProjectedChunks:
        """The data of one epoch."""
        changed = copy(self)
        changed._labelled = None if self._labelled is None else in_epoch(self._labelled, epoch)
        return changed

    def load(self, index: int) -> list[Example]:
        if index == len(self._files):
            assert self._labelled is not None
            return self._labelled.load(0)
        projected, number = self._files[index]
        sentences, chosen = projected.sentences(number), projected.surest(number)
        taken = [sentences[i] for i in chosen]
        if projected.use.projected_labels == "hard" or not taken:
            return LabelledChunks(self._tagger, taken).load(0)
        return projected.certainty(number).examples(self._tagger, sentences, chosen)


def _filled(block: Sequence[Pair]) -> list[Pair]:
    return [(s, t) for s, t in block if s.words and t.words]


def _write_chunk(projector: Projector, block: Sequence[Pair], first: int, file: Path) -> None:
    filled = _filled(block)
    result, tags, marks = projector(filled, first)
    every = result.sentences
    known = [n for n, s in enumerate(every) if sum(end - start for start, end in s.missing) < len(s)]
    sentences = [every[n] for n in known]
    counts = {
        "pairs": len(block),
        "with_an_empty_side": len(block) - len(filled),
        "kept": len(sentences),
        "entities": sum(len(item.fates) for item in result),
        "fates": result.counts,
        "fates_of_types": _fates_of_types(result),
        "source_words": sum(len(item.source) for item in result),
        "source_missing_words": sum(end - start for item in result for start, end in item.source.missing),
        "steps": projector.costs.take(),
        "source_types": Counter(s.label for item in result for s in item.source.spans),
        "target_types": Counter(s.label for sentence in sentences for s in sentence.spans),
        "without_entities": sum(not s.spans for s in sentences),
        "words": sum(len(s) for s in sentences),
        "missing_words": sum(end - start for s in sentences for start, end in s.missing),
        **({"marks": marks} if marks else {}),
        "settings": result.settings,
    }
    sure = Certainty.of([result.items[n] for n in known], None if tags is None else tags.of(known))
    sure.save(file.with_suffix(_CERTAINTY))
    before = int(file.stem) * projector.options.chunk_pairs
    numbers = [n for n, (source, target) in enumerate(block, before) if source.words and target.words]
    with atomic(file.with_suffix(_NUMBERS)) as out:
        out.write(json.dumps([numbers[n] for n in known]) + "\n")
    with atomic(_counts(file)) as out:  # first: a file of sentences that is there has its counts
        out.write(json.dumps(counts, ensure_ascii=False) + "\n")
    write_examples(result, block, before, file)
    write(file, sentences)


def _file(folder: Path, number: int) -> Path:
    return folder / f"{number:05d}.jsonl"


def _counts(file: Path) -> Path:
    return file.with_suffix(".counts.json")


def _sum(counts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Counts of all chunks together, counts in counts too; the settings are those of each of them."""
    total: dict[str, Any] = {}
    for part in counts:
        for key, value in part.items():
            if key == "settings":
                total[key] = value
            elif isinstance(value, dict):
                total[key] = _sum([total.get(key, {}), value])
            else:
                total[key] = total.get(key, 0) + value
    return total


def _fates_of_types(result: ProjectionResult) -> dict[str, dict[str, int]]:
    """Entity type -> fate -> how many entities of the source side."""
    out: dict[str, dict[str, int]] = {}
    for item in result:
        for fate in item.fates:
            of_type = out.setdefault(fate.entity.label, {})
            of_type[str(fate.reason)] = of_type.get(str(fate.reason), 0) + 1
    return out
