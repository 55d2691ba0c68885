"""How long a run took, with attempts at it that were killed or failed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

from xlner.core.files import atomic

MARK = "begun.json"
_BEAT = 10.0  # seconds


@contextmanager
def attempt(folder: Path) -> Iterator[Callable[[], float]]:
    """Measure an attempt at a run, from here on.

    While it lasts, the time of a mark in the folder is set again and again, for what is killed cannot say when. A
    command may live on without its study; so the last file that an attempt wrote counts, too.

    Args:
        folder: of the run.

    Yields:
        A function that gives the seconds until now, and those of earlier attempts since the run was last done.
    """
    mark, spent, began = folder / MARK, 0.0, time.monotonic()
    if mark.is_file():
        before = json.loads(mark.read_text("utf-8"))
        last = max(path.stat().st_mtime for path in folder.rglob("*") if path.is_file())
        spent = before["spent"] + max(0.0, last - before["at"])
    with atomic(mark) as out:
        out.write(json.dumps({"spent": spent, "at": time.time()}) + "\n")
    over = Event()

    def beat() -> None:
        while not over.wait(_BEAT):
            _touch(mark)

    heart = Thread(target=beat, daemon=True)
    heart.start()
    whole = False
    try:
        yield lambda: spent + time.monotonic() - began
        whole = True
    finally:
        over.set()
        heart.join()
        if whole:
            mark.unlink(missing_ok=True)
        else:
            _touch(mark)


def forget_attempts(folder: Path) -> None:
    """Attempts at a run that is done count no more: the process may have been killed just after it was."""
    (folder / MARK).unlink(missing_ok=True)


def _touch(mark: Path) -> None:
    with suppress(OSError):  # whoever deleted it wants the run from its start
        os.utime(mark)
