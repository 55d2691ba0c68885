"""The file of links that a run writes: whole or not at all, and gone on with after a kill."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from xlner.align.alignment import Alignment
from xlner.core.files import atomic, replace_file
from xlner.errors import XlnerError


@contextmanager
def writing_links(
    output: str | Path | None, work: str, *, resume: str
) -> Iterator[tuple[TextIO | None, list[Alignment]]]:
    """A stream that becomes the output when the block ends well, and the alignments a killed run left.

    Args:
        output: a file, "-" for standard output, None for nothing.
        work: what tells this work from others.
        resume: "auto" goes on with what a killed run of the same work left, "never" starts anew.
    """
    if output is None or str(output) == "-":
        yield None if output is None else sys.stdout, []
        return
    place = Path(output).resolve()  # a link stays a link
    if place.exists() and not place.is_file():  # a device or a pipe, which cannot be gone on with
        with atomic(place) as stream:
            yield stream, []
        return
    partial, state = place.with_name(place.name + ".partial"), place.with_name(place.name + ".partial.json")
    before = _left_behind(partial, state, work) if resume == "auto" else []
    if not before:
        for path, text in ((partial, ""), (state, json.dumps({"work": work}) + "\n")):
            path.unlink(missing_ok=True)  # a link that somebody put there leads elsewhere
            with atomic(path) as stream:
                stream.write(text)
    try:
        with partial.open("a", encoding="utf-8", newline="\n") as stream:
            yield stream, [Alignment.from_pharaoh(line) for line in before]
    except XlnerError:  # the same work would end here again, so there is nothing to go on with
        partial.unlink(missing_ok=True)
        state.unlink(missing_ok=True)
        raise
    with replace_file(place) as unfinished:
        os.replace(partial, unfinished)
    state.unlink(missing_ok=True)


def _left_behind(partial: Path, state: Path, work: str) -> list[str]:
    """Whole lines of an interrupted run of the same work; what follows them is cut off."""
    if partial.is_symlink() or state.is_symlink():
        return []
    try:
        if json.loads(state.read_text("utf-8"))["work"] != work:
            return []
        data = partial.read_bytes()
    except (OSError, ValueError, KeyError, TypeError):
        return []
    whole = data[: data.rfind(b"\n") + 1]
    with partial.open("r+b") as stream:
        stream.truncate(len(whole))
    return whole.decode("utf-8").split("\n")[:-1]
