"""Spanish, Dutch and German (CoNLL) from English by translation: quality of the translation and of the result.

Per target: the English teacher itself ("direct"), distillation on raw text ("distill"), translate-train with each
translator there is (Spanish: Apertium alone, the chain over Portuguese, dictionaries; Dutch and German: dictionaries),
and UniTrans with dictionaries (`combined --projected-teachers both --vote 1 --no-learn-projected`). chrF is that of
`translators.py`, if its results are there. Test files are whole; English labels and raw text are the beginnings of the
files. All other settings are the package's defaults; nothing was chosen on these targets here.

    python benchmarks/translated_conll.py --seeds 1
    python benchmarks/translated_conll.py --targets es --arms apertium chain lexicon
    python benchmarks/translated_conll.py --finished           # the table of the runs that there are
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from common import beginning, measured, parser, run_xlner, write_results
from conll import means, summary
from translators import DICTIONARIES

TARGETS = ("es", "nl", "de")
TRANSLATORS = {"es": ("apertium", "chain", "lexicon"), "nl": ("lexicon",), "de": ("lexicon",)}
ARMS = ("distill", "unitrans", "lexicon", "chain", "apertium")
PUBLISHED = {"es": ("74.5 to 75.0", 79.3), "nl": ("77.6 to 79.5", 82.9), "de": ("69.6 to 71.1", 74.8)}


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, nargs="+", default=[1])
    options.add_argument("--targets", nargs="+", default=TARGETS, choices=TARGETS)
    options.add_argument("--arms", nargs="+", default=ARMS, choices=ARMS)
    options.add_argument("--words", type=int, default=15_000, help="of English labels, from their beginning")
    options.add_argument("--raw-words", type=int, default=15_000, help="of raw text of the target, likewise")
    options.add_argument("--finished", action="store_true", help="start nothing, show what is finished")
    args = options.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    english = args.data / "conll" / "en"
    train = beginning(english / "train.txt", args.words, args.work / f"en.train.txt.{args.words}.txt")
    runs: list[dict[str, Any]] = []
    for seed in args.seeds:
        teacher = args.work / f"conll-{args.words}-teacher-{seed}"  # that of portuguese.py
        if args.finished and not measured(teacher):
            continue
        run_xlner(["train", "--source", f"en={train}", "--output", str(teacher), "--seed", str(seed)])
        for target in args.targets:
            folder = args.data / "conll" / target
            raw = beginning(
                folder / "train.txt", args.raw_words, args.work / f"{target}.train.txt.{args.raw_words}.txt"
            )
            for arm in (a for a in args.arms if a in (*TRANSLATORS[target], "distill", "unitrans")):
                place = args.work / f"translated-{target}-{args.words}-{args.raw_words}-{seed}-{arm}"
                if args.finished and not measured(place):
                    continue
                source = teacher if arm == "distill" else train
                made = run_xlner(
                    ["transfer", "--source", f"en={source}", *arguments(arm, target, args.data), "--target",
                     f"{target}={raw}", "--gold", str(folder / "test.txt"), "--output", str(place),
                     "--seed", str(seed)]
                )  # fmt: skip
                row = {"seed": seed, "target": target}
                if arm == "distill":
                    runs.append({**row, "method": "direct", **summary(made, "sources")})
                runs.append({**row, "method": arm, **summary(made, "target"), "losses": losses(place)})
    result = {"words": args.words, "raw_words": args.raw_words, "runs": runs, "summary": means(runs)}
    write_results(args.results, "translated_conll", result, table(runs, args))


def arguments(arm: str, target: str, data: Path) -> list[str]:
    """What tells the arms apart."""
    if arm == "distill":
        return ["--method", "distill"]
    files = [str(data / "dictionaries" / name) for name in DICTIONARIES[target]]
    lexicon = json.dumps({"name": "lexicon", "dictionary": files})
    if arm == "unitrans":
        unitrans = ["--projected-teachers", "both", "--vote", "1", "--no-learn-projected"]
        return ["--method", "combined", "--translator", lexicon, *unitrans]
    return ["--method", "translate-train", "--translator", lexicon if arm == "lexicon" else arm]


def losses(run: Path) -> dict[str, Any]:
    """What became of lines and entities, without any sentence."""
    indices = list((run / "projected").glob("*/index.json"))
    counts = json.loads(indices[0].read_text("utf-8"))["counts"] if indices else {}
    return {k: counts[k] for k in ("kept", "entities", "fates", "missing_words", "words") if k in counts}


def quality(results: Path, arm: str, target: str) -> str:
    """chrF of the arm's translator, from the results of `translators.py`."""
    path = results / "translators.json"
    rows = json.loads(path.read_text("utf-8"))["rows"] if path.is_file() else []
    name = {"lexicon": "lexicon, static", "unitrans": "lexicon, static"}.get(arm, arm)
    return next((f"{r['chrf']:.1f}" for r in rows if (r["name"], r["pair"]) == (name, f"en-{target}")), "")


def table(runs: list[dict[str, Any]], args: Any) -> str:
    lines = [
        "# Spanish, Dutch and German from English by translation",
        "",
        f"Strict span F1 on whole CoNLL test files, mean over seeds ({args.words:,} words of English labels, "
        f"{args.raw_words:,} words of raw text). unitrans: UniTrans with dictionaries. lexicon, chain, apertium: "
        "translate-train with that translator, source data included. chrF: of its translations of NTREX "
        "(translators.md). Arrived: share of the entities that projection found again. Published: mBERT, an encoder "
        "whose layers are four times as large, all of the English labels; direct, and UniTrans. Minutes include "
        "training the teacher, but of distill; other work shared the machine.",
        "",
        "| target | method | seeds | F1 | less direct | chrF | arrived | minutes | published |",
        "|---" * 9 + "|",
    ]
    direct = {r["target"]: r["f1"] for r in means(runs) if r["method"] == "direct"}
    for row in means(runs):
        target, method = row["target"], row["method"]
        lost = [r["losses"] for r in runs if (r["target"], r["method"]) == (target, method) and r.get("losses")]
        arrived = sum(x["fates"].get("projected", 0) for x in lost) / sum(x["entities"] for x in lost) if lost else None
        published = PUBLISHED[target]
        cells = [target, method, len(row["seeds"]), f"{100 * row['f1']:.2f}"]
        cells.append(f"{100 * (row['f1'] - direct[target]):+.2f}" if method != "direct" and target in direct else "")
        cells.append(quality(args.results, method, target))
        cells.append("" if arrived is None else f"{100 * arrived:.1f}%")
        cells.append("" if method == "direct" else f"{row['seconds'] / 60:.1f}")
        cells.append({"direct": published[0], "unitrans": published[1]}.get(method, ""))
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
