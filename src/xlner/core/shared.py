"""A folder in which runs leave what other runs would compute again: soft labels and translations.

It is named by the environment variable XLNER_SHARED, which a study sets for its runs; without it nothing is shared.
What lies there is named by all that decides it, so it never changes a result.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from xlner.core.files import replace_file

VARIABLE = "XLNER_SHARED"


def shared_folder(kind: str) -> Path | None:
    """Where things of one kind are shared; None if nothing is."""
    named = os.environ.get(VARIABLE)
    return Path(named) / kind if named else None


def take(shared: Path, place: Path) -> bool:
    """Put a shared file at a place, as a link or a copy. Returns whether it was there."""
    if not shared.is_file():
        return False
    with replace_file(place) as unfinished:
        _linked(shared, unfinished)
    return True


def give(place: Path, shared: Path) -> None:
    """Share a finished file, which nobody may change afterwards."""
    if shared.exists():
        return
    with replace_file(shared) as unfinished:
        _linked(place, unfinished)


def _linked(source: Path, place: Path) -> None:
    try:
        os.link(source, place)
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, place)
