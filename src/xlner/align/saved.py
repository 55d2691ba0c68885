"""Folders of saved aligners: whole or not there, and never in place of anything else."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from xlner.component import from_values, to_values
from xlner.core.files import atomic_folder, recover_folder
from xlner.errors import ModelError, UsageError

T = TypeVar("T")
ALIGNER_FILE = "aligner.json"
_WRITTEN = (ALIGNER_FILE, "tuned.safetensors", "direct*", "inverse*", "member-*")


def check_place(folder: str | Path) -> Path:
    """The whole path of a folder that an aligner may be saved in: absent, empty, or holding a saved aligner only.

    Raises:
        UsageError: something else is there, or it cannot be made there.
    """
    place = Path(folder).resolve()
    if Path.cwd().is_relative_to(place):
        raise UsageError(f"`save {folder}`: you are in that folder; name one of its own, which is made or replaced")
    recover_folder(place)
    above = next(p for p in place.parents if p.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise UsageError(f"`save {folder}`: no folder can be made in {above}")
    if not place.exists():
        return place
    if not place.is_dir():
        raise UsageError(f"`save {folder}`: a folder is wanted, and that is a file")
    inside = list(place.iterdir())
    strange = sorted(p.name for p in inside if not any(p.match(pattern) for pattern in _WRITTEN))
    if strange or (inside and not (place / ALIGNER_FILE).is_file()):
        what = strange[0] if strange else inside[0].name
        raise UsageError(
            f"`save {folder}`: that folder holds other things than a saved aligner, such as {what}; name a new one"
        )
    return place


@contextmanager
def writing(folder: str | Path, aligner: str, options: Any) -> Iterator[Path]:
    """A folder to write to, which takes its place when the block ends well.

    Args:
        folder: its place.
        aligner: name of the aligner that is saved.
        options: its options, which are written too.

    Raises:
        UsageError: see `check_place`.
    """
    with atomic_folder(check_place(folder), may_replace=_WRITTEN) as unfinished:
        yield unfinished
        text = json.dumps({"aligner": aligner, **to_values(options)}, indent=2)
        (unfinished / ALIGNER_FILE).write_text(text + "\n", "utf-8")


def read_options(folder: str | Path, aligner: str, kind: type[T]) -> T:
    """The options that an aligner of that name was saved with.

    Args:
        folder: where it was saved.
        aligner: its name.
        kind: its class of options.

    Raises:
        ModelError: the folder holds none.
        UsageError: another aligner was saved there.
    """
    try:
        values = json.loads((recover_folder(folder) / ALIGNER_FILE).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder} holds no saved aligner ({error})") from None
    if not isinstance(values, dict):
        raise ModelError(f"{folder} holds no saved aligner ({ALIGNER_FILE} has no settings)")
    saved = values.pop("aligner", "thot")  # the first ones that were saved had no name
    if saved != aligner:
        raise UsageError(f"`load {folder}`: the aligner {saved} was saved there, not {aligner}; add `aligner {saved}`")
    try:
        options: T = from_values(kind, values, owner=f"the aligner {aligner}")
    except UsageError as error:
        raise ModelError(f"{folder} holds no saved aligner ({error})") from None
    return options
