"""What `xlner project` does: a labelled file and its translation in, a labelled translation out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from xlner.align import Aligner, Alignment
from xlner.align.combined import from_files
from xlner.align.files import FilesAligner
from xlner.align.read import read_pairs
from xlner.core.types import Sentence
from xlner.data import atomic, check_output, stream_text, write
from xlner.data import load as load_sentences
from xlner.data.formats import find_format
from xlner.data.formats.head import Head
from xlner.data.source import Source, check_stdin
from xlner.data.writing import format_of
from xlner.errors import DataError, UsageError
from xlner.project.matchers import MATCHERS, Matcher
from xlner.project.page import html_page
from xlner.project.pipeline import DEFAULT_ALIGNER, ProjectOptions, project
from xlner.project.result import Fate, ProjectionResult
from xlner.project.selection import check_threshold, select


@dataclass(frozen=True)
class Outputs:
    """Where results go; None leaves one out.

    Args:
        labelled: the labelled target sentences, in the format of the file's extension.
        html: the page that shows what happened.
        losses: JSON lines, one per entity that was not projected.
    """

    labelled: str | Path | None = None
    html: str | Path | None = None
    losses: str | Path | None = None

    def check(self, inputs: Iterable[str | Path] = ()) -> None:
        """See that the files can be written, before work starts.

        Args:
            inputs: files that none of them may be.

        Raises:
            UsageError: one cannot be written, is named twice or an input, or could not hold labels.
        """
        seen: set[Path | None] = set()
        inputs = list(inputs)
        for option, path in (("output", self.labelled), ("html", self.html), ("losses", self.losses)):
            if path is None:
                continue
            place = None if str(path) == "-" else check_output(path, f"--{option}", inputs=inputs)
            if place in seen:
                raise UsageError(f"--{option} {path}: another output goes there already")
            seen.add(place)
        if self.labelled is not None and format_of(self.labelled) == "text":
            raise UsageError(f"--output {self.labelled}: plain text holds no labels; name a .conll or .jsonl file")


def project_files(
    source: str | Path,
    target: str | Path,
    outputs: Outputs,
    *,
    matcher: str | Matcher = "exact",
    aligner: str | Aligner = DEFAULT_ALIGNER,
    alignment: str | Path | None = None,
    aligner_options: Mapping[str, Any] | None = None,
    fit: tuple[str | Path, str | Path] | None = None,
    load: str | Path | None = None,
    options: ProjectOptions | None = None,
    min_score: float = 0.0,
    words: Literal["spaces", "segment"] | None = None,
    source_language: str | None = None,
    target_language: str | None = None,
    ner_model: str | None = None,
    nmt_model: str | None = None,
    encoder: str | None = None,
    device: str | None = None,
) -> ProjectionResult:
    """Project a labelled file onto its translation. All that can be wrong with the input is found before work starts.

    Args:
        source: labelled file of any format.
        target: its translation, line by line: raw text, or any format, whose labels are ignored. Marked for `markers`.
        outputs: files to write.
        matcher: as in `project`.
        aligner: likewise.
        alignment: Pharaoh lines, one per pair, instead of an aligner.
        aligner_options: as in `project`.
        fit: two more parallel files for an aligner that learns.
        load: as in `project`.
        options: likewise.
        min_score: spans below it become missing words.
        words: how raw target text becomes words: at "spaces", or "segment". None takes spaces where links come from a
            file, since such files count words so, and segments elsewhere.
        source_language: BCP-47 or ISO 639.
        target_language: likewise; helps to segment.
        ner_model: a tagger for the scores "ner" and "ner_spans".
        nmt_model: a translation model for the score "nmt".
        encoder: for alignment and embeddings; None takes the embedded one.
        device: a torch device name.

    Raises:
        DataError: the files have different numbers of sentences, the source has no labels, or one cannot be used.
        UsageError: an option is wrong, or an output cannot be a file.
    """
    check_threshold(min_score)
    inputs = [p for p in (source, target, alignment, *(fit or ())) if p is not None]
    check_stdin(inputs)
    outputs.check(inputs)
    chosen: Matcher = MATCHERS.load(matcher)() if isinstance(matcher, str) else matcher
    sources = load_sentences(source, language=source_language).sentences
    if sources and not any(s.labelled for s in sources):
        raise DataError(
            "no labels in it: the source of a projection is labelled text, such as CoNLL with a column of tags",
            path=source,
        )
    marked = "markers" in chosen.needs
    by_lines = alignment is not None or from_files(aligner, aligner_options or {})
    way = words or ("spaces" if by_lines or marked else "segment")
    targets = read_target(target, language=target_language, words=way, asked=words is not None)
    if len(sources) != len(targets):
        raise DataError(
            f"has {len(targets)} sentences, but the source {source} has {len(sources)}; sentence n of one file must be "
            "the translation of sentence n of the other (empty lines count)",
            path=target,
        )
    bitext = None
    if fit is not None:
        bitext = read_pairs(*fit, words=way, source_language=source_language, target_language=target_language)
    alignments = None if alignment is None else read_alignments(alignment, sources, targets)
    tagger = None
    if ner_model is not None:
        from xlner.tagger import Tagger

        tagger = Tagger.load(ner_model, device=device)
    result = project(
        sources,
        targets,
        matcher=chosen,
        aligner=aligner,
        alignments=alignments,
        aligner_options=aligner_options,
        bitext=bitext,
        load=load,
        options=options,
        tagger=tagger,
        nmt_model=nmt_model,
        encoder=encoder,
        device=device,
    )
    if min_score:
        result = select(result, threshold=min_score)
    write_outputs(result, outputs)
    return result


def read_target(path: str | Path, *, language: str | None, words: str, asked: bool = False) -> list[Sentence]:
    """The target sentences without labels, one per line of raw text, empty lines included.

    Raises:
        UsageError: the user `asked` for a way to find words in a file that has its words.
    """
    source = Source.of(path)
    reader = find_format(Head(source.head(), Path(source.name).suffix.lower()))
    if asked and reader.name != "text":
        raise UsageError(f"--words {words} has no effect here: it is for raw text, and {path} has words already")
    if reader.name != "text" or words == "segment":
        return list(stream_text(path, language=language, split_lines=False))
    from xlner.core.languages import iso3

    code = None if language is None else iso3(language)
    return [
        Sentence(tuple(line.split()), language=code, labelled=False, where=f"{source.name}:{number}")
        for number, line in source.lines()
    ]


def read_alignments(path: str | Path, sources: Sequence[Sentence], targets: Sequence[Sentence]) -> list[Alignment]:
    """Pharaoh lines of all pairs.

    Raises:
        DataError: there are more or fewer lines than pairs, or a line names a word that is not there.
    """
    aligner = FilesAligner(path=path)
    if len(aligner) != len(sources):
        raise DataError(f"has {len(aligner)} lines, but there are {len(sources)} sentence pairs", path=path)
    return aligner.align([(s.words, t.words) for s, t in zip(sources, targets, strict=True)])


def write_outputs(result: ProjectionResult, outputs: Outputs) -> None:
    """Write the files that were asked for, each whole or not at all."""
    if outputs.labelled is not None:
        write(outputs.labelled, result.sentences)
    if outputs.html is not None:
        with atomic(outputs.html) as out:
            out.writelines(html_page(result))
    if outputs.losses is not None:
        with atomic(outputs.losses) as out:
            for index, fate in result.lost():
                out.write(json.dumps(loss_record(result, index, fate), ensure_ascii=False) + "\n")


def loss_record(result: ProjectionResult, index: int, fate: Fate) -> dict[str, Any]:
    """One lost entity as plain values."""
    item = result.items[index]
    return {
        "sentence": index + 1,
        "entity": item.source.surface(fate.entity),
        "label": fate.entity.label,
        "start": fate.entity.start,
        "end": fate.entity.end,
        "reason": str(fate.reason),
        "detail": fate.detail,
        "score": fate.score,
        "wanted": None if fate.wanted is None else list(fate.wanted),
        "explanation": fate.explain(item.source, item.sentence),
    }
