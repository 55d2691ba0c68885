"""Direct and distilled F1 from English to Spanish, Dutch and German (CoNLL), and to Swahili and Hausa (MasakhaNER 2).

Per seed one English teacher, then per target two students that see the raw words of the target's training file: one
from the teacher's soft labels as they are ("distill", `--label-consistency 0`), one from soft labels in which equal
words are labelled alike ("consistent", the default). All settings are the package's defaults. No labels of Spanish,
Dutch and German had a say in them; the strength of the latter was chosen on dev text of Swahili and Hausa among others.

    python benchmarks/conll.py --seeds 1 2 3
    python benchmarks/conll.py --finished             # the table of the runs that there are
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from common import f1_of, measured, parser, run_xlner, write_results
from xlner.evaluate import seeds_interval

TARGETS = ["es", "nl", "de", "swa", "hau"]
EVEN = 0.5
METHODS = {"distill": ["--label-consistency", "0"], "consistent": []}
PUBLISHED = {"es": (74.50, 76.94), "nl": (79.50, 80.89), "de": (71.10, 73.22)}  # mBERT, Wu et al. 2020


def targets(data: Path) -> dict[str, tuple[Path, Path, list[str]]]:
    """Target -> raw text, gold, further options."""
    found = {t: (data / f"conll/{t}/train.txt", data / f"conll/{t}/test.txt", []) for t in ("es", "nl", "de")}
    far = ["--map", "MISC=O", "--map", "DATE=O"]
    for t in ("swa", "hau"):
        found[t] = (data / f"masakhaner2/{t}/train.txt", data / f"masakhaner2/{t}/test.txt", far)
    return found


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options.add_argument("--targets", nargs="*", default=TARGETS, choices=TARGETS)
    options.add_argument("--finished", action="store_true", help="start nothing, show what is finished")
    args = options.parse_args()
    runs: list[dict[str, Any]] = []
    for seed in args.seeds:
        teacher = args.work / f"conll-teacher-{seed}"
        english = args.data / "conll" / "en"
        common = ["--seed", str(seed)]
        if args.finished and not measured(teacher):
            continue
        made = run_xlner(
            ["train", "--source", f"en={english / 'train.txt'}", "--gold", str(english / "dev.txt"),
             "--output", str(teacher), *common]
        )  # fmt: skip
        runs.append({"seed": seed, "target": "en", "method": "teacher on English dev", **summary(made, "target")})
        for name in args.targets:
            raw, gold, more = targets(args.data)[name]
            for method, flags in METHODS.items():
                output = args.work / f"conll-{name}-{seed}{'-consistent' if method == 'consistent' else ''}"
                needed = (output, args.work / f"conll-{name}-{seed}")  # the latter has the scores of the teacher
                if args.finished and not all(map(measured, needed)):
                    continue
                made = run_xlner(
                    ["transfer", "--method", "distill", "--source", f"en={teacher}", "--target", f"{name}={raw}",
                     "--gold", str(gold), "--output", str(output), *common, *more, *flags]
                )  # fmt: skip
                if method == "distill":
                    runs.append({"seed": seed, "target": name, "method": "direct", **summary(made, "sources")})
                runs.append({"seed": seed, "target": name, "method": method, **summary(made, "target")})
                if method == "consistent":
                    mapping = dict(x.split("=") for x in more[1::2])
                    f1 = f1_of(output, gold, mapping, EVEN)
                    runs.append({"seed": seed, "target": name, "method": "even", "f1": f1, "seconds": 0, "peak_mb": 0})
    if len(args.targets) == len(TARGETS):
        write_results(args.results, "conll", {"runs": runs, "summary": means(runs)}, table(runs))


def summary(made: dict[str, Any], part: str) -> dict[str, Any]:
    """The figures of one system in one run."""
    m = made[part] if part == "target" else next(iter(made[part].values()))
    scores = {k: m[k] for k in ("f1", "precision", "recall", "interval")}
    return {**scores, "per_type": {t: s["f1"] for t, s in m["per_type"].items()}, "seconds": made["seconds"],
            "peak_mb": made["peak_mb"], "commit": made.get("commit")}  # fmt: skip


def means(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mean and t-interval over seeds per target and method."""
    out = []
    for key in dict.fromkeys((r["target"], r["method"]) for r in runs):
        mine = [r for r in runs if (r["target"], r["method"]) == key]
        row: dict[str, Any] = {"target": key[0], "method": key[1], "seeds": [r["seed"] for r in mine]}
        row["f1"] = sum(r["f1"] for r in mine) / len(mine)
        if len(mine) > 1:
            spread = seeds_interval([r["f1"] for r in mine])
            row["low"], row["high"] = spread.low, spread.high
        row["seconds"] = min(r["seconds"] for r in mine)  # others waited for the machine
        row["peak_mb"] = max(r["peak_mb"] for r in mine)
        out.append(row)
    return out


def table(runs: list[dict[str, Any]]) -> str:
    rows = {(r["target"], r["method"]): r for r in means(runs)}
    lines = [
        "# English to five languages: direct transfer and distillation",
        "",
        "Strict span F1 on the full test files, mean over seeds with the 95% t-interval over seeds in brackets. Equal "
        "words are alike in soft labels (the default of `xlner transfer`, for the seeds named), and in the answers "
        f"(`--label-consistency {EVEN}`, which reads the whole test text); the two columns before are without.",
        "Published figures (mBERT, whose layers are four times as large): direct from Wu & Dredze 2019, distilled from "
        "Wu et al. 2020.",
        "",
        "| target | seeds | direct | distilled | gain | seeds | distilled, equal words alike | gain over direct "
        "| gain over distilled, same seeds | and in the answers | published direct | published distilled | minutes "
        "| peak MB |",
        "|---" * 14 + "|",
    ]
    for target in dict.fromkeys(t for t, _ in rows if t != "en"):
        a, b = rows[target, "direct"], rows[target, "distill"]
        even = [""] * 5
        if c := rows.get((target, "consistent")):
            even = [", ".join(map(str, c["seeds"])), _f1(c), _gain(runs, target, "consistent")]
            even.append(_gain(runs, target, "consistent", "distill"))
            even.append(_f1(rows[target, "even"]))
        cells = [target, len(a["seeds"]), _f1(a), _f1(b), _gain(runs, target, "distill"), *even]
        cells += PUBLISHED.get(target, ("", ""))
        lines.append("| " + " | ".join(map(str, [*cells, f"{b['seconds'] / 60:.1f}", b["peak_mb"]])) + " |")
    teacher = rows["en", "teacher on English dev"]
    lines += [
        "",
        f"The teacher's F1 on English dev is {_f1(teacher)}; training took {teacher['seconds'] / 60:.1f} minutes and "
        f"{teacher['peak_mb']} MB. A student's minutes include soft labels and scoring. Two runs with "
        "a thread each shared the machine; the quickest of each is given.",
    ]
    return "\n".join(lines)


def _gain(runs: list[dict[str, Any]], target: str, method: str, base: str = "direct") -> str:
    """Mean gain over the teacher or another method, with the interval over seeds of the paired differences."""
    f1 = {(r["seed"], r["method"]): r["f1"] for r in runs if r["target"] == target}
    gains = [100 * (f1[seed, method] - f1[seed, base]) for seed, m in f1 if m == method]
    spread = seeds_interval(gains) if len(gains) > 1 else None
    return f"{sum(gains) / len(gains):+.2f}" + (f" [{spread.low:+.2f}, {spread.high:+.2f}]" if spread else "")


def _f1(row: dict[str, Any]) -> str:
    spread = f" [{100 * row['low']:.2f}, {100 * row['high']:.2f}]" if "low" in row else ""
    return f"{100 * row['f1']:.2f}{spread}"


if __name__ == "__main__":
    main()
