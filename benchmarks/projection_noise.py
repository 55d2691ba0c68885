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
from functools import partial
from pathlib import Path
from typing import Any

from bitext_conll import bitext
from common import commit, parser, write_results
from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.core.types import Sentence
from xlner.data import load, stream_text, write
from xlner.evaluate import compare, interval, score
from xlner.evaluate.scores import Scores
from xlner.methods.bitext import BitextTransfer
from xlner.methods.projected import ProjectedSet, SentencePairs, write_projected
from xlner.methods.projected_student import train_on_projected
from xlner.methods.task import Source, Task
from xlner.methods.teachers import Teacher
from xlner.tagger import Tagger
from xlner.train import TrainOptions

TYPES = ("LOC", "MISC", "ORG", "PER")
ARMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "soft": {"projected_labels": "soft"},
    "surest 0.8": {"surest_share": 0.8},
    "surest 0.5": {"surest_share": 0.5},
    "co-teaching 0.1": {"co_teaching": 0.1},
    "read target": {"read_target": True},
}
DIRECT = "teacher itself"
PARTS = ("dev", "test")


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--teacher", type=Path, required=True, help="run of an English tagger with the four types")
    options.add_argument("--pairs", type=int, default=2000, help="take so many sentence pairs")
    options.add_argument("--seeds", type=int, nargs="+", default=[1])
    options.add_argument("--arms", nargs="*", default=[*ARMS], choices=[*ARMS])
    options.add_argument("--finished", action="store_true", help="start nothing, show what is finished")
    args = options.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    gold = {part: load(args.data / "conll" / "es" / f"{part}.txt", language="spa").sentences for part in PARTS}
    place = args.work / f"projection-noise-{args.pairs}"
    made = {DIRECT: measured(place / "direct", gold, None if args.finished else partial(tagger_of, args.teacher))}
    for arm in args.arms:
        for seed in args.seeds:
            train = None if args.finished else partial(student, args, arm, seed, place)
            made[f"{arm}, seed {seed}"] = measured(place / f"{arm.replace(' ', '-')}-{seed}", gold, train)
    runs = {name: run for name, run in made.items() if run}
    projected = json.loads((place / "projected" / "index.json").read_text("utf-8"))["counts"]
    result = {
        "pairs": args.pairs,
        "runs": {name: summary(run) for name, run in runs.items()},
        "against_plain": {name: against(run, runs, name) for name, run in runs.items()},
        "projection": {k: v for k, v in projected.items() if k != "settings"},
    }
    write_results(args.results, "projection_noise", result, table(result))


def tagger_of(run: Path) -> Tagger:
    return Tagger.load(run, labels=LabelSet(TYPES))


def student(args: Any, arm: str, seed: int, place: Path) -> Tagger:
    """Project, if nobody has yet, and train the student of one arm."""
    labels = LabelSet(TYPES)
    teacher = Teacher(name="1-en", model=str(args.teacher), labels=labels, given=True)
    streams = [
        partial(stream_text, side, language=language, split_lines=False)
        for side, language in zip(bitext(args.data, "es", args.pairs, args.work), ("eng", "spa"), strict=True)
    ]
    pairs = SentencePairs(name="1-en", source=streams[0], target=streams[1], teacher=teacher)
    options = BitextTransfer.Options(student=TrainOptions(seed=seed), **ARMS[arm])
    source = Source(language="eng", model=str(args.teacher), name="1-en")
    task = Task(sources=(source,), target="spa", labels=labels)
    folder = place / ("projected-read-target" if options.read_target else "projected")
    data: ProjectedSet = write_projected(pairs, options, options.teacher, folder)
    seed_everything(seed)
    tagger, notes = train_on_projected([data], [teacher], task, options, place / f"{arm.replace(' ', '-')}-{seed}")
    print(*notes, sep="\n", flush=True)
    return tagger


def measured(folder: Path, gold: dict[str, list[Sentence]], make: Any) -> dict[str, Any] | None:
    """Commit and scores of an arm, whose answers are kept in its folder; None if there are none and none are wanted."""
    file = folder / "commit.txt"
    if not file.is_file():
        if make is None:
            return None
        tagger = make()
        folder.mkdir(parents=True, exist_ok=True)
        for part, sentences in gold.items():
            write(folder / f"{part}.jsonl", list(tagger.predict(sentences)))
        file.write_text(commit(), "utf-8")
    answers = {part: load(folder / f"{part}.jsonl").sentences for part in gold}
    return {"commit": file.read_text("utf-8"), **{p: score(s, answers[p], types=TYPES) for p, s in gold.items()}}


def summary(run: dict[str, Any]) -> dict[str, Any]:
    """F1 with its interval over sentences, and each type."""
    out: dict[str, Any] = {"commit": run["commit"]}
    for part in PARTS:
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
    for part in PARTS:
        found = compare(run[part], runs[seeds[0]][part], resamples=2000)
        out[part] = {"difference": found.difference, "low": found.interval.low, "high": found.interval.high}
    return out


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
            cells += [percent(run[part], "f1"), percent(other[part], "difference") if other else ""]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "Precision / recall on dev by type:", "", "| arm | " + " | ".join(TYPES) + " |", "|---" * 5 + "|"]
    for name, run in result["runs"].items():
        of_types = run["dev"]["types"]
        cells = [f"{100 * of_types[t]['precision']:.1f} / {100 * of_types[t]['recall']:.1f}" for t in TYPES]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    types = ", ".join(
        f"{t} {projected['source_types'].get(t, 0)} / {projected['target_types'].get(t, 0)}" for t in TYPES
    )
    lines += [
        "",
        f"Projection: {projected['kept']} of {projected['pairs']} pairs, {projected['entities']} entities, "
        f"{projected['fates'].get('projected', 0)} projected; English side / Spanish side {types}; "
        f"{projected['without_entities']} sentences without entities, {projected['missing_words']} of "
        f"{projected['words']} words unknown.",
    ]
    return "\n".join(lines)


def percent(row: dict[str, Any], name: str) -> str:
    sign = "+" if name == "difference" else ""
    return f"{100 * row[name]:{sign}.2f} [{100 * row['low']:.2f}, {100 * row['high']:.2f}]"


if __name__ == "__main__":
    main()
