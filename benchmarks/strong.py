"""What the recipe strong gains on whole CoNLL tests: a student of three seeds of the English teacher, against one.

The teachers are those of `conll.py`, each trained with the package's defaults on all of the English labels. "Direct" is
the mean of the three; "one teacher" the student of each seed's teacher; "three teachers" the student of all of them,
whose probabilities are averaged, which is what `--recipe strong` does. Raw text: the words of the target's training
file. No setting was chosen on these languages.

    python benchmarks/strong.py                # runs of conll.py in the same --work are reused
    python benchmarks/strong.py --finished     # the table of the runs that there are
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from common import measured, parser, run_xlner, write_results
from conll import PUBLISHED, means, summary

TARGETS = ("es", "nl", "de")
SEEDS = (1, 2, 3)
AIMS = {"es": 78, "nl": 80, "de": 74}
ONE, THREE = "one teacher", "three teachers"


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--targets", nargs="*", default=TARGETS, choices=TARGETS)
    options.add_argument("--seeds", type=int, nargs="*", default=SEEDS, help="of students of one teacher")
    options.add_argument("--finished", action="store_true", help="start nothing, show what is finished")
    args = options.parse_args()
    english = args.data / "conll" / "en"
    teachers = [args.work / f"conll-teacher-{seed}" for seed in SEEDS]
    for seed, teacher in zip(SEEDS, teachers, strict=True):
        if not args.finished:
            run_xlner(
                ["train", "--source", f"en={english / 'train.txt'}", "--gold", str(english / "dev.txt"),
                 "--output", str(teacher), "--seed", str(seed)]
            )  # fmt: skip
    runs: list[dict[str, Any]] = []
    for target in args.targets:
        runs += of_target(args, target, teachers)
    write_results(args.results, "strong", {"runs": runs, "summary": means(runs)}, table(runs))


def of_target(args: Any, target: str, teachers: list[Path]) -> list[dict[str, Any]]:
    """The scores of teachers and students on one target."""
    raw, gold = (args.data / "conll" / target / f"{part}.txt" for part in ("train", "test"))
    students = {(ONE, seed): (args.work / f"conll-{target}-{seed}-consistent", [seed]) for seed in args.seeds}
    students[THREE, 1] = args.work / f"strong-{target}-1", list(SEEDS)
    runs = []
    for (method, seed), (place, of) in students.items():
        if args.finished and not measured(place):
            continue
        sources = [word for n in of for word in ("--source", f"en={teachers[n - 1]}")]
        made = run_xlner(
            ["transfer", "--method", "distill", *sources, "--target", f"{target}={raw}", "--gold", str(gold),
             "--output", str(place), "--seed", str(seed)]
        )  # fmt: skip
        runs.append({"seed": seed, "target": target, "method": method, **summary(made, "target")})
        if method == THREE:
            for n, scores in zip(of, made["sources"].values(), strict=True):
                direct = {k: scores[k] for k in ("f1", "precision", "recall")}
                runs.append({"seed": n, "target": target, "method": "direct", **direct, "seconds": 0, "peak_mb": 0})
    return runs


def table(runs: list[dict[str, Any]]) -> str:
    rows = {(r["target"], r["method"]): r for r in means(runs)}
    lines = [
        "# Three seeds of a teacher in place of one",
        "",
        "Strict span F1 on the full CoNLL test files (four types), mean over seeds with the 95% t-interval over seeds "
        "in brackets. One teacher: students of each seed's teacher. Three teachers: one student of the averaged "
        "probabilities of all three, as `--recipe strong` has it; one run. Published: mBERT distilled from one teacher "
        "(Wu et al. 2020), with layers four times as large. Minutes are those of the student; other "
        "work shared the machine.",
        "",
        "| target | direct | one teacher | seeds | three teachers | aim | published | minutes, one | minutes, three |",
        "|---" * 9 + "|",
    ]
    for target in dict.fromkeys(t for t, _ in rows):
        direct, one, three = (rows.get((target, m)) for m in ("direct", ONE, THREE))
        cells = [target, _f1(direct), _f1(one), len(one["seeds"]) if one else "", _f1(three)]
        cells += [AIMS[target], PUBLISHED[target][1], _minutes(one), _minutes(three)]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _minutes(row: dict[str, Any] | None) -> str:
    return f"{row['seconds'] / 60:.1f}" if row else ""


def _f1(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    spread = f" [{100 * row['low']:.1f}, {100 * row['high']:.1f}]" if "low" in row else ""
    return f"{100 * row['f1']:.1f}{spread}"


if __name__ == "__main__":
    main()
