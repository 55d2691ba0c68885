"""African languages without labels: what public parallel text (LAFAND) gives beside distillation on raw text.

The teacher is one model, English by default (that of `conll.py`); it tags the English or French side of the parallel
text. Per target, all scored on its whole MasakhaNER 2 test set (PER, ORG, LOC): the teacher itself ("direct"); a
student of the beginning of the target's raw training text ("distill"); a student of the first pairs of parallel text
("bitext"); a student of the raw text that teacher and bitext student label together ("two teachers"). With --pooled
also a model of the labels of English and of twelve African languages without the target (that of `masakhaner.py`,
"pooled"), and a student of the raw text that it and the bitext student label together ("pooled and bitext"). The
settings are the package's defaults; nothing was chosen on these languages here. Every run is kept in --work and reused.

    python benchmarks/african_bitext.py --targets luo twi
    python benchmarks/african_bitext.py --name pooled --arms bitext "two teachers"      # the pooled model as teacher
    python benchmarks/african_bitext.py --finished                          # the table of the runs that there are
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bitext_conll import of_teacher, projection
from choice import choice_table, chosen
from common import beginning, f1_of, measured, parser, run_xlner, write_results
from conll import means, summary
from masakhaner import EVEN, together
from xlner.data import load
from xlner.evaluate import seeds_interval

FROM_ENGLISH = ("hau", "yor", "lug", "twi", "luo", "tsn", "pcm")
FROM_FRENCH = ("bam", "bbj", "fon", "mos", "ewe")
SHORT = ("swa", "kin", "nya", "sna")  # dev and test parts of the parallel text alone
TARGETS = (*FROM_ENGLISH, *FROM_FRENCH, *SHORT)
ARMS = ("distill", "bitext", "two teachers")
POOLED, BOTH = "pooled", "pooled and bitext"
EVENED = {"two teachers": "the same, equal words alike", BOTH: "pooled and bitext, equal words alike"}
ORDER = (*ARMS, EVENED["two teachers"], POOLED, BOTH, EVENED[BOTH])
FREE = {"seconds": 0.0, "peak_mb": 0}  # nothing is trained for it
MAPPING = {"MISC": "O", "DATE": "O"}
MAPS = [x for name in MAPPING for x in ("--map", f"{name}=O")]


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--targets", nargs="+", default=TARGETS, choices=TARGETS)
    options.add_argument("--arms", nargs="+", default=ARMS, choices=ARMS)
    options.add_argument("--teacher", type=Path, help="a run; by default that of conll.py, with the first seed")
    options.add_argument("--name", default="english", help="what the teacher is called in names of runs and results")
    options.add_argument("--pairs", type=int, default=2000, help="of parallel text, from its beginning")
    options.add_argument("--words", type=int, default=10_000, help="of raw text, likewise")
    options.add_argument("--pooled", action="store_true", help="also a model of many languages' labels as a teacher")
    options.add_argument("--each", type=int, default=20_000, help="words of every source in that model")
    options.add_argument("--folds", type=int, default=4, help="hands of its targets")
    options.add_argument("--even", action="store_true", help="answers of students of two teachers, equal words alike")
    options.add_argument("--finished", action="store_true", help="start nothing, show what is finished")
    args = options.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    runs: list[dict[str, Any]] = []
    projections: list[dict[str, Any]] = []
    choices: dict[str, Any] = {}
    for target in args.targets:
        source = "fr" if target in FROM_FRENCH else "en"
        teacher = args.teacher or (together(args, target) if args.name == POOLED else args.work / "conll-teacher-1")
        folder = args.data / "masakhaner2" / target
        raw = beginning(folder / "train.txt", args.words, args.work / f"african-{target}-{args.words}.txt")
        sides, left_out = parallel(args.data, source, target, args.pairs, args.work)
        arms = [*args.arms, *([BOTH] if args.pooled else [])]
        run = {arm: args.work / f"lafand-{args.name}-{target}-{arm.replace(' ', '-')}" for arm in (*ARMS, BOTH)}
        of = ["--source", f"{source}={teacher}"]
        arguments = {
            "distill": ["--method", "distill", *of],
            "bitext": ["--method", "bitext", *of, "--bitext", f"{source}={sides[0]},{sides[1]}"],
            "two teachers": ["--method", "distill", "--source", f"{source}={run['bitext']}", *of],
        }
        if args.pooled and (not args.finished or measured(run[BOTH])):
            of = ["--source", f"mul={together(args, target)}", "--source", f"{source}={run['bitext']}"]
            arguments[BOTH] = ["--method", "distill", *of]
        for arm in (a for a in (*ARMS, BOTH) if a in arms):
            if args.finished and not measured(run[arm]):
                continue
            made = run_xlner(
                ["transfer", *arguments[arm], "--target", f"{target}={raw}", "--gold", str(folder / "test.txt"),
                 "--output", str(run[arm]), *MAPS]
            )  # fmt: skip
            row = {"seed": 1, "target": target}
            if arm == BOTH:
                runs.append({**row, "method": POOLED, "f1": made["sources"]["1-mul"]["f1"], **FREE})
            elif not any((r["target"], r["method"]) == (target, "direct") for r in runs):
                runs.append({**row, "method": "direct", **of_teacher(made)})
            runs.append({**row, "method": arm, **summary(made, "target")})
            if arm == "bitext":
                projections.append({**row, "in_test": left_out, **projection(run[arm])})
        f1 = {r["method"]: r["f1"] for r in runs if r["target"] == target}
        for arm, evened in EVENED.items():
            if args.even and arm in f1:
                alike = f1_of(run[arm], folder / "test.txt", MAPPING, consistency=EVEN)
                runs.append({"seed": 1, "target": target, "method": evened, "f1": alike, **FREE})
        models = {arm: place for arm, place in {"direct": teacher, **run}.items() if arm in f1}
        choices[target] = chosen(models, raw, {m: f1[m] for m in models}, MAPPING)
    result = {"pairs": args.pairs, "words": args.words, "runs": runs, "projections": projections, "choices": choices}
    write_results(args.results, f"african_bitext_{args.name}", result, table(runs, projections, choices, args))


def parallel(data: Path, source: str, target: str, pairs: int, work: Path) -> tuple[tuple[Path, Path], int]:
    """The two sides of the first pairs of LAFAND, its training part first; line breaks inside a side become spaces.

    Pairs whose target side is a sentence of the test set, or holds one or stands in one, are left out: MasakhaNER and
    LAFAND come from the same news, and some languages share most sentences. Returns the files and how many those were.
    """
    lines = lafand(data, source, target)
    tests = [letters(" ".join(s.words)) for s in load(data / "masakhaner2" / target / "test.txt")]
    tests = [text for text in tests if len(text) >= SHORTEST]
    whole, everything = set(tests), "\n".join(tests)
    found: list[dict[str, str]] = []
    left_out = 0
    for line in lines:
        pair = json.loads(line)["translation"]
        text = letters(pair[target])
        if text in whole or (len(text) >= SHORTEST and (text in everything or any(t in text for t in tests))):
            left_out += 1
        elif len(found) < pairs:
            found.append(pair)
        if len(found) == pairs:
            break
    sides = tuple(work / f"lafand-{pairs}.{source}-{target}.{side}.txt" for side in (source, target))
    for side, path in zip((source, target), sides, strict=True):
        path.write_text("".join(" ".join(pair[side].split()) + "\n" for pair in found), "utf-8")
    return (sides[0], sides[1]), left_out


SHORTEST = 20  # letters of a sentence that counts where it stands in another


def lafand(data: Path, source: str, target: str) -> list[str]:
    """The lines of all parts, training first; each holds a pair as JSON."""
    places = [data / "bitext" / "lafand" / f"{source}-{target}" / f"{part}.json" for part in ("train", "dev", "test")]
    return [x for p in places if p.is_file() for x in p.read_text("utf-8").splitlines() if x.strip()]


def letters(text: str) -> str:
    """The text without case, spaces and marks."""
    return "".join(c for c in text.casefold() if c.isalnum())


def table(runs: list[dict[str, Any]], projections: list[dict[str, Any]], choices: dict[str, Any], args: Any) -> str:
    arms = ["direct", *(a for a in ORDER if any(r["method"] == a for r in runs))]
    f1 = {(r["target"], r["method"]): 100 * r["f1"] for r in runs}
    pairs = {p["target"]: p for p in projections}
    targets = list(dict.fromkeys(r["target"] for r in runs))
    minutes = {(r["target"], r["method"]): r["seconds"] / 60 for r in means(runs)}
    lines = [
        "# African languages with public parallel text",
        "",
        f"Strict span F1 of PER, ORG, LOC on whole MasakhaNER 2 test sets, one seed, teacher: {args.name}. Raw text: "
        f"{args.words:,} words; parallel text: the first {args.pairs:,} pairs of LAFAND, fewer where there are fewer. "
        "Entities: those that the teacher found on the source side, and those that arrived. Minutes are of the bitext "
        "student, projection and scoring included; other work shared the machine. Where equal words are labelled "
        "alike, the test text was read, without labels, before the first answer (how far: masakhaner.md).",
        "",
        "The parallel text is of the same news as the test sets. Pairs that are sentences of a test set were left out"
        + (
            ": " + ", ".join(f"{p['target']} {p['in_test']}" for p in projections if p["in_test"]) + ". "
            if any(p["in_test"] for p in projections)
            else ". "
        )
        + "Most other pairs of all languages but hau, yor, swa, kin, nya and sna are sentences of MasakhaNER's "
        "training files, so text of the test's own kind is part of what is gained.",
        "",
        "| target | " + " | ".join(arms) + " | best less direct | pairs | entities | arrived | minutes |",
        "|---" * (len(arms) + 6) + "|",
    ]
    for target in targets:
        mine = [f1.get((target, a)) for a in arms]
        cells = [target, *("" if x is None else f"{x:.1f}" for x in mine)]
        cells.append(f"{max(x for x in mine if x is not None) - f1[target, 'direct']:+.1f}")
        if p := pairs.get(target):
            cells += [p["kept"], p["entities"], p["fates"].get("projected", 0)]
            cells.append(f"{minutes[target, 'bitext']:.1f}")
        else:
            cells += [""] * 4
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    whole = [t for t in targets if all((t, a) in f1 for a in arms)]
    if len(whole) > 1:
        values = [sum(f1[t, a] for t in whole) / len(whole) for a in arms]
        lines.append(f"| mean of {len(whole)} | " + " | ".join(f"{v:.1f}" for v in values) + " | | | | | |")
    lines += differences({t: {a: f1[t, a] for a in arms} for t in whole}, arms)
    if any(choices.values()):
        lines += ["", "Which model would have been taken without labels, on the raw text (`choice.py`):", ""]
        lines += choice_table(choices)
    return "\n".join(lines)


def differences(f1: dict[str, dict[str, float]], arms: list[str]) -> list[str]:
    """Lines: by how much each arm beats those before it, mean over targets with the 95 % t-interval over them."""
    if len(f1) < 2:
        return []
    lines = [
        "",
        "Mean difference over targets, with the 95 % t-interval over targets, and in how many it is above 0:",
        "",
    ]
    base = {evened: arm for arm, evened in EVENED.items()}
    for i, one in enumerate(arms):
        for other in [base[one]] if one in base else [a for a in arms[:i] if a not in base]:
            each = [row[one] - row[other] for row in f1.values()]
            spread = seeds_interval(each)
            wins = sum(x > 0 for x in each)
            bounds = f"[{spread.low:+.1f}, {spread.high:+.1f}]"
            lines.append(f"- {one} less {other}: {spread.mean:+.1f} {bounds}, {wins} of {len(each)}")
    return lines


if __name__ == "__main__":
    main()
