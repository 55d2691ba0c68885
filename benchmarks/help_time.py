"""How long `--help` of every command and every list of parts take, of one version or of two side by side.

    git worktree add ../before 43cc2b1
    python benchmarks/help_time.py --before ../before/src --rounds 9

Each command runs in a process of its own; versions alternate. Seconds are medians over rounds: of the clock, and of the
processor (user and system), which a busy machine disturbs less.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from math import isnan, nan
from pathlib import Path
from statistics import median

from common import ROOT, parser, write_results

COMMANDS = (
    "", "demo", "train", "transfer", "predict", "evaluate", "compare", "similarity", "align", "project", "translate",
    "data check", "data convert", "methods",
)  # fmt: skip
LISTS = ("methods", "aligners", "matchers", "scores", "translators", "similarities", "formats")
BARE = {"python alone": ("-c", "pass"), "python and typer": ("-c", "import typer")}


def seconds(source: Path, *words: str) -> tuple[float, float]:
    """Clock and processor seconds of one process; not a number if it failed, as a command does that a version lacks."""
    environment = {**os.environ, "PYTHONPATH": str(source)}
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    failed = subprocess.run([sys.executable, *words], env=environment, check=False, capture_output=True).returncode
    clock, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if failed:
        return nan, nan
    return clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _medians(pairs: list[tuple[float, float]]) -> list[float | None]:
    values = [median(column) for column in zip(*pairs, strict=True)]
    return [None if isnan(value) else round(value, 3) for value in values]


def _shown(number: float | None) -> str:
    return "not there" if number is None else f"{number:.2f}"


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--before", type=Path, help="folder `src` of another version")
    options.add_argument("--rounds", type=int, default=9)
    args = options.parse_args()
    sources = {"before": args.before.resolve()} if args.before else {}
    sources["after"] = ROOT / "src"
    lines = dict(BARE)
    lines |= {" ".join(["xlner", *c.split(), "--help"]): ("-m", "xlner", *c.split(), "--help") for c in COMMANDS}
    lines |= {f"xlner {point}": ("-m", "xlner", point) for point in LISTS}
    times: dict[str, dict[str, list[tuple[float, float]]]] = {line: {v: [] for v in sources} for line in lines}
    for _ in range(args.rounds):
        for line, words in lines.items():
            for version, source in sources.items():
                times[line][version].append(seconds(source, *words))
    medians = {line: {v: _medians(pairs) for v, pairs in of_line.items()} for line, of_line in times.items()}
    head = "| command |" + "".join(f" {v}: clock | {v}: processor |" for v in sources)
    rows = [
        f"| `{line}` |" + "".join(f" {_shown(n)} |" for pair in m.values() for n in pair) for line, m in medians.items()
    ]
    table = "\n".join(
        [
            "# Seconds of --help and of lists of parts", "",
            f"Medians of {args.rounds} rounds, in which the versions alternate. Processor is user and system time.", "",
            head, "|---|" + "---|---|" * len(sources), *rows, "",
        ]
    )  # fmt: skip
    write_results(args.results, "help_time", {"rounds": args.rounds, "median_seconds": medians}, table)


if __name__ == "__main__":
    main()
