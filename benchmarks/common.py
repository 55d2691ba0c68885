"""What the benchmarks share: where data is, what machine this is, and how results are written."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def parser(description: str) -> argparse.ArgumentParser:
    """An argument parser with the options that every benchmark has."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder of the data sets")
    made.add_argument("--work", type=Path, default=ROOT / "runs", help="folder for runs; finished ones are reused")
    made.add_argument("--results", type=Path, default=ROOT / "docs" / "results", help="where JSON and table go")
    return made


def machine() -> dict[str, Any]:
    """Processor, cores and versions."""
    import torch
    import transformers

    name = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        name = next(
            (x.split(":")[1].strip() for x in info.read_text().splitlines() if x.startswith("model name")), name
        )
    return {
        "processor": name,
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def provenance() -> dict[str, Any]:
    """The exact command, the commit and the machine, as far as they make a result repeatable."""
    command = " ".join(["python", str(Path(sys.argv[0]).name), *sys.argv[1:]])
    return {"command": command, "commit": commit(), "machine": machine()}


def commit() -> str:
    """The commit of the code, with "-dirty" behind it if the package was changed since."""
    git = ["git", "-C", str(ROOT)]
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    changed = subprocess.run([*git, "status", "--porcelain", "src"], capture_output=True, text=True, check=True).stdout
    return head + ("-dirty" if changed else "")


def beginning(path: Path, words: int, place: Path) -> Path:
    """Write whole sentences of a file from its start to `place`, until there are so many words."""
    from xlner.data import write
    from xlner.study import execute

    write(place, execute.beginning(str(path), words), format="conll")
    return place


def measured(run: Path) -> bool:
    """Whether `run_xlner` has finished this run before."""
    return run.with_name(f"{run.name}.measured.json").is_file()


# A process counts the memory of its parent at the start as its own: this one is small.
_PARENT = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
sys.exit(code % 256)
"""


def measured_process(words: Sequence[str]) -> tuple[int, str, int]:
    """Run a program to its end: its exit code, what it printed, and its largest resident memory in MB."""
    done = subprocess.run([sys.executable, "-c", _PARENT, *words], stdout=subprocess.PIPE, text=True)
    output, _, peak = done.stdout.rstrip("\n").rpartition("\n")
    return done.returncode, output, int(peak)


def run_xlner(arguments: Sequence[str]) -> dict[str, Any]:
    """Run one command in a process of its own; what it came to is kept beside its --output and reused.

    What another command left there is not taken for it: that is an error.

    Returns:
        The JSON object it printed, with "seconds", "peak_mb" (largest resident memory) and "commit" added.
    """
    output_folder = Path(arguments[list(arguments).index("--output") + 1])
    kept = output_folder.with_name(f"{output_folder.name}.measured.json")
    told = [re.sub(r"[^=,]*/", "", a) for a in arguments]  # folders differ from machine to machine
    if measured(output_folder):
        found = json.loads(kept.read_text("utf-8"))
        if found.get("arguments", told) != told:
            raise SystemExit(f"{kept} is of other options: {' '.join(found['arguments'])}; now: {' '.join(told)}")
        return found
    started = time.monotonic()
    quick = ["--no-estimate"] if arguments[0] == "transfer" and "--gold" not in arguments else []
    words = [sys.executable, "-m", "xlner", *arguments, *quick, "--json"]
    code, output, peak = measured_process(words)
    if code:
        raise SystemExit(f"failed with {code}: xlner {' '.join(arguments)}")
    seconds = round(time.monotonic() - started, 1)
    result = {**json.loads(output), "seconds": seconds, "peak_mb": peak, "commit": commit()}
    result["arguments"] = told
    kept.write_text(json.dumps(result), "utf-8")
    return result


def f1_of(
    run: Path, gold: Path, mapping: Mapping[str, str] | None = None, consistency: float = 0.0, precision: str = "auto"
) -> float:
    """Strict F1 of a run's model, a fraction; kept beside the run and reused.

    With `consistency` equal words of the test text are labelled alike (`xlner evaluate --label-consistency`).
    """
    from xlner.data import load
    from xlner.evaluate import score
    from xlner.tagger import Tagger

    settings = [gold.parts[-2:], sorted((mapping or {}).items()), *([consistency] if consistency else [])]
    settings += [precision] if precision != "auto" else []
    key = hashlib.sha256(str(settings).encode()).hexdigest()[:8]
    kept = run.with_name(f"{run.name}.{key}.f1.json")
    if not kept.is_file():
        sentences = load(gold, mapping=mapping).sentences
        predicted = Tagger.load(run, mapping=mapping, precision=precision).predict(
            sentences, label_consistency=consistency
        )
        found = score(sentences, list(predicted)).f1
        kept.write_text(json.dumps(found), "utf-8")
    return json.loads(kept.read_text("utf-8"))


def write_results(folder: Path, name: str, result: dict[str, Any], table: str) -> None:
    """Write `name.json` and `name.md`, and print the table."""
    folder.mkdir(parents=True, exist_ok=True)
    full = {**provenance(), **result}
    (folder / f"{name}.json").write_text(json.dumps(full, indent=1, ensure_ascii=False) + "\n", "utf-8")
    made = full["machine"]
    foot = (
        f"\nMeasured with `{full['command']}` at commit {full['commit'][:12]} on {made['processor']}, "
        f"{made['cores']} cores, {made['threads']} threads, torch {made['torch']}, "
        f"transformers {made['transformers']}.\n"
    )
    (folder / f"{name}.md").write_text(table.rstrip() + "\n" + foot, "utf-8")
    print(table)
