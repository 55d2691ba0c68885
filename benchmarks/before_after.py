"""Two versions of xlner side by side: training speed, the weights that come out, and the time of `--help`.

    git worktree add /tmp/before 43cc2b1
    python benchmarks/before_after.py --before /tmp/before/src --rounds 7

Both versions train the embedded encoder on the same sentences by `xlner train`, in processes of their own, alternately,
so that a busy machine slows both. Subwords per second are those that a run writes itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from common import ROOT, parser, write_results
from xlner.data import load, write

SENTENCES = 350
VERSIONS = ("before", "after")


def xlner(source: Path, *words: str) -> float:
    """Run a command of one version; the seconds it took."""
    started = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(source)}
    subprocess.run([sys.executable, "-m", "xlner", *words], env=environment, check=True, capture_output=True)
    return time.perf_counter() - started


def trained(source: Path, file: Path, folder: Path) -> tuple[float, str]:
    """Subwords per second of a training, and the hash of its weights."""
    xlner(
        source, "train", "--source", f"en={file}", "--epochs", "1", "--batch-subwords", "256", "--output", str(folder)
    )
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text("utf-8").splitlines()]
    speeds = [line["subwords_per_second"] for line in lines if "subwords_per_second" in line]
    return speeds[-1], hashlib.sha256((folder / "model" / "model.safetensors").read_bytes()).hexdigest()


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--before", type=Path, required=True, help="folder `src` of the other version")
    options.add_argument("--rounds", type=int, default=7)
    args = options.parse_args()
    sources = {"before": args.before.resolve(), "after": ROOT / "src"}
    speeds: dict[str, list[float]] = {v: [] for v in VERSIONS}
    helps: dict[str, list[float]] = {v: [] for v in VERSIONS}
    weights: dict[str, set[str]] = {v: set() for v in VERSIONS}
    with TemporaryDirectory() as place:
        file = Path(place) / "train.conll"
        write(file, load(args.data / "conll" / "en" / "train.txt", language="eng").sentences[:SENTENCES])
        for number in range(args.rounds):
            for version in VERSIONS:
                speed, made = trained(sources[version], file, Path(place) / f"{version}-{number}")
                speeds[version].append(speed)
                weights[version].add(made)
                helps[version].append(xlner(sources[version], "transfer", "--help"))
    ratio = median(a / b for a, b in zip(speeds["after"], speeds["before"], strict=True))
    result: dict[str, Any] = {
        "rounds": args.rounds,
        "sentences": SENTENCES,
        "subwords_per_second": speeds,
        "ratio_of_speeds": round(ratio, 3),
        "help_seconds": {v: [round(s, 3) for s in helps[v]] for v in VERSIONS},
        "equal_weights": weights["before"] == weights["after"] and len(weights["after"]) == 1,
    }
    rows = "\n".join(f"| {v} | {median(speeds[v]):.0f} | {median(helps[v]):.2f} |" for v in VERSIONS)
    equal = "" if result["equal_weights"] else "not "
    table = f"""# Before and after

`xlner train` on {SENTENCES} sentences of English CoNLL, batches of 256 subwords, and `xlner transfer --help`: medians
of {args.rounds} alternating rounds.

| version | subwords/s | seconds of `--help` |
|---|---|---|
{rows}

Ratio of the speeds {ratio:.2f} (median of ratios). The weights are {equal}equal to the last bit.
"""
    write_results(args.results, "before_after", result, table)


if __name__ == "__main__":
    main()
