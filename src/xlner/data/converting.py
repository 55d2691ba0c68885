"""Any format to any format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xlner.core.tags import Repair, Scheme
from xlner.core.types import Sentence
from xlner.data.corpus import read_labelled
from xlner.data.report import ReadReport
from xlner.data.writing import write
from xlner.errors import UsageError


def convert(
    source: str | Path | Any,
    target: str | Path,
    *,
    format: str | None = None,
    to: str | None = None,
    language: str | None = None,
    mapping: Mapping[str, str] | None = None,
    token_column: int | None = None,
    tag_column: int | None = None,
    scheme: Scheme | None = None,
    repair: Repair = "conll",
    labels: Sequence[str] | None = None,
    split: str | None = None,
    separator: str | None = None,
    options: Mapping[str, Any] | None = None,
    write_options: Mapping[str, Any] | None = None,
    change: Callable[[Iterable[Sentence]], Iterable[Sentence]] | None = None,
) -> ReadReport:
    """Read one input and write it in another format; raw text and JSON lines go through one sentence at a time.

    Args:
        source: as in `load`.
        target: as in `write`.
        format: the input's format, or None to find it.
        to: the output's format, or None to go by extension.
        language: as in `load`.
        mapping: as in `load`.
        token_column: as in `load`.
        tag_column: as in `load`.
        scheme: as in `load`.
        repair: as in `load`.
        labels: as in `load`.
        split: as in `load`.
        separator: as in `write`.
        options: as in `load`.
        write_options: further options of the output's format.
        change: makes other sentences of all that are read, such as `xlner.augment.augmenter.Perturbation`.

    Returns:
        What was read, with everything left out.

    Raises:
        XlnerError: the input cannot be read or the output not be written; then there is no output.
    """
    if str(target) != "-" and Path(target).resolve() == Path(str(source)).resolve():
        raise UsageError(f"{target} is the input, which would be lost; name another file")
    columns = {"token_column": token_column, "tag_column": tag_column}
    values = {**columns, "scheme": scheme, "labels": labels, "split": split, **(options or {})}
    reading = read_labelled(source, format, mapping, values, language=language, repair=repair)
    write(target, change(reading) if change else reading, format=to, separator=separator, options=write_options)
    return reading.report()
