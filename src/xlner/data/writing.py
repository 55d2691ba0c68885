"""Writing sentences to a file: whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from xlner.core.files import atomic
from xlner.core.types import Sentence
from xlner.data.formats import FORMATS, Writer
from xlner.data.options import WriteOptions
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


def write(
    path: str | Path,
    sentences: Iterable[Sentence],
    *,
    format: str | None = None,
    separator: str = "\t",
    title: str | None = None,
) -> int:
    r"""Write sentences; the file appears complete or not at all.

    Args:
        path: the file, or "-" for standard output. Its folder is made if needed.
        sentences: any iterable; conll, jsonl and text are written in constant memory.
        format: conll (IOB2), jsonl (loses nothing), html (a page to look at) or text; None goes by extension, and
            conll for unknown ones.
        separator: between the columns of conll, "\t" or " ".
        title: heading of the html page.

    Returns:
        How many sentences were written.

    Raises:
        XlnerError: the disk is full, or the file cannot be written.
        UsageError: no such format, or one that can only be read.
    """
    writer = find_writer(format or format_of(path))
    if separator not in ("\t", " "):
        raise UsageError(f"columns are separated by TAB or one space, not by {separator!r}")
    options = WriteOptions(separator=separator, title=title or WriteOptions().title)
    with atomic(path) as out:
        return writer.write(sentences, out, options)


def find_writer(name: str) -> Writer:
    """The format of that name, if it can write; "json" and "txt" are understood."""
    found = FORMATS.load({"json": "jsonl", "txt": "text"}.get(name, name))
    if not isinstance(found, Writer):
        can = [n for n in FORMATS.names() if isinstance(FORMATS.load(n), Writer)]
        raise UsageError(f"format '{name}' can be read, not written; these can: {', '.join(can)}")
    return found


def format_of(path: str | Path) -> str:
    """The format that a file of that name is written in."""
    return _BY_EXTENSION.get(Path(path).suffix.lower(), "conll")


def check_output(path: str | Path, option: str = "--output", *, inputs: Iterable[str | Path] = ()) -> Path:
    """See that a file can be written, before work starts; its folder is made when it is.

    Args:
        path: the file.
        option: that named it.
        inputs: files that it would overwrite while they are still wanted.

    Returns:
        The whole path, links followed.

    Raises:
        UsageError: it is a folder, lies under a file, in a folder that cannot be written to, or is an input.
    """
    place = Path(path).resolve()
    if any(place == Path(p).resolve() for p in inputs):
        raise UsageError(f"{option} {path} is one of the inputs, which would be lost; name another file")
    if place.is_dir():
        raise UsageError(f"{option} {path} is a folder; name a file in it")
    above = next((p for p in place.parents if p.exists()), place)
    if not above.is_dir():
        raise UsageError(f"{option} {path}: {above} is a file, no folder")
    if not os.access(above, os.W_OK):
        raise UsageError(f"{option} {path}: nothing can be written to {above}")
    return place
