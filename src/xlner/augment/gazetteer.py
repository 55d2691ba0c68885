"""Files of names by type."""

from __future__ import annotations

from pathlib import Path

from xlner.data.source import Input
from xlner.errors import DataError


def read_gazetteer(path: str | Path) -> list[tuple[str, tuple[str, ...]]]:
    """Types and names of a file whose lines are TYPE<TAB>NAME, in its order. Lines that begin with "# " are comments.

    Raises:
        DataError: a line has another form, or there is no name.
    """
    out = []
    source = Input.of(path)
    for number, line in source.lines():
        if not line.strip() or line.startswith("# "):
            continue
        label, tab, name = line.strip().partition("\t")
        if not tab or not label.strip() or not name.split():
            raise DataError("is no line of a gazetteer; wanted is TYPE<TAB>NAME", path=source.name, line=number)
        out.append((label.strip(), tuple(name.split())))
    if not out:
        raise DataError("holds no name; wanted are lines TYPE<TAB>NAME", path=source.name)
    return out
