"""From files and models to the task that a method is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from xlner.align.split import words_at
from xlner.api.apply import told
from xlner.core.files import is_there
from xlner.core.hub_names import may_be_hub_id
from xlner.core.labels import LabelSet, model_tags
from xlner.core.languages import bcp47, iso3
from xlner.core.types import Sentence
from xlner.data import load, stream_text
from xlner.data.fitting import fitting_columns
from xlner.errors import DataError, UsageError
from xlner.methods.task import MULTIPLE, Bitext, Source, Stream, Task

LanguageFile = tuple[str, str]

_READING = ("format", "token_column", "tag_column", "scheme", "repair", "labels", "split", "options")


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The inputs of a transfer, as paths.

    Args:
        source: (language, labelled file or model) pairs; a language is a BCP-47 or ISO 639 code.
        target: (code, file of raw text); labels in it are ignored. None for plain training.
        source_text: (code, file of raw text) pairs for sources that are models, where weights are read from text.
        dev: (code, labelled file) pairs in source languages, for early stopping.
        gold: labelled target file to score on.
        bitext: (code, source file, target file) of parallel text with the target language.
        translations: (code, file): the labelled sentences of that source in the target language, line by line.
        dictionaries: (code, file) of dictionaries from that source language into the target language.
        target_labels: file of few labelled target sentences.
    """

    source: Sequence[LanguageFile]
    target: LanguageFile | None = None
    source_text: Sequence[LanguageFile] = ()
    dev: Sequence[LanguageFile] = ()
    gold: str | None = None
    bitext: Sequence[tuple[str, str, str]] = ()
    translations: Sequence[LanguageFile] = ()
    dictionaries: Sequence[LanguageFile] = ()
    target_labels: str | None = None

    def __post_init__(self) -> None:
        """Any code of a language becomes that of ISO 639-3: "en" and "eng" are the same.

        Raises:
            UsageError: there is no such language, or one pair stands where a list of pairs is wanted.
        """
        for f in fields(self):  # callers may give paths
            object.__setattr__(self, f.name, _as_text(getattr(self, f.name)))
        for name in ("source", "source_text", "dev", "bitext", "translations", "dictionaries"):
            if any(isinstance(item, str) for item in getattr(self, name)):
                raise UsageError(f"`{name}` is a list, such as [('en', 'file')], and here are names alone")
            object.__setattr__(self, name, tuple((iso3(item[0]), *map(str, item[1:])) for item in getattr(self, name)))
        if self.target:
            object.__setattr__(self, "target", (iso3(self.target[0]), str(self.target[1])))

    def roles(self) -> dict[str, str]:
        """Role -> file or model, for data.json. Gold data is left out: it decides nothing.

        Raises:
            UsageError: there is no source, or a language is named twice where it may be there once.
            DataError: a file is not there.
        """
        if not self.source:
            raise UsageError("at least one `source LANG=FILE_OR_MODEL` is needed")
        for name in ("source_text", "translations", "dictionaries"):
            pairs = getattr(self, name)
            if len({code for code, _ in pairs}) < len(pairs):
                raise UsageError(f"`{name}` names a language twice; give one file for each")
        roles = {f"source {i} ({language})": value for i, (language, value) in enumerate(self.source, 1)}
        roles |= {f"dev {i} ({language})": value for i, (language, value) in enumerate(self.dev, 1)}
        roles |= {f"text of source ({language})": value for language, value in self.source_text}
        if self.target:
            roles[f"target ({self.target[0]})"] = self.target[1]
        for i, (language, source, target) in enumerate(self.bitext, 1):
            roles |= {f"bitext {i} ({language})": source, f"bitext {i} (target)": target}
        roles |= {f"translation of source ({language})": value for language, value in self.translations}
        roles |= {f"dictionary ({language})": value for language, value in self.dictionaries}
        if self.target_labels:
            roles["target labels"] = self.target_labels
        for role, value in [*roles.items(), *([("gold", self.gold)] if self.gold else [])]:
            if not role.startswith("source") and not value.startswith("hf:") and not is_there(value):
                raise DataError("no such file", path=value)
        return roles

    def record(self) -> dict[str, Any]:
        """Plain values for config.yaml."""
        return {
            "source": [list(pair) for pair in self.source],
            "source_text": [list(pair) for pair in self.source_text],
            "target": list(self.target) if self.target else None,
            "dev": [list(pair) for pair in self.dev],
            "bitext": [list(triple) for triple in self.bitext],
            "translations": [list(pair) for pair in self.translations],
            "dictionaries": [list(pair) for pair in self.dictionaries],
            "target_labels": self.target_labels,
        }


def read_task(
    inputs: Inputs,
    mapping: Mapping[str, str],
    reading: Mapping[str, Any],
    remarks: list[str],
    *,
    words_at_spaces: bool = False,
) -> Task:
    """Read what a method is given. Labelled data is held in memory; raw text and bitext stream.

    Args:
        inputs: the files.
        mapping: type renames, applied to data and to models among the sources.
        reading: how labelled files are read, for those that do not say it: see `xlner.data.load`.
        remarks: what reading left out is added to it; of a stream, each time it has been read to its end.
        words_at_spaces: parallel text has its words between white space, as files of links count them.

    Raises:
        UsageError: text is given for a language that no source has, or `reading` has an unknown setting.
        DataError: a file cannot be used.
        ModelError: a model among the sources cannot be used.
    """
    if unknown := set(reading) - set(_READING):
        raise UsageError(f"reading has no setting '{min(unknown)}'; it has: {', '.join(_READING)}")
    for language in {code for code, _ in inputs.translations}:
        if (several := [code for code, _ in inputs.source].count(language)) > 1:
            raise UsageError(
                f"`translation {bcp47(language)}=...` holds the sentences of one source, line by line, and {several} "
                f"sources are in {bcp47(language)}; join their files to one source"
            )
    codes = {code for code, _ in inputs.source}
    for name in ("source_text", "translations", "dictionaries"):
        languages = [code for code, _ in getattr(inputs, name)]
        if stray := [code for code in languages if code not in codes]:
            raise UsageError(f"`{name} {bcp47(stray[0])}=...` is for no `source`")
    texts = {language: tuple(_stream(file, language, remarks, reading)) for language, file in inputs.source_text}
    sources = [
        replace(_read_source(language, value, mapping, n, reading, remarks), text=texts.get(language, ()))
        for n, (language, value) in enumerate(inputs.source, 1)
    ]
    known = {code for s in sources for code in s.languages}
    language = inputs.target[0] if inputs.target else sources[0].language
    target = inputs.target
    few = inputs.target_labels
    files = dict(inputs.translations)

    def lines(file: str, code: str) -> Stream:
        return partial(_lines, file, code, remarks, words_at_spaces)

    return Task(
        sources=tuple(sources),
        target=language,
        labels=_label_set(sources, mapping, remarks),
        mapping=dict(mapping),
        dev=tuple(
            s
            for code, file in inputs.dev
            for s in read_labelled(file, code, mapping, reading, remarks)
            if code in known or MULTIPLE in known  # labels of the target decide nothing
        ),
        raw=partial(_stream, target[1], target[0], remarks, reading) if target else None,
        bitext=tuple(
            Bitext(language=code, source=lines(left, code), target=lines(right, language))
            for code, left, right in inputs.bitext
        ),
        translations={s.name: lines(files[s.language], language) for s in sources if s.language in files},
        dictionaries=dict(inputs.dictionaries),
        target_labels=tuple(read_labelled(few, language, mapping, reading, remarks)) if few else (),
    )


def read_labelled(
    file: str, language: str, mapping: Mapping[str, str], reading: Mapping[str, Any], remarks: list[str]
) -> list[Sentence]:
    """The sentences of a labelled file; what reading left out is added to `remarks`.

    Raises:
        DataError: it has no sentences, or no labels.
    """
    corpus = load(file, language=language, mapping=mapping, **reading)
    remarks += corpus.report.remarks()
    sentences = corpus.sentences
    if not any(s.words for s in sentences):
        raise DataError("has no sentences", path=file)
    if not any(s.labelled for s in sentences):
        raise DataError("has no labels; labelled sentences are wanted here", path=file)
    return sentences


def _as_text(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(_as_text(v) for v in value)
    return str(value) if isinstance(value, Path) else value


def _stream(file: str, language: str, remarks: list[str], reading: Mapping[str, Any]) -> Iterator[Sentence]:
    """Text without labels."""
    columns, remark = fitting_columns(file, reading, language=language)
    if remark is not None:
        _once(remarks, remark)
    return told(stream_text(file, language=language, **columns), partial(_once, remarks))


def _lines(file: str, language: str, remarks: list[str], at_spaces: bool) -> Iterator[Sentence]:
    """One sentence per line, empty ones included, so that two files stay side by side."""
    words_of = partial(words_at, "unicode") if at_spaces else None
    return told(stream_text(file, language=language, split_lines=False, words_of=words_of), partial(_once, remarks))


def _once(remarks: list[str], remark: str) -> None:
    if remark not in remarks:
        remarks.append(remark)


def _is_file(value: str) -> bool:
    return value.startswith("hf:") or (is_there(value) and not Path(value).is_dir())


def _read_source(
    language: str,
    value: str,
    mapping: Mapping[str, str],
    number: int,
    reading: Mapping[str, Any],
    remarks: list[str],
) -> Source:
    name = f"{number}-{bcp47(language)}"
    if _is_file(value):
        sentences = read_labelled(value, language, mapping, reading, remarks)
        return Source(language=language, sentences=tuple(sentences), name=name)
    if not Path(value).exists() and ("/" not in value or not may_be_hub_id(value)):
        raise DataError("no such file, model folder or hub id", path=value)
    return Source(language=language, model=value, name=name)


def _label_set(sources: Sequence[Source], mapping: Mapping[str, str], remarks: list[str]) -> LabelSet:
    """All types that any source knows, by name. Of renames that no model has a use for there is a remark."""
    from xlner.tagger.outputs import OutputMap
    from xlner.tagger.tagger import model_config, model_folder

    types = set(LabelSet.of(s for source in sources for s in source.sentences).types)
    unused = set(mapping) if all(s.model for s in sources) else set()  # of data, reading says it
    for source in sources:
        if source.model:
            config = model_config(model_folder(source.model))
            outputs = OutputMap(model_tags(config.id2label), mapping=mapping)
            types |= set(outputs.labels.types)
            unused &= set(outputs.unused)
    remarks += [f"`mapping {name}={mapping[name]}`: no source has {name}" for name in sorted(unused)]
    if not types:
        raise DataError("the sources have no entities; after `mapping` no type is left to learn")
    return LabelSet(tuple(sorted(types)))
