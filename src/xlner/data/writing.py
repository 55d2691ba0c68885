"""Writing sentences to a file: whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from xlner.core.files import atomic
from xlner.core.types import Sentence
from xlner.data.formats import FORMATS, Writer, options_of
from xlner.errors import UsageError

_BY_EXTENSION = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".html": "html",
    ".htm": "html",
    ".txt": "text",
    ".text": "text",
}

_SEPARATORS = {"\t": "tab", " ": "space"}


def write(
    path: str | Path,
    sentences: Iterable[Sentence],
    *,
    format: str | None = None,
    separator: str | None = None,
    title: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> int:
    r"""Write sentences; the file appears complete or not at all.

    Args:
        path: the file, or "-" for standard output. Its folder is made if needed.
        sentences: any iterable; conll, jsonl and text are written in constant memory.
        format: conll (IOB2), jsonl (loses nothing), html (a page to look at) or text; None goes by extension, and
            conll for unknown ones.
        separator: between columns: "tab" (or "\t") or "space" (or " "); None is the format's own.
        title: heading of a page.
        options: further options of the format, by name.

    Returns:
        How many sentences were written.

    Raises:
        XlnerError: the disk is full, or the file cannot be written.
        UsageError: no such format, or one that can only be read.
    """
    named = {"separator": _SEPARATORS.get(separator or "", separator), "title": title}
    writer = find_writer(format or format_of(path), values=named | dict(options or {}))
    with atomic(path) as out:
        return writer.write(sentences, out)


def find_writer(name: str, *, values: Mapping[str, Any] | None = None) -> Writer:
    """The format of that name, if it can write; "json" and "txt" are understood.

    Args:
        name: of the format.
        values: options; those that the format lacks and those that are None are passed over.
    """
    name = "jsonl" if name == "json" else FORMATS.canonical(name)  # of JSON, only our own form can be written
    if not hasattr(FORMATS.load(name), "write"):
        can = [n for n in FORMATS.names() if hasattr(FORMATS.load(n), "write")]
        raise UsageError(f"format '{name}' can be read, not written; these can: {', '.join(can)}")
    known = options_of(name)
    return FORMATS.build(name, {k: v for k, v in (values or {}).items() if v is not None and k in known})


def format_of(path: str | Path) -> str:
    """The format that a file of that name is written in."""
    return _BY_EXTENSION.get(Path(path).suffix.lower(), "conll")


def check_output(path: str | Path, option: str = "output", *, inputs: Iterable[str | Path] = ()) -> Path:
    """See that a file can be written, before work starts; its folder is made when it is.

    Args:
        path: the file.
        option: the parameter that named it.
        inputs: files that it would overwrite while they are still wanted.

    Returns:
        The whole path, links followed.

    Raises:
        UsageError: it is a folder, lies under a file, in a folder that cannot be written to, or is an input.
    """
    place = Path(path).resolve()
    option = option.removeprefix("--").replace("-", "_")
    if any(place == Path(p).resolve() for p in inputs):
        raise UsageError(f"`{option} {path}` is one of the inputs, which would be lost; name another file")
    if place.is_dir():
        raise UsageError(f"`{option} {path}` is a folder; name a file in it")
    above = next((p for p in place.parents if p.exists()), place)
    if not above.is_dir():
        raise UsageError(f"`{option} {path}`: {above} is a file, no folder")
    if not os.access(above, os.W_OK):
        raise UsageError(f"`{option} {path}`: nothing can be written to {above}")
    return place
