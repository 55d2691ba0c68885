"""Text in small letters and with typing errors: what does training on such copies give, and cost on clean text?

The beginning of the English CoNLL training file teaches taggers, with and without changed copies of its sentences
(`--augment`). Students learn raw text of Danish and Portuguese (the beginning of the training files of Universal NER)
from them, by distillation or with consistency under changes of the raw text. All are scored on the dev files of these
languages as they are and changed (`--perturb`); test files are not read. Swedish is left out unless it is asked for:
its dev file has 23 entities.

    OMP_NUM_THREADS=1 python benchmarks/noisy.py
    OMP_NUM_THREADS=1 python benchmarks/noisy.py --finished        # the table of the runs that there are
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean
from typing import Any

from common import beginning, measured, parser, run_xlner, write_results
from settings import LANGUAGES, NO_MISC

CHANGES = {"as it is": None, "small letters": "lower-case", "typing errors": "typos", "errors of OCR": "ocr-noise"}
TEACHERS = {
    "plain": [],
    "small 0.1": ["--augment", "lower-case", "--augment-share", "0.1"],
    "small 0.3": ["--augment", "lower-case", "--augment-share", "0.3"],
    "small, typos 0.3": ["--augment", "lower-case,typos", "--augment-share", "0.3"],
}
CONSISTENT = ["--method", "consistency", "--perturb"]
STUDENTS = {
    "distilled from plain": ("plain", ["--method", "distill"]),
    "distilled from small 0.3": ("small 0.3", ["--method", "distill"]),
    "consistent from plain, small": ("plain", [*CONSISTENT, "lower-case"]),
    "consistent from small 0.3, small": ("small 0.3", [*CONSISTENT, "lower-case"]),
}
MAPS = [x for name in NO_MISC for x in ("--map", f"{name}=O")]


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--source-words", type=int, default=20_000, help="of labelled English text")
    options.add_argument("--raw-words", type=int, default=10_000, help="of raw text in each target")
    options.add_argument("--seeds", nargs="+", type=int, default=[1])
    options.add_argument("--targets", nargs="+", default=["da", "pt"], choices=list(LANGUAGES))
    options.add_argument("--finished", action="store_true", help="start nothing, show what is finished")
    args = options.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    rows = [row for seed in args.seeds for row in of_seed(args, seed)]
    settings = {name: getattr(args, name) for name in ("source_words", "raw_words", "seeds", "targets")}
    write_results(args.results, "noisy", {**settings, "rows": rows}, table(rows, args))


def of_seed(args: Any, seed: int) -> list[dict[str, Any]]:
    """A row for each model: F1 on each text, as it is and changed."""
    english = args.data / "conll" / "en" / "train.txt"
    source = beginning(english, args.source_words, args.work / f"noisy-en-{args.source_words}.txt")
    rows = []
    runs = {name: args.work / f"noisy-{slug(name)}-{seed}" for name in TEACHERS}
    for name, flags in TEACHERS.items():
        if args.finished and not measured(runs[name]):
            continue
        made = run_xlner(
            ["train", "--source", f"en={source}", *MAPS, *flags, "--seed", str(seed), "--output", str(runs[name])]
        )
        f1 = {target: of_text(args, target, runs[name]) for target in args.targets}
        rows.append({"model": name, "part": "teacher", "seed": seed, "f1": f1, "seconds": made["seconds"]})
    for name, (teacher, flags) in STUDENTS.items():
        f1, seconds = {}, []
        for target in args.targets:
            run = args.work / f"noisy-{target}-{slug(name)}-{seed}"
            if args.finished and not measured(run):
                continue
            text = args.data / "uner" / f"{LANGUAGES[target]}-ud-train.iob2"
            raw = beginning(text, args.raw_words, args.work / f"noisy-{target}-{args.raw_words}.txt")
            made = run_xlner(
                ["transfer", *flags, "--source", f"en={runs[teacher]}", "--target", f"{target}={raw}", *MAPS,
                 "--seed", str(seed), "--output", str(run)]
            )  # fmt: skip
            f1[target] = of_text(args, target, run)
            seconds.append(made["seconds"])
        if f1:
            average = sum(seconds) / len(seconds)
            rows.append({"model": name, "part": "student", "seed": seed, "f1": f1, "seconds": average})
    return rows


def of_text(args: Any, target: str, run: Path) -> dict[str, float]:
    """F1 in percent on the dev file of a target, by change."""
    gold = args.data / "uner" / f"{LANGUAGES[target]}-ud-dev.iob2"
    found = {}
    for change, name in CHANGES.items():
        kept = run.with_name(f"{run.name}.{target}-{name or 'clean'}.f1.json")
        if not kept.is_file():
            kept.write_text(json.dumps(scored(run, gold, name)), "utf-8")
        found[change] = json.loads(kept.read_text("utf-8"))
    return found


def scored(run: Path, gold: Path, change: str | None) -> float:
    import xlner

    return 100 * xlner.evaluate(run, gold, mapping=NO_MISC, perturb=change).scores.f1


def slug(name: str) -> str:
    return name.replace(",", "").replace(" ", "-")


def table(rows: list[dict[str, Any]], args: Any) -> str:
    lines = [
        "# Small letters, typing errors and errors of text recognition",
        "",
        "F1 of PER, ORG, LOC on dev text of Universal NER, mean over seeds "
        f"{', '.join(map(str, args.seeds))} and languages. Teachers learn from the first {args.source_words:,} words "
        f"of English CoNLL, students from the first {args.raw_words:,} words of raw text. In names of teachers: which "
        "changes, and the share of sentences that are changed in each pass. In brackets: F1 less that of the same text "
        "as it is. Seconds are of one training, while other work shared the machine.",
        "",
        "| model | languages | " + " | ".join(CHANGES) + " | s |",
        "|---" * (len(CHANGES) + 3) + "|",
    ]
    for name in dict.fromkeys(r["model"] for r in rows):
        mine = [r for r in rows if r["model"] == name]
        values = {c: fmean([of[c] for r in mine for of in r["f1"].values()]) for c in CHANGES}
        clean = values["as it is"]
        cells = [f"{clean:.1f}", *(f"{v:.1f} ({v - clean:+.1f})" for c, v in values.items() if c != "as it is")]
        languages = ", ".join(mine[0]["f1"])
        lines.append(f"| {name} | {languages} | {' | '.join(cells)} | {fmean([r['seconds'] for r in mine]):.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
