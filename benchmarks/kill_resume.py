"""Kill a small run at random moments with SIGKILL, resume it, and compare with an undisturbed run.

    python benchmarks/kill_resume.py --kills 20
    python benchmarks/kill_resume.py --kills 20 --method translate-train

Every trial starts a fresh run, kills it once at a moment drawn evenly over the run's duration, resumes it with
`--resume auto`, and compares byte by byte: metrics.json, the weights, the predictions, every translated line, the
projected sentences and the page of what was lost; and how many sentences each step counted. Uses an encoder with random
weights, invented sentences and a program that stands in for Apertium, so it needs no data.
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
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import transformers.models.bert.modeling_bert  # noqa: F401 - children are forked with it loaded
import yaml
from tests.toy import FILLERS, VERBS, make_encoder, sentences, write_conll, write_text

from xlner.api import transfer as _transfer  # noqa: F401 - likewise
from xlner.cli import main as xlner
from xlner.translate.apertium import Apertium

# Word by word, in either direction.
TRANSLATOR = """#!{python}
import sys, time
if "-l" in sys.argv or "-V" in sys.argv:
    print("eng-spa spa-eng"); sys.exit()
words = {words}
text = sys.stdin.read()
time.sleep({pause})
print("\\n\\n".join(" ".join(words.get(w, w) for w in line.split()) for line in text.split("\\n\\n")))
"""
WORDS = {a: b for group in (VERBS, FILLERS) for a, b in zip(group["eng"], group["spa"] * 2, strict=False)}
METHODS = ("distill", "bitext", "translate-train", "translate-test", "combined")
COMPARED = (
    "metrics.json", "predictions.jsonl", "projected.html", "**/model.safetensors", "translations/*.txt",
    "projected/*/?????.jsonl",
)  # fmt: skip


def command(world: Path, output: Path, method: str) -> list[str]:
    words = [
        "transfer", "--method", method, "--source", f"en={world / 'train.conll'}", "--dev", f"en={world / 'dev.conll'}",
        "--target", f"es={world / 'raw.txt'}", "--gold", str(world / "gold.conll"), "--output", str(output),
        "--config", str(world / "config.yaml"), "--checkpoint-seconds", "0", "--resume", "auto", "--json",
    ]  # fmt: skip
    return (
        [*words, "--bitext", f"en={world / 'en.txt'},{world / 'es.txt'}"] if method in ("bitext", "combined") else words
    )


def start(world: Path, output: Path, method: str) -> int:
    """Run the command in a forked child, silent. Returns its process id."""
    child = os.fork()
    if child:
        return child
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    try:
        xlner(command(world, output, method))
    except SystemExit as stopped:
        os._exit(int(stopped.code or 0))
    os._exit(0)


def finish(world: Path, output: Path, method: str) -> float:
    """Run to the end; seconds it took."""
    began = time.monotonic()
    _, status = os.waitpid(start(world, output, method), 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"the run in {output} failed")
    return time.monotonic() - began


def fingerprint(run: Path) -> dict[str, str]:
    """What must not differ between a disturbed and an undisturbed run."""
    files = sorted(file for pattern in COMPARED for file in run.glob(pattern))
    made = {str(file.relative_to(run)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    steps = json.loads((run / "steps.json").read_text("utf-8"))
    return {**made, "steps": str([(step["step"], step["sentences"]) for step in steps])}


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
    if (run / "projected").is_dir() and not any(run.glob("projected/*/index.json")):
        return "projection"
    if any(run.glob("translations/*.translations")):
        return "translation"
    return "teacher training" if (run / "teachers").is_dir() else "before training"


def write_translator(program: Path, *, pause: float = 0.0) -> Path:
    """A program that stands in for Apertium, and takes `pause` seconds for each call."""
    both = {**WORDS, **{b: a for a, b in WORDS.items()}}
    program.write_text(TRANSLATOR.format(python=sys.executable, words=both, pause=pause))
    program.chmod(0o755)
    return program


def write_world(world: Path, method: str) -> None:
    """Files and settings of the runs."""
    text = sentences(120)
    program = write_translator(world / "apertium", pause=0.3)  # slow enough to be killed in the middle
    Apertium.at_once = 20
    make_encoder(world / "encoder")
    write_conll(world / "train.conll", text)
    write_conll(world / "dev.conll", sentences(20, seed=1))
    write_text(world / "raw.txt", sentences(200, "spa", seed=5))
    write_conll(world / "gold.conll", sentences(40, "spa", seed=9))
    write_text(world / "en.txt", text)
    (world / "es.txt").write_text(
        "".join(" ".join(WORDS.get(w, w) for w in s.words) * (n % 9 > 0) + "\n" for n, s in enumerate(text))
    )
    fast = {"learning_rate": 1e-2, "batch_subwords": 128, "freeze_embeddings": False, "epochs": 3}
    settings: dict[str, Any] = {"encoder": str(world / "encoder"), "teacher": fast, "student": fast}
    if method in ("distill", "combined"):
        settings["chunk_sentences"] = 20
    if method != "distill":
        settings |= {"chunk_pairs": 20, "aligner": {"name": "layers", "encoder": str(world / "encoder")}}
    if method.startswith("translate") or method == "combined":
        settings["translator"] = {"name": "apertium", "program": str(program)}
    (world / "config.yaml").write_text(yaml.safe_dump(settings))


def check_lines(run: Path, world: Path) -> None:
    """Every line of a translation is that of its sentence."""
    made = run / "translations" / "1-en.txt"
    if made.is_file():
        wanted = [line.split() for line in (world / "en.txt").read_text("utf-8").splitlines()]
        assert [len(line.split()) for line in made.read_text("utf-8").splitlines()] == [len(line) for line in wanted]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--method", choices=METHODS, default="distill")
    args = options.parse_args()
    chance = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder)
        write_world(world, args.method)
        seconds = finish(world, world / "whole", args.method)
        whole = fingerprint(world / "whole")
        check_lines(world / "whole", world)
        finish(world, world / "again", args.method)
        failures, stages = [] if fingerprint(world / "again") == whole else ["the same run twice"], []
        for number in range(args.kills):
            run = world / f"killed-{number}"
            child = start(world, run, args.method)
            time.sleep(chance.uniform(0, seconds))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            stages.append(stage(run))
            finish(world, run, args.method)
            if (now := fingerprint(run)) != whole:
                different = sorted(name for name in {*now, *whole} if now.get(name) != whole.get(name))
                failures.append(f"{stages[-1]}: {', '.join(different)}")
            shutil.rmtree(run)
    counts = {name: stages.count(name) for name in dict.fromkeys(stages)}
    told = {"method": args.method, "kills": args.kills, "killed_during": counts, "different": failures}
    print(json.dumps({**told, "files": len(whole) - 1, "seconds": round(seconds, 2)}))
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
