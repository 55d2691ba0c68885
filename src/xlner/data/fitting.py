"""Columns that the user named for labelled files, on a file that is read for its text alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xlner.data.corpus import stream_text
from xlner.data.source import Input
from xlner.errors import DataError


def fitting_columns(
    file: str, reading: Mapping[str, Any], *, language: str | None = None
) -> tuple[dict[str, Any], str | None]:
    """The columns to read a file's words by: those that the user named where the file has them, else its own.

    Args:
        file: the file, or the name of a data set of the hub.
        reading: `token_column` and `tag_column` as the user named them; absent or None where not.
        language: BCP-47 or ISO 639 code.

    Returns:
        The columns, empty where the file's own are to be found; and what to tell if those named do not fit.
    """
    columns = {name: reading[name] for name in ("token_column", "tag_column") if reading.get(name) is not None}
    if columns and not file.startswith("hf:") and b"\t" not in Input.of(file).head():
        own = stream_text(file, language=language)
        columns = {} if own.log.format == "text" else columns  # lines of as many words are no columns
    if not columns:
        return {}, None
    try:
        next(iter(stream_text(file, language=language, **columns)))
    except DataError as error:
        return {}, f"{error}; its own columns were found, since it is read for its text alone"
    return columns, None
