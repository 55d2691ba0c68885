"""Kill a small distillation at random moments with SIGKILL, resume it, and compare with an undisturbed run.

    python benchmarks/kill_resume.py --kills 20

Every trial starts a fresh run, kills it once at a moment drawn evenly over the run's duration, resumes it with
`--resume auto`, and compares metrics.json, the weights and the predictions byte by byte. Uses an encoder with random
weights and invented sentences, so it needs no data.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import transformers.models.bert.modeling_bert  # noqa: F401 - children are forked with it loaded
import yaml
from tests.toy import make_encoder, sentences, write_conll, write_text

from xlner.api import transfer as _transfer  # noqa: F401 - likewise
from xlner.cli import main as xlner


def command(world: Path, output: Path) -> list[str]:
    return [
        "transfer", "--source", f"en={world / 'train.conll'}", "--dev", f"en={world / 'dev.conll'}",
        "--target", f"es={world / 'raw.txt'}", "--gold", str(world / "gold.conll"), "--output", str(output),
        "--config", str(world / "config.yaml"), "--checkpoint-seconds", "0", "--resume", "auto", "--json",
    ]  # fmt: skip


def start(world: Path, output: Path) -> int:
    """Run the command in a forked child, silent. Returns its process id."""
    child = os.fork()
    if child:
        return child
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    try:
        xlner(command(world, output))
    except SystemExit as stopped:
        os._exit(int(stopped.code or 0))
    os._exit(0)


def finish(world: Path, output: Path) -> float:
    """Run to the end; seconds it took."""
    began = time.monotonic()
    _, status = os.waitpid(start(world, output), 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"the run in {output} failed")
    return time.monotonic() - began


def fingerprint(run: Path) -> dict[str, str]:
    """What must not differ between a disturbed and an undisturbed run."""
    files = ("metrics.json", "predictions.jsonl", "model/model.safetensors", "teachers/1-en/model/model.safetensors")
    return {name: hashlib.sha256((run / name).read_bytes()).hexdigest() for name in files}


def stage(run: Path) -> str:
    """How far a killed run had come."""
    if (run / "metrics.json").is_file():
        return "finished"
    if (run / "model" / "config.json").is_file():
        return "model saved"
    if (run / "metrics.jsonl").is_file():
        return "student training"
    if (run / "soft_labels").is_dir():
        return "soft labels"
    return "teacher training" if (run / "teachers").is_dir() else "before training"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--seed", type=int, default=1)
    args = options.parse_args()
    chance = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder)
        make_encoder(world / "encoder")
        write_conll(world / "train.conll", sentences(120))
        write_conll(world / "dev.conll", sentences(20, seed=1))
        write_text(world / "raw.txt", sentences(200, "spa", seed=5))
        write_conll(world / "gold.conll", sentences(40, "spa", seed=9))
        fast = {"learning_rate": 1e-2, "batch_subwords": 128, "freeze_embeddings": False, "epochs": 3}
        settings = {"encoder": str(world / "encoder"), "chunk_sentences": 20, "teacher": fast, "student": fast}
        (world / "config.yaml").write_text(yaml.safe_dump(settings))
        seconds = finish(world, world / "whole")
        whole = fingerprint(world / "whole")
        finish(world, world / "again")
        failures, stages = [] if fingerprint(world / "again") == whole else ["the same run twice"], []
        for number in range(args.kills):
            run = world / f"killed-{number}"
            child = start(world, run)
            time.sleep(chance.uniform(0, seconds))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            stages.append(stage(run))
            finish(world, run)
            if fingerprint(run) != whole:
                failures.append(stages[-1])
            shutil.rmtree(run)
    counts = {name: stages.count(name) for name in dict.fromkeys(stages)}
    print(
        json.dumps({"kills": args.kills, "killed_during": counts, "different": failures, "seconds": round(seconds, 2)})
    )
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
