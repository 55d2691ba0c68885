"""Files of a projection: target sentences and links in; labelled sentences, a page and a list of losses out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from xlner.align import Alignment
from xlner.align.files import FilesAligner
from xlner.align.split import words_at
from xlner.core.types import Sentence
from xlner.data import atomic, check_output, stream_text, write
from xlner.data.fitting import fitting_columns
from xlner.data.writing import format_of
from xlner.errors import DataError, UsageError
from xlner.project.fates import Fate
from xlner.project.page import html_page
from xlner.project.result import ProjectionResult


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
            place = None if str(path) == "-" else check_output(path, option, inputs=inputs)
            if place in seen:
                raise UsageError(f"`{option} {path}`: another output goes there already")
            seen.add(place)
        if self.labelled is not None and format_of(self.labelled) == "text":
            raise UsageError(f"`output {self.labelled}`: plain text holds no labels; name a .conll or .jsonl file")


def read_target(
    path: str | Path,
    *,
    language: str | None,
    words: str,
    asked: bool = False,
    words_split: str = "unicode",
    columns: Mapping[str, Any] | None = None,
    remarks: list[str] | None = None,
) -> list[Sentence]:
    """The target sentences without labels, one per line of raw text, empty lines included.

    Args:
        path: the file.
        language: BCP-47 or ISO 639.
        words: "spaces" or "segment".
        asked: the user asked for that.
        words_split: what "spaces" are, see `xlner.align.read.read_pairs`.
        columns: `token_column` and `tag_column` of the labelled file; they hold for the target where it has them.
        remarks: what reading left out or took for granted is added to it.

    Raises:
        UsageError: the user `asked` for a way to find words in a file that has its words.
    """
    words_of = partial(words_at, words_split) if words == "spaces" else None
    named, remark = fitting_columns(str(path), columns or {}, language=language)
    reading = stream_text(path, language=language, split_lines=False, words_of=words_of, **named)
    if asked and reading.log.format != "text":
        raise UsageError(f"`words {words}` has no effect here: it is for raw text, and {path} has words already")
    sentences = list(reading)
    if remarks is not None:
        remarks += [*([remark] if remark else []), *reading.report().remarks()]
    return sentences


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
