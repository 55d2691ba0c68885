"""Loading: a file, standard input, a data set, into sentences and a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlner.core.labels import map_types
from xlner.core.languages import iso3
from xlner.core.tags import Repair, Scheme
from xlner.core.types import Sentence
from xlner.data.foreign import foreign, marked
from xlner.data.formats import DEFAULT, find_format, hub, options_of
from xlner.data.formats.head import Head
from xlner.data.options import ReadOptions
from xlner.data.report import ReadLog, ReadReport
from xlner.data.source import Input
from xlner.errors import DataError


@dataclass(frozen=True)
class Corpus:
    """The sentences of one input and how they were read.

    Args:
        sentences: in the order of the input.
        report: format, scheme, counts, and everything left out.
    """

    sentences: list[Sentence]
    report: ReadReport

    def __len__(self) -> int:
        return len(self.sentences)

    def __iter__(self) -> Iterator[Sentence]:
        return iter(self.sentences)


def load(
    source: str | Path | Any,
    *,
    format: str | None = None,
    language: str | None = None,
    mapping: Mapping[str, str] | None = None,
    token_column: int | None = None,
    tag_column: int | None = None,
    scheme: Scheme | None = None,
    repair: Repair = "conll",
    labels: Sequence[str] | None = None,
    split: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Corpus:
    """Read labelled sentences; raw text gives unlabelled ones.

    Args:
        source: a path, "-" for standard input, `hf:owner/name[/config][:split]` for the hub, or a `datasets` object.
        format: name of the format; None finds it by content, then by extension.
        language: BCP-47 or ISO 639 code of the text.
        mapping: entity types to rename; to "O" removes, as in `{"DATE": "O"}`.
        token_column: column of the word, from 0 or from the end; None: the format's own way to find it.
        tag_column: column of the tag, likewise.
        scheme: tag scheme; None detects it over the whole file.
        repair: what happens to broken tag sequences: "conll" keeps, "discard" drops, "error" raises.
        labels: names of integer tags, in order.
        split: of a data set with splits.
        options: further options of the format, by name. Those that the format lacks are ignored, with a note.

    Returns:
        Sentences and report.

    Raises:
        DataError: the input cannot be used; the message names file and line.
        UsageError: an option is wrong.
    """
    columns = {"token_column": token_column, "tag_column": tag_column}
    values = {**columns, "scheme": scheme, "labels": labels, "split": split, **(options or {})}
    reading = read_labelled(source, format, mapping, values, language=language, repair=repair)
    return Corpus(list(reading), reading.report())


def read_labelled(
    source: str | Path | Any,
    format: str | None,
    mapping: Mapping[str, str] | None,
    values: Mapping[str, Any],
    *,
    language: str | None = None,
    repair: Repair = "conll",
    tolerant: bool = False,
) -> Reading:
    """One pass over labelled sentences, as `load`, `convert` and `check` make it.

    Args:
        source: as in `load`.
        format: as in `load`.
        mapping: as in `load`.
        values: options of the format, by name; None stands for its default.
        language: as in `load`.
        repair: as in `load`.
        tolerant: note faults and go on.
    """
    options = ReadOptions(language=None if language is None else iso3(language), repair=repair)
    return Reading(source, options, format=format, mapping=mapping, values=values, tolerant=tolerant)


def stream_text(
    source: str | Path | Any,
    *,
    format: str | None = None,
    language: str | None = None,
    token_column: int | None = None,
    tag_column: int | None = None,
    split_lines: bool = True,
    words_of: Callable[[str], tuple[str, ...]] | None = None,
) -> Reading:
    """The words of any input as unlabelled sentences, in constant memory; a new call starts over.

    Words and sentences of a labelled file are kept one to one. A JSON array is the exception to constant memory.

    Args:
        source: as in `load`.
        format: as in `load`.
        language: as in `load`.
        token_column: as in `load`.
        tag_column: as in `load`; it tells which column is no word.
        split_lines: split lines of raw text into sentences. False makes each line one sentence, empty lines included,
            as parallel text needs it.
        words_of: gives the words of a line of raw text, each line being a sentence; None segments it.

    Returns:
        The sentences, to be gone through once; `report()` then tells what was left out.

    Raises:
        DataError: the input cannot be used, or is empty; raised while reading.
    """
    options = ReadOptions(
        language=None if language is None else iso3(language),
        labelled=False,
        split_lines=split_lines,
        words_of=words_of,
    )
    columns = {"token_column": token_column, "tag_column": tag_column}
    return Reading(source, options, format=format, values=columns)


class Reading:
    """One pass over an input: sentences by iterating, then `report()`. An input without any word is an error.

    Args:
        source: as in `load`.
        options: how to read.
        format: name of the format, or None.
        mapping: entity types to rename.
        values: options of the format that is found; None stands for its default.
        tolerant: note faults and go on; for checking.
    """

    def __init__(
        self,
        source: str | Path | Any,
        options: ReadOptions,
        *,
        format: str | None = None,
        mapping: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
        tolerant: bool = False,
    ) -> None:
        self._mapping = dict(mapping or {})
        self._may_be_empty = False
        self._counted = self._count()
        given = {name: value for name, value in (values or {}).items() if value is not None}
        if hub.is_dataset(source) or _is_hub_id(source, format):
            name = str(source).removeprefix("hf:") if isinstance(source, str | Path) else type(source).__name__
            self.log = ReadLog(name, hub.Datasets.name, tolerant=tolerant)
            hub_format = find_format(Head(b""), wanted=hub.Datasets.name, values=given)
            dataset = hub_format.load(name) if isinstance(source, str | Path) else source
            self._sentences = hub_format.read_dataset(dataset, self.log, options)
            return
        file = source if isinstance(source, Input) else Input.of(source)
        self._may_be_empty = file.is_part
        data = file.head()
        head = Head(data, file.suffix, columns=(given.get("token_column"), given.get("tag_column")))
        reader = find_format(head, wanted=format, values=given)
        if format is None and (what := foreign(head) if reader.name == DEFAULT else marked(head)):
            raise DataError(f"{what}", path=file.name)
        self.log = ReadLog(file.name, reader.name, tolerant=tolerant)
        for name in sorted(set(given) - options_of(reader.name)):
            self.log.note(f"`{name}` has no effect on the format {reader.name}")
        if data.startswith(b"\xef\xbb\xbf"):
            self.log.encoding = "utf-8 with byte order mark"
        self._sentences = reader.read(file, self.log, options)

    def __iter__(self) -> Iterator[Sentence]:
        return self

    def __next__(self) -> Sentence:
        return next(self._counted)

    def _count(self) -> Iterator[Sentence]:
        types: set[str] = set()
        for sentence in self._sentences:
            if self._mapping:
                types |= {span.label for span in sentence.spans}
                sentence = map_types(sentence, self._mapping)
            yield self.log.count(sentence)
        for unused in sorted(set(self._mapping) - types):
            self.log.note(f"`mapping {unused}={self._mapping[unused]}`: no {unused} here")
        if not (self.log.words or self.log.tolerant or self._may_be_empty):
            raise DataError(_nothing(self.log), path=self.log.path)

    def report(self) -> ReadReport:
        """What was found so far; complete once the sentences have been read."""
        return self.log.report()


def _is_hub_id(source: object, format: str | None) -> bool:
    if not isinstance(source, str):
        return False
    return hub.is_id(source) or (format == "datasets" and not Path(source).exists())


def _nothing(log: ReadLog) -> str:
    reasons = ", ".join(f"{n} times {reason}" for reason, n in log.report().reasons.items())
    return f"no sentence in it (read as {log.format}" + (f"; left out: {reasons})" if reasons else ")")
