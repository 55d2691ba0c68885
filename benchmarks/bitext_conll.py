"""German, Spanish and Dutch (CoNLL) from English with public parallel text: projection, alone and with distillation.

Per seed one English teacher (that of `conll.py`). Parallel text: newstest, and for Dutch NTREX. Per target: the student
of `conll.py` that sees raw text alone ("distill"); a student of newstest, whose English side the teacher tags
("bitext"); a student that both of these teachers label raw text for ("two teachers"); and the method combined, whose
student learns from the projected data too ("combined"); and one student of the English teachers and the students of
newstest of every seed asked for ("all seeds"), whose own seed is then all that differs between its runs. In the arms
with "lost capitals", an entity with a capital in English and none in the target is no entity (`--lost-capitals
outside`), and what teachers find in small letters in the raw text is none (`--lower-case-names outside`, with
distillation also alone): Spanish writes nationalities in lower case, and Spanish CoNLL does not label them, while
German CoNLL labels "deutsche". That is knowledge of the two languages; its effect was seen on Spanish data in
`projection_noise.py` before it was measured here. The raw text is the words of the target's training file. All other
settings are the package's defaults; nothing was chosen on German. Every run is kept in `--work` and reused, and one
that was killed goes on.

    python benchmarks/bitext_conll.py --seeds 1                  # runs of conll.py in the same --work are reused
    python benchmarks/bitext_conll.py --seeds 1 2 3 --finished   # the table of the runs that there are
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from choice import choice_table, chosen
from common import f1_of, measured, parser, run_xlner, write_results
from conll import EVEN, means, summary

TARGETS = ("es", "de", "nl")
TYPES = ("PER", "LOC", "ORG", "MISC")
CAPITALS = "bitext, lost capitals"
SMALL = "distill, no names in small letters"
BOTH = "two teachers, lost capitals"
ALL = "all seeds, lost capitals"
ARMS = ("distill", SMALL, "bitext", CAPITALS, "two teachers", BOTH, "combined", "all seeds", ALL)
PUBLISHED = {
    "es": 76.94,
    "de": 73.22,
    "nl": 80.89,
}  # TSL with mBERT, Wu et al. 2020: no parallel text, an encoder whose layers are four times as large
WITH_LABELS = {"es": 84.9, "de": 80.7, "nl": 87.0}  # our encoder trained on the target's own labels


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options.add_argument("--targets", nargs="*", default=TARGETS, choices=TARGETS)
    options.add_argument("--arms", nargs="*", default=ARMS, choices=ARMS)
    options.add_argument("--pairs", type=int, default=0, help="take so many sentence pairs; 0 for all")
    options.add_argument("--finished", action="store_true", help="start nothing, show what is finished")
    args = options.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    runs: list[dict[str, Any]] = []
    projections: list[dict[str, Any]] = []
    choices: dict[str, Any] = {}
    for seed in args.seeds:
        teacher, english = args.work / f"conll-teacher-{seed}", args.data / "conll" / "en"
        if args.finished and not measured(teacher):
            continue
        run_xlner(
            ["train", "--source", f"en={english / 'train.txt'}", "--gold", str(english / "dev.txt"),
             "--output", str(teacher), "--seed", str(seed)]
        )  # fmt: skip
        for target in args.targets:
            raw, gold = (args.data / "conll" / target / f"{part}.txt" for part in ("train", "test"))
            text = bitext(args.data, target, args.pairs, args.work)
            places = {arm: place(args.work, target, seed, arm, args.pairs) for arm in ARMS}
            for arm in (a for a in ARMS if a in args.arms):
                if args.finished and not measured(places[arm]):
                    continue
                projected = CAPITALS if arm == ALL else "bitext"
                others = [args.work / f"conll-teacher-{s}" for s in args.seeds]
                others += [place(args.work, target, s, projected, args.pairs) for s in args.seeds]
                made = run_xlner(
                    ["transfer", *arguments(arm, teacher, places, text, others), "--target", f"{target}={raw}",
                     "--gold", str(gold), "--output", str(places[arm]), "--seed", str(seed)]
                )  # fmt: skip
                row = {"seed": seed, "target": target}
                if arm == args.arms[0]:
                    runs.append({**row, "method": "direct", **of_teacher(made)})
                runs.append({**row, "method": arm, **summary(made, "target")})
                even = f1_of(places[arm], gold, consistency=EVEN)
                runs.append({**row, "method": f"{arm}, even", "f1": even, "seconds": 0, "peak_mb": 0})
                if arm in ("bitext", CAPITALS):
                    projections.append({**row, **projection(places[arm])})
            f1 = {r["method"]: r["f1"] for r in runs if (r["target"], r["seed"]) == (target, seed)}
            models = {arm: place for arm, place in {"direct": teacher, **places}.items() if arm in f1}
            choices[f"{target}, seed {seed}"] = chosen(models, raw, {m: f1[m] for m in models}, {})
    result = {"runs": runs, "summary": means(runs), "projections": projections, "choices": choices}
    name = "bitext_conll" + (f"_{args.pairs}" if args.pairs else "")
    write_results(args.results, name, result, table(runs, projections, choices))


def place(work: Path, target: str, seed: int, arm: str, pairs: int) -> Path:
    """The run folder of an arm; the student of raw text alone is that of `conll.py`."""
    if arm == "distill":
        return work / f"conll-{target}-{seed}-consistent"
    name = arm.replace(",", "").replace(" ", "-")
    return work / f"bitext-conll-{target}-{seed}-{name}{f'-{pairs}' if pairs and arm != SMALL else ''}"


def arguments(
    arm: str, teacher: Path, places: dict[str, Path], text: tuple[Path, Path], others: list[Path]
) -> list[str]:
    """What tells the arms apart; others are the teachers of all seeds."""
    source, parallel = ["--source", f"en={teacher}"], ["--bitext", f"en={text[0]},{text[1]}"]
    every = ["--method", "distill", *(f"--source=en={folder}" for folder in others)]
    outside = ["--lower-case-names", "outside"]
    return {
        "distill": ["--method", "distill", *source],
        "bitext": ["--method", "bitext", *source, *parallel],
        CAPITALS: ["--method", "bitext", *source, *parallel, "--lost-capitals", "outside"],
        "two teachers": ["--method", "distill", "--source", f"en={places['bitext']}", *source],
        SMALL: ["--method", "distill", *source, *outside],
        BOTH: ["--method", "distill", "--source", f"en={places[CAPITALS]}", *source, *outside],
        "combined": ["--method", "combined", *source, *parallel],
        "all seeds": every,
        ALL: [*every, *outside],
    }[arm]


def bitext(data: Path, target: str, pairs: int, work: Path) -> tuple[Path, Path]:
    """The two sides of the parallel text, or of its first pairs."""
    folder = data / "bitext" / "newstest" / f"en-{target}"
    sides = folder / "en.txt", folder / f"{target}.txt"
    if target == "nl":
        sides = data / "bitext" / "ntrex" / "eng.txt", data / "bitext" / "ntrex" / "nld.txt"
    if not pairs:
        return sides
    cut = tuple(work / f"newstest-{pairs}.{target}.{side.stem}.txt" for side in sides)
    for side, short in zip(sides, cut, strict=True):
        short.write_text("".join(side.open(encoding="utf-8").readlines()[:pairs]), "utf-8")
    return cut[0], cut[1]


def of_teacher(made: dict[str, Any]) -> dict[str, Any]:
    """The figures of the English teacher itself: the last of the sources in every arm."""
    scores = list(made["sources"].values())[-1]
    kept = {k: scores[k] for k in ("f1", "precision", "recall", "interval")}
    return {**kept, "seconds": 0, "peak_mb": 0, "commit": made.get("commit")}


def projection(run: Path) -> dict[str, Any]:
    """What became of pairs and entities, without any sentence."""
    made = json.loads(next((run / "projected").glob("*/index.json")).read_text("utf-8"))["counts"]
    return {k: v for k, v in made.items() if k != "settings"}


def table(runs: list[dict[str, Any]], projections: list[dict[str, Any]], choices: dict[str, Any]) -> str:
    rows = {(r["target"], r["method"]): r for r in means(runs)}
    lines = [
        "# German, Spanish and Dutch from English with public parallel text",
        "",
        "Strict span F1 on the full CoNLL test files, mean over seeds with the 95% t-interval over seeds in brackets. "
        f"Even: equal words of the test text are labelled alike (`--label-consistency {EVEN}`). Published: TSL, with "
        "an encoder whose layers are four times as large, without parallel text. With labels: our encoder trained on "
        "the target's own. Where capitals are lost, entities with a capital in English and none in the target were "
        "left out; that this helps was first seen on Spanish dev and test text (projection_noise.md), and there is no "
        "plain arm beside it in Spanish.",
        "",
        "| target | method | seeds | F1 | even | minutes | peak MB |",
        "|---" * 7 + "|",
    ]
    for (target, method), row in rows.items():
        if method.endswith(", even"):
            continue
        even = rows.get((target, f"{method}, even"))
        cells = [target, method, len(row["seeds"]), percent(row), percent(even) if even else ""]
        cells += [f"{row['seconds'] / 60:.1f}", row["peak_mb"]] if row["seconds"] else ["", ""]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    for target in dict.fromkeys(t for t, _ in rows):
        lines.append(f"| {target} | published TSL | | {PUBLISHED[target]} | | | |")
        lines.append(f"| {target} | with labels | 1 | {WITH_LABELS[target]} | | | |")
    lines += [
        "",
        "| target | seed | pairs | entities of the English side | projected | sentences without any | unknown words | "
        + " | ".join(f"{t}: English side / projected" for t in TYPES) + " |",
        "|---" * 11 + "|",
    ]  # fmt: skip
    for p in projections:
        sides = p["source_types"], p["target_types"]
        types = [" / ".join(str(side.get(t, 0)) for side in sides) for t in TYPES]
        share = 100 * p["missing_words"] / p["words"]
        cells = [p["target"], p["seed"], p["kept"], p["entities"], p["fates"].get("projected", 0)]
        cells += [p["without_entities"], f"{share:.1f}%", *types]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    if any(choices.values()):
        lines += ["", "Which model would have been taken without labels, on raw text of the target (`choice.py`):", ""]
        lines += choice_table(choices)
    return "\n".join(lines)


def percent(row: dict[str, Any]) -> str:
    spread = f" [{100 * row['low']:.2f}, {100 * row['high']:.2f}]" if "low" in row else ""
    return f"{100 * row['f1']:.2f}{spread}"


if __name__ == "__main__":
    main()
