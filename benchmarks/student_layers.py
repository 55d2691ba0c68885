"""Spanish students of twelve, six and four layers from an English teacher: F1 on dev text, and sentences a second.

The students see 20 000 raw words of the Spanish training file, and no labels; F1 is that on Spanish dev, which decides
nothing here. All settings but the number of layers and the weight of hidden states are the package's defaults, so that
a smaller student takes more passes. Speed is per second of processor time, which other work on the machine changes
little.

    OMP_NUM_THREADS=1 python benchmarks/student_layers.py --teacher runs/conll-teacher-1
    python benchmarks/student_layers.py --only 12 6 6-match
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from common import beginning, measured, parser, run_xlner, write_results

STUDENTS: dict[str, list[str]] = {
    "12": [],
    "6": ["--student-layers", "6"],
    "6-match": ["--student-layers", "6", "--student-match", "1"],
    "4": ["--student-layers", "4"],
    "4-match": ["--student-layers", "4", "--student-match", "1"],
}


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--teacher", type=Path, help="English teacher; by default that of conll.py, seed 1")
    options.add_argument("--words", type=int, default=20_000, help="raw Spanish words")
    options.add_argument("--only", nargs="*", default=list(STUDENTS), choices=list(STUDENTS))
    options.add_argument("--finished", action="store_true", help="start nothing, show what is finished")
    args = options.parse_args()
    teacher = args.teacher or args.work / "conll-teacher-1"
    spanish = args.data / "conll" / "es"
    raw = beginning(spanish / "train.txt", args.words, args.work / f"es-{args.words}.txt")
    rows = [{"student": "teacher", **scored(teacher, spanish / "dev.txt", args.work / "student-layers-teacher")}]
    for name in args.only:
        run = args.work / f"student-layers-{name}"
        if args.finished and not measured(run):
            continue
        made = run_xlner(
            ["transfer", "--method", "distill", "--source", f"en={teacher}", "--target", f"es={raw}",
             "--output", str(run), *STUDENTS[name]]
        )  # fmt: skip
        first = json.loads((run / "metrics.jsonl").read_text("utf-8").splitlines()[0])
        seconds = json.loads((run / "training_time.json").read_text("utf-8"))["seconds"]
        found = scored(run, spanish / "dev.txt", run)
        rows.append({"student": name, "passes": first["epochs"], "seconds": seconds, "commit": made["commit"], **found})
    write_results(args.results, "student_layers", {"words": args.words, "rows": rows}, table(args.words, rows))


def scored(run: Path, gold: Path, place: Path) -> dict[str, Any]:
    """F1, layers and speed of a model; kept beside `place` and reused."""
    from xlner.data import load
    from xlner.evaluate import score
    from xlner.tagger import Tagger

    kept = place.with_name(f"{place.name}.scored.json")
    if not kept.is_file():
        sentences = load(gold).sentences
        tagger = Tagger.load(run)
        list(tagger.predict(sentences[:50]))  # what is done once
        started = time.process_time()
        predicted = list(tagger.predict(sentences))
        speed = len(sentences) / (time.process_time() - started)
        size = (run / "model" / "model.safetensors").stat().st_size / 2**20
        found = {
            "f1": 100 * score(sentences, predicted).f1, "sentences_per_second": round(speed, 1),
            "layers": tagger.model.config.num_hidden_layers, "megabytes": round(size),
        }  # fmt: skip
        kept.write_text(json.dumps(found), "utf-8")
    found = json.loads(kept.read_text("utf-8"))
    return {"layers": found.pop("layers"), **found}


def table(words: int, rows: list[dict[str, Any]]) -> str:
    lines = [
        "# Smaller students",
        "",
        f"English to Spanish (CoNLL, four types), one seed, {words} raw words of the Spanish training file. F1 on "
        "Spanish dev. Sentences a second of processor time, one thread, over that text. Match: `--student-match 1`.",
        "",
        "| model | layers | F1 | sentences/s | MB | passes |",
        "|---|---|---|---|---|---|",
    ]
    for r in rows:
        what = "teacher" if r["student"] == "teacher" else "student" + (", match" if "match" in r["student"] else "")
        speed = f"{r['sentences_per_second']:.0f} | {r['megabytes']}"
        lines.append(f"| {what} | {r['layers']} | {r['f1']:.1f} | {speed} | {r.get('passes', '')} |")
    commits = ", ".join(sorted({r["commit"][:12] for r in rows if "commit" in r}))
    absent = [name for name in STUDENTS if name not in {r["student"] for r in rows}]
    lines += [
        "",
        f"Students were trained at commit {commits}." + (f" Not measured: {', '.join(absent)}." if absent else ""),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
