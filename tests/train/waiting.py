"""A process of several, which says what it met: `python -m tests.train.waiting FOLDER`."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from xlner.train.processes import from_main, main_first, wait_for_all


def main() -> None:
    folder, rank = Path(sys.argv[1]), int(os.environ["RANK"])
    file = folder / "slow.txt"
    with main_first():
        there = file.is_file()
        if not there:
            time.sleep(1)
            file.write_text(f"by {rank}")
    given = from_main(lambda: f"made by {rank}")
    if rank == 0:
        time.sleep(1)
        (folder / "last.txt").write_text("")
    wait_for_all()
    said = {"there": there, "text": file.read_text(), "given": given, "all": (folder / "last.txt").is_file()}
    (folder / f"{rank}.json").write_text(json.dumps(said))


if __name__ == "__main__":
    main()
