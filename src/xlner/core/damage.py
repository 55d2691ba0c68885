"""Files that a run has written and that something else has damaged, such as a disk that was full or pulled out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xlner.errors import DataError, XlnerError, first_line


@contextmanager
def undamaged(path: Path, *, remove: Path | None = None) -> Iterator[None]:
    """A block that does nothing but read a file that we wrote.

    Args:
        path: the file.
        remove: what must go so that the run makes it again; the file itself by default.

    Raises:
        DataError: it cannot be read as what it is.
    """
    try:
        yield
    except (XlnerError, OSError, MemoryError):
        raise
    except Exception as error:
        inside = remove is None or remove in path.parents
        gone = f"remove {remove or 'it'}" if inside else f"remove it and {remove}"
        again = "and give the command again, which makes anew what is missing"
        raise DataError(f"is damaged ({first_line(error)}); {gone} {again}", path=path) from None
