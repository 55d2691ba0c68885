"""`xlner predict` as a function, and how its answers are written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from xlner.api.apply import told
from xlner.core.files import atomic
from xlner.core.types import Sentence
from xlner.data import stream_text
from xlner.data.blocks import Reader, Stretch
from xlner.data.formats.native import as_record
from xlner.data.source import check_stdin
from xlner.data.writing import find_writer
from xlner.errors import UsageError
from xlner.tagger import Tagger
from xlner.tagger.label_consistency import check_strength


def predict(
    model: str | Path,
    source: str | Path | Sequence[str | Path],
    *,
    language: str | None = None,
    mapping: Mapping[str, str] | None = None,
    device: str | None = None,
    on_long: str = "window",
    label_consistency: float = 0.0,
    token_column: int | None = None,
    tag_column: int | None = None,
    on_remark: Callable[[str], None] | None = None,
) -> Iterator[Sentence]:
    """Tag files of raw text or of any labelled format, whose labels are ignored. Streams; order and words are kept.

    The model sees the text in blocks (`xlner.data.blocks`). Sentences of the same words in one block are computed once.

    Args:
        model: run folder, model folder or hub id.
        source: a file or several, or "-" for standard input.
        language: ISO 639-3 code of the text, if word splitting should know it.
        mapping: type renames applied to what the model says.
        device: torch device name.
        on_long: "window" or "error".
        label_consistency: how far equal words get equal labels, 0 to 1; above 0 all text is read whole first.
        token_column: column of the word in a file with columns, from 0; None finds it.
        tag_column: column of the tag, likewise.
        on_remark: told, at the end of each file, what reading left out; and of renames that the model has no use for.
    """
    check_strength(label_consistency)
    names = [str(s) for s in ([source] if isinstance(source, str | Path) else source)]
    check_stdin(names)
    tagger = Tagger.load(model, mapping=mapping, device=device, on_long=on_long)
    for name in tagger.outputs.unused if on_remark else ():
        on_remark(f"`mapping {name}={(mapping or {})[name]}`: the model has no {name}")  # type: ignore[misc]
    if label_consistency:
        columns: dict[str, Any] = {"token_column": token_column, "tag_column": tag_column}
        texts = (told(stream_text(name, language=language, **columns), on_remark) for name in names)
        return tagger.predict(chain.from_iterable(texts), label_consistency=label_consistency)
    reader = Reader(language, token_column, tag_column)
    return label_blocks(tagger, reader, map(Stretch, names), on_remark)


def label_blocks(
    tagger: Tagger, reader: Reader, stretches: Iterable[Stretch], on_remark: Callable[[str], None] | None = None
) -> Iterator[Sentence]:
    """The sentences of some stretches with predicted entities, in order, one for one.

    Args:
        tagger: predicts.
        reader: reads.
        stretches: of files.
        on_remark: told, at the end of each stretch, what reading left out.
    """
    for stretch in stretches:
        reading = reader.read(stretch)
        for block in reading:
            first_of = {sentence.words: sentence for sentence in reversed(block)}
            different = list(first_of.values())
            answers = tagger.predict(different, chunk=len(different))
            spans = {words: answer.spans for words, answer in zip(first_of, answers, strict=True)}
            for sentence in block:
                yield sentence.with_spans(spans[sentence.words])
        for remark in reading.remarks() if on_remark else ():
            on_remark(remark)  # type: ignore[misc]


def sentence_ids(sentences: Iterable[Sentence]) -> Iterator[tuple[str, Sentence]]:
    """Sentences with ids: file, line, and number of the sentence in that line, such as "news.txt:17:2".

    They do not depend on what else is read, since each line begins to count anew.
    """
    counts: Counter[str | None] = Counter()
    for sentence in sentences:
        if sentence.where not in counts:
            counts.clear()
        counts[sentence.where] += 1
        yield f"{sentence.where}:{counts[sentence.where]}", sentence


def write_predictions(path: str | Path, sentences: Iterable[Sentence], *, format: str, ids: bool = False) -> int:
    """Write predicted sentences; the file appears complete or not at all.

    Args:
        path: the file, or "-" for standard output.
        sentences: what to write.
        format: conll, jsonl or html.
        ids: write the id of each sentence: under the key "id", or in a comment line "# id = ID".

    Returns:
        How many sentences were written.

    Raises:
        UsageError: the format has no place for ids.
    """
    check_ids(format, ids)
    with atomic(path) as out:
        return _write(sentences, out, format, ids)


def check_ids(format: str, ids: bool) -> None:
    """Raises UsageError: ids are wanted in a format that has no place for them."""
    if ids and format not in ("conll", "jsonl"):
        raise UsageError(f"`ids` can be written to conll and jsonl, not to {format}")


def _write(sentences: Iterable[Sentence], out: TextIO, format: str, ids: bool) -> int:
    writer = find_writer(format)
    if not ids:
        return writer.write(sentences, out)
    count = 0
    for id, sentence in sentence_ids(sentences):
        if format == "jsonl":
            out.write(json.dumps({"id": id, **as_record(sentence)}, ensure_ascii=False) + "\n")
        else:
            out.write(f"# id = {id}\n")
            writer.write([sentence], out)
        count += 1
    return count
