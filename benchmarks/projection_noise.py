"""What helps against noise in projected labels: soft labels, selection, co-teaching (CoNLL es from English).

The first sentence pairs of newstest; a teacher tags the English side, its entities are projected once, and every arm
is a student that starts from the teacher and takes one pass over the same projected file. Dev is the file that a
default may be chosen on, test is reported beside it. Beside each type stand precision and recall, for where the plain
student differs from the teacher that reads Spanish itself.

    python benchmarks/projection_noise.py --teacher runs/conll-teacher-1
    python benchmarks/projection_noise.py --teacher runs/conll-teacher-1 --arms plain soft --seeds 1 2 --finished
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bitext_conll import bitext
from common import commit, parser, write_results
from xlner.core.labels import LabelSet
from xlner.core.types import Sentence
from xlner.data import load, stream_text, write
from xlner.evaluate import compare, interval, score
from xlner.evaluate.scores import Scores
from xlner.methods.bitext import BitextTransfer
from xlner.methods.projected import SentencePairs, write_projected
from xlner.methods.projected_student import train_on_projected
from xlner.methods.task import Source, Task
from xlner.methods.teachers import Teacher
from xlner.tagger import Tagger
from xlner.train import TrainOptions
from xlner.train.loop import forget

TYPES = ("LOC", "MISC", "ORG", "PER")
LABELS = LabelSet(TYPES)
ARMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "lost capitals outside": {"lost_capitals": "outside"},
    "lost capitals unknown": {"lost_capitals": "unknown"},
    "soft": {"projected_labels": "soft"},
    "surest 0.5": {"surest_share": 0.5},
    "surest 0.8": {"surest_share": 0.8},
    "co-teaching 0.1": {"co_teaching": 0.1},
    "co-teaching 0.1, lost capitals outside": {"co_teaching": 0.1, "lost_capitals": "outside"},
}
DIRECT = "teacher itself"
PARTS = ("dev", "test")


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--teacher", type=Path, required=True, help="run of an English tagger with the four types")
    options.add_argument("--pairs", type=int, default=2000, help="take so many sentence pairs")
    options.add_argument("--seeds", type=int, nargs="+", default=[1])
    options.add_argument("--arms", nargs="*", default=[*ARMS], choices=[*ARMS])
    options.add_argument("--parts", nargs="*", default=PARTS, choices=PARTS, help="what is predicted in this call")
    options.add_argument("--finished", action="store_true", help="start nothing, show what is finished")
    args = options.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    gold = {part: load(args.data / "conll" / "es" / f"{part}.txt", language="spa").sentences for part in PARTS}
    place = args.work / f"projection-noise-{args.pairs}"
    asked = () if args.finished else args.parts
    runs = {DIRECT: measured(place / "direct", gold, asked, lambda _: Tagger.load(args.teacher, labels=LABELS))}
    for arm in args.arms:
        for seed in args.seeds:
            folder = place / f"{arm.replace(',', '').replace(' ', '-')}-{seed}"
            runs[f"{arm}, seed {seed}"] = measured(folder, gold, asked, partial(student, args, arm, seed))
    runs = {name: run for name, run in runs.items() if run}
    projected = json.loads((place / "projected" / "index.json").read_text("utf-8"))["counts"]
    result = {
        "pairs": args.pairs,
        "runs": {name: summary(run) for name, run in runs.items()},
        "against_plain": {name: against(run, runs, name) for name, run in runs.items()},
        "projection": {k: v for k, v in projected.items() if k != "settings"},
        "lower_case": lower_case(s for file in (place / "projected").glob("*.jsonl") for s in load(file).sentences),
    }
    write_results(args.results, "projection_noise", result, table(result))


def student(args: Any, arm: str, seed: int, run: Path) -> Tagger:
    """The student of one arm; trained, and what it learns from projected, if that is not there yet."""
    if (run / "model").is_dir():
        return Tagger.load(run / "model", labels=LABELS)
    teacher = Teacher(name="1-en", model=str(args.teacher), labels=LABELS, given=True)
    streams = [
        partial(stream_text, side, language=language, split_lines=False)
        for side, language in zip(bitext(args.data, "es", args.pairs, args.work), ("eng", "spa"), strict=True)
    ]
    pairs = SentencePairs(name="1-en", source=streams[0], target=streams[1], teacher=teacher)
    options = BitextTransfer.Options(student=TrainOptions(seed=seed), **ARMS[arm])
    source = Source(language="eng", model=str(args.teacher), name="1-en")
    task = Task(sources=(source,), target="spa", labels=LABELS)
    capitals = "" if options.lost_capitals == "entity" else f"-{options.lost_capitals}"
    data = write_projected(pairs, options, options.teacher, run.parent / f"projected{capitals}")
    tagger, notes = train_on_projected([data], [teacher], task, options, run)
    print(*notes, sep="\n", flush=True)
    tagger.save(run / "model")
    forget(run)
    return tagger


def measured(
    run: Path, gold: dict[str, list[Sentence]], asked: Sequence[str], make: Callable[[Path], Tagger]
) -> dict[str, Any]:
    """Commit and scores of an arm, part by part; answers are kept in its folder, and those asked for are made."""
    files = {part: run / f"{part}.jsonl" for part in gold}
    if missing := [part for part in asked if not files[part].is_file()]:
        tagger = make(run)
        (run / "commit.txt").write_text(commit(), "utf-8")
        for part in missing:
            write(files[part], list(tagger.predict(gold[part])))
    answers = {part: load(file).sentences for part, file in files.items() if file.is_file()}
    if not answers:
        return {}
    scores = {part: score(gold[part], answers[part], types=TYPES) for part in answers}
    return {"commit": (run / "commit.txt").read_text("utf-8"), **scores}


def summary(run: dict[str, Any]) -> dict[str, Any]:
    """F1 with its interval over sentences, and each type."""
    out: dict[str, Any] = {"commit": run["commit"]}
    for part in (p for p in PARTS if p in run):
        found: Scores = run[part]
        bounds = interval(found)
        out[part] = {
            "f1": found.f1, "low": bounds.low, "high": bounds.high, "precision": found.precision,
            "recall": found.recall, "types": {t: s.as_dict() for t, s in found.per_type.items()},
        }  # fmt: skip
    return out


def against(run: dict[str, Any], runs: dict[str, Any], name: str) -> dict[str, Any] | None:
    """The paired difference from the plain arm of the same seed; for the teacher from the first plain one."""
    seeds = [n for n in runs if n.startswith("plain,") and (name == DIRECT or n.split(",")[1] == name.split(",")[1])]
    if not seeds or name == seeds[0]:
        return None
    out = {}
    for part in (p for p in PARTS if p in run and p in runs[seeds[0]]):
        found = compare(run[part], runs[seeds[0]][part], resamples=2000)
        out[part] = {"difference": found.difference, "low": found.interval.low, "high": found.interval.high}
    return out


def lower_case(sentences: Iterable[Sentence]) -> dict[str, int]:
    """Entities of which no word begins with a capital, by type."""
    spans = ((s, x) for s in sentences for x in s.spans)
    return Counter(x.label for s, x in spans if not any(w[:1].isupper() for w in s.words[x.start : x.end]))


def table(result: dict[str, Any]) -> str:
    projected = result["projection"]
    lines = [
        "# Noise in projected labels",
        "",
        f"CoNLL Spanish, students of the first {result['pairs']} sentence pairs of newstest en-es, one pass, from a "
        "teacher of English CoNLL that tags the English side. Strict span F1 with the 95% bootstrap interval over "
        "sentences; difference from the plain arm, paired.",
        "",
        "| arm | dev F1 | difference | test F1 | difference |",
        "|---" * 5 + "|",
    ]
    for name, run in result["runs"].items():
        other = result["against_plain"][name]
        cells = [name]
        for part in PARTS:
            cells += [percent(run.get(part), "f1"), percent((other or {}).get(part), "difference")]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "Precision / recall on dev by type:", "", "| arm | " + " | ".join(TYPES) + " |", "|---" * 5 + "|"]
    for name, run in result["runs"].items():
        of_types = run["dev"]["types"]
        cells = [f"{100 * of_types[t]['precision']:.1f} / {100 * of_types[t]['recall']:.1f}" for t in TYPES]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    types = ", ".join(
        f"{t} {projected['source_types'].get(t, 0)} / {projected['target_types'].get(t, 0)}" for t in TYPES
    )
    absent = [arm for arm in ARMS if not any(name.startswith(f"{arm}, seed") for name in result["runs"])]
    lines += [
        "",
        *([f"Not measured: {'; '.join(absent)}.", ""] if absent else []),
        f"Projection: {projected['kept']} of {projected['pairs']} pairs, {projected['entities']} entities, "
        f"{projected['fates'].get('projected', 0)} projected; English side / Spanish side {types}; "
        f"{projected['without_entities']} sentences without entities, {projected['missing_words']} of "
        f"{projected['words']} words unknown. Projected entities without a capital: "
        + ", ".join(f"{t} {result['lower_case'].get(t, 0)}" for t in TYPES)
        + ".",
    ]
    return "\n".join(lines)


def percent(row: dict[str, Any] | None, name: str) -> str:
    if row is None:
        return ""
    sign = "+" if name == "difference" else ""
    return f"{100 * row[name]:{sign}.2f} [{100 * row['low']:.2f}, {100 * row['high']:.2f}]"


if __name__ == "__main__":
    main()
