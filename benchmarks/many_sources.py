"""Three CoNLL languages to the fourth: many teachers by several weights, each teacher alone, and one model of all data.

For every seed one teacher per language, and for every target but English the students of: each source alone, all
sources weighted alike, by language-id, by language-id of every sentence; and a model trained on all source data
together, without distillation and as the one teacher of a student. Everything sees at most --words words of each
training file.

    python benchmarks/many_sources.py --seeds 1 2 3
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common import beginning, f1_of, parser, run_xlner, write_results
from xlner.evaluate import paired_differences, seeds_interval, targets_interval

LANGUAGES = ("en", "es", "nl", "de")
RULES = ("uniform", "language-id", "language-id:sentence")
TOGETHER, FROM_TOGETHER = "all data together, direct", "student of all data together"
PUBLISHED = {"es": 78.00, "nl": 81.33, "de": 75.33}  # mBERT, three sources, Wu et al. 2020


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options.add_argument("--targets", nargs="+", default=list(LANGUAGES[1:]), choices=LANGUAGES[1:])
    options.add_argument("--words", type=int, default=1_000_000, help="of each training file; all have fewer")
    args = options.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    runs: list[dict[str, Any]] = []
    for seed in args.seeds:
        for target in args.targets:
            runs += [{"seed": seed, "target": target, **row} for row in of_target(args, seed, target)]
            result = {"words": args.words, "runs": runs, "summary": means(runs), "differences": differences(runs)}
            write_results(args.results, "many_sources", result, table(runs, args.words))


def text(args: Any, language: str) -> Path:
    """The beginning of a training file."""
    source = args.data / "conll" / language / "train.txt"
    return beginning(source, args.words, args.work / f"many-{language}.txt")


def teacher(args: Any, seed: int, language: str) -> Path:
    run = args.work / f"many-teacher-{language}-{seed}"
    run_xlner(["train", "--source", f"{language}={text(args, language)}", "--output", str(run), "--seed", str(seed)])
    return run


def of_target(args: Any, seed: int, target: str) -> list[dict[str, Any]]:
    """F1 of every system for one target, with the weights of the teachers."""
    sources = [x for x in LANGUAGES if x != target]
    teachers = {x: teacher(args, seed, x) for x in sources}
    gold = args.data / "conll" / target / "test.txt"
    common = ["--target", f"{target}={text(args, target)}", "--seed", str(seed)]

    def row(system: str, name: str, given: Sequence[str]) -> dict[str, Any]:
        output = args.work / f"many-{target}-{name.replace(':', '-')}-{seed}"
        plain = [] if "direct" in given else ["--label-consistency", "0"]  # what is asked is who teaches
        made = run_xlner(["transfer", *given, *common, *plain, "--output", str(output)])
        found = {"system": system, "f1": f1_of(output, gold), "seconds": made["seconds"]}
        weights = output / "weights.json"
        return found | ({"weights": json.loads(weights.read_text("utf-8"))} if weights.is_file() else {})

    rows = [{"system": f"{s} direct", "f1": f1_of(teachers[s], gold)} for s in sources]
    rows += [row(f"{s} alone", f"from-{s}", ["--source", f"{s}={teachers[s]}"]) for s in sources]
    models = [x for s in sources for x in ("--source", f"{s}={teachers[s]}")]
    texts = [x for s in sources for x in ("--source-text", f"{s}={text(args, s)}")]
    for rule in RULES:
        rows.append(row(rule, rule, [*models, "--weights", rule, *(texts if rule != "uniform" else [])]))
    data = [x for s in sources for x in ("--source", f"{s}={text(args, s)}")]
    rows.append(row(TOGETHER, "together", ["--method", "direct", *data]))
    teacher_of_all = args.work / f"many-{target}-together-{seed}"
    return [*rows, row(FROM_TOGETHER, "from-together", ["--source", f"{sources[0]}={teacher_of_all}"])]


def means(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mean and t-interval over seeds per target and system; "best source alone" is chosen afterwards, with gold."""
    values: dict[tuple[str, str], list[float]] = {}
    for seed, target in dict.fromkeys((r["seed"], r["target"]) for r in runs):
        mine = [r for r in runs if (r["seed"], r["target"]) == (seed, target)]
        alone = [r["f1"] for r in mine if r["system"].endswith(" alone")]
        direct = [r["f1"] for r in mine if r["system"].endswith(" direct") and r["system"] != TOGETHER]
        shown = {r["system"]: r["f1"] for r in mine} | {
            "best source, direct": max(direct),
            "best source alone": max(alone),
            "mean source alone": sum(alone) / len(alone),
        }
        for system, f1 in shown.items():
            values.setdefault((target, system), []).append(f1)
    out = []
    for (target, system), f1 in values.items():
        row: dict[str, Any] = {"target": target, "system": system, "f1": sum(f1) / len(f1), "seeds": len(f1)}
        if len(f1) > 1:
            spread = seeds_interval(f1)
            row |= {"low": spread.low, "high": spread.high}
        out.append(row)
    return out


BEST = "best source alone"
COMPARED = [("uniform", BEST), ("language-id", "uniform"), (RULES[2], "uniform"), (FROM_TOGETHER, "uniform")]


def differences(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mean difference of two systems, paired by target and seed; intervals take targets as the unit."""
    f1: dict[str, dict[str, list[float]]] = {}
    for seed, target in dict.fromkeys((r["seed"], r["target"]) for r in runs):
        mine = {r["system"]: r["f1"] for r in runs if (r["seed"], r["target"]) == (seed, target)}
        mine[BEST] = max(value for system, value in mine.items() if system.endswith(" alone"))
        for system, value in mine.items():
            f1.setdefault(system, {}).setdefault(target, []).append(value)
    out = []
    for one, other in COMPARED:
        spread = targets_interval(paired_differences(f1[one], f1[other]))
        row = {"system": one, "other": other, "difference": spread.mean, "pairs": spread.runs}
        if spread.low is not None:
            row |= {"low": spread.low, "high": spread.high, "bootstrap": spread.bootstrap.as_dict()}
        out.append(row)
    return out


def table(runs: Sequence[dict[str, Any]], words: int) -> str:
    found = {(r["target"], r["system"]): r for r in means(runs)}
    targets = list(dict.fromkeys(t for t, _ in found))
    systems = ["best source, direct", "mean source alone", "best source alone", *RULES, TOGETHER, FROM_TOGETHER]
    lines = [
        "# Many sources against one",
        "",
        f"Strict span F1 on the full CoNLL tests, mean over {len({r['seed'] for r in runs})} seeds with the 95% "
        f"t-interval in brackets; at most {words} words of each training file. The best source is chosen with gold.",
        "",
        "| system | " + " | ".join(targets) + " | mean |",
        "|---" * (len(targets) + 2) + "|",
    ]
    for system in systems:
        rows = [found[t, system] for t in targets]
        cells = [f"{100 * r['f1']:.2f}" + (f" [{100 * r['low']:.2f}, {100 * r['high']:.2f}]" if "low" in r else "")
                 for r in rows]  # fmt: skip
        lines.append(f"| {system} | " + " | ".join(cells) + f" | {100 * sum(r['f1'] for r in rows) / len(rows):.2f} |")
    published = " | ".join(f"{PUBLISHED[t]:.2f}" for t in targets)
    mean = sum(PUBLISHED[t] for t in targets) / len(targets)
    lines += [f"| published, three sources, mBERT | {published} | {mean:.2f} |", ""]
    lines += [
        "Differences, paired by seed, mean over targets. In brackets the 95% t-interval over the means of targets "
        "(runs of one target are no independent observations), then the hierarchical bootstrap, which is too narrow "
        "for three targets:",
        "",
    ]
    for row in differences(runs):
        interval = ""
        if "low" in row:
            drawn = row["bootstrap"]
            interval = f" [{100 * row['low']:+.2f}, {100 * row['high']:+.2f}]"
            interval += f", {100 * drawn['low']:+.2f} to {100 * drawn['high']:+.2f}"
        lines.append(f"- {row['system']} less {row['other']}: {100 * row['difference']:+.2f}{interval}")
    lines += ["", "Weights of language-id, mean over seeds, with the F1 of each teacher applied directly:", ""]
    for target in targets:
        mine = [r for r in runs if r["target"] == target and r["system"] == "language-id"]
        parts = []
        for name in mine[0]["weights"]:
            source = name.split("-", 1)[1]
            direct = [r["f1"] for r in runs if r["target"] == target and r["system"] == f"{source} direct"]
            weight = sum(r["weights"][name] for r in mine) / len(mine)
            parts.append(f"{source} {weight:.2f} (F1 {100 * sum(direct) / len(direct):.1f})")
        lines.append(f"- {target}: " + ", ".join(parts))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
