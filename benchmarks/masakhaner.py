"""No labels in the language: every African language as target, with teachers of all the others.

Two kinds of systems. The first take the teachers of `benchmarks/matrix.py` (the beginning of the training file of each
source): the source that `benchmarks/transferability.py` recommends without having seen the target, alone; students of
the --few recommended sources; of all African sources with English and French, alike and by language-id. The second
train one model on the data of many languages together: the African languages are dealt into --folds hands, and the
targets of one hand share a model of the first --each words of all African languages outside it, and of English; applied
as it is, and as the teacher of a student. The raw text is the beginning of the target's training file: --words of it,
and --more for the "consistent" student, in whose soft labels equal words are labelled alike. All other students do
without that. Everything is scored on its whole test set; the "even" systems label equal words of the test text
alike, so they have read all of that text, without its labels, before they answer. How far, 0.7 for students and 0.5 for
answers, was chosen on dev text of Bambara, Hausa, Mossi and Swahili.

    python benchmarks/masakhaner.py
    python benchmarks/masakhaner.py --targets swa yor --systems all     # only these, in a process of their own
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common import beginning, f1_of, parser, run_xlner, write_results
from matrix import AFRICAN, MAPPING, TEXT
from xlner.similarity.transferability import Transfers, predictions

SOURCES = (*AFRICAN, "eng", "fra")
SYSTEMS = {
    "recommended": "the recommended source alone",
    "few": "student of the few recommended",
    "all": "student of all",
    "language-id": "student of all, by language-id",
    "together": "all data together, direct",
    "together-even": "the same, equal words alike",
    "taught-together": "student of all data together",
    "consistent": "student from consistent labels and more text",
    "consistent-even": "the same, equal words alike",
}
DEFAULT = ["few", "together", "together-even", "taught-together", "consistent", "consistent-even"]
EVEN = 0.5
CHOSEN_ON = ("bam", "hau", "mos", "swa")  # on their dev text, `benchmarks/label_consistency.py`
MAPS = [x for name in MAPPING for x in ("--map", f"{name}=O")]
PUBLISHED = 68.7  # mean of 18 languages, translation by a model of 3.3 billion parameters


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--targets", nargs="+", default=list(AFRICAN), choices=AFRICAN)
    options.add_argument("--systems", nargs="+", default=DEFAULT, choices=list(SYSTEMS))
    options.add_argument("--words", type=int, default=10_000, help="of raw text")
    options.add_argument("--more", type=int, default=30_000, help="of raw text, for the consistent")
    options.add_argument("--each", type=int, default=20_000, help="words of every source in one model of all data")
    options.add_argument("--few", type=int, default=5)
    options.add_argument("--folds", type=int, default=4)
    args = options.parse_args()
    ranked = rankings(args.results / "transferability.json")
    f1 = {t: {s: of_system(args, t, s, ranked[t]) for s in args.systems} for t in args.targets}
    if len(f1) < len(AFRICAN):
        return
    settings = {name: getattr(args, name) for name in ("words", "more", "each", "few", "folds")}
    result = {**settings, "f1": f1, "recommended": {t: ranked[t][: args.few] for t in f1}}
    write_results(args.results, "masakhaner", result, table(f1, args))


def rankings(path: Path) -> dict[str, list[str]]:
    """Target -> all sources, best first, as predicted from the transfers between other languages."""
    transfers = Transfers.from_dict(json.loads(path.read_text("utf-8"))["transfers"])
    known = transfers.select([m for m in transfers.measures if m != "language-id"])
    written = {"aka": "twi"}  # the code of the data
    out = {}
    for held, predicted in predictions(known):
        order = [held.sources[i] for i in (-predicted).argsort(kind="stable")]
        out[written.get(held.targets[0], held.targets[0])] = [written.get(s, s) for s in order]
    return out


def of_system(args: Any, target: str, name: str, ranked: Sequence[str]) -> float:
    system = name.removesuffix("-even")
    run = args.work / f"african-{target}-{system}"
    raw = part(args, target, args.more if system == "consistent" else args.words)
    others = [s for s in SOURCES if s != target]
    names = {"recommended": ranked[:1], "few": ranked[: args.few]}.get(system, others)
    command = ["transfer", "--target", f"{target}={raw}", "--output", str(run), *MAPS]
    plain = ["--label-consistency", "0"]
    if system == "recommended":
        run = args.work / f"matrix-{names[0]}"
    elif system == "together":
        run = together(args, target)
    elif system in ("taught-together", "consistent"):
        teacher = f"mul={together(args, target)}"
        run_xlner([*command, "--source", teacher, *(plain if system == "taught-together" else [])])
    else:
        teachers = [x for s in names for x in ("--source", f"{s}={args.work / f'matrix-{s}'}")]
        texts = [x for s in names for x in ("--source-text", f"{s}={part(args, s, args.words)}")]
        weights = ["--weights", "language-id", *texts] if system == "language-id" else []
        run_xlner([*command, *plain, *teachers, *weights])
    test = args.data / "masakhaner2" / target / "test.txt"
    return 100 * f1_of(run, test, MAPPING, consistency=EVEN if name.endswith("-even") else 0.0)


def together(args: Any, target: str) -> Path:
    """One model of all sources outside the target's hand; the hands are dealt in alphabetical order."""
    hand = AFRICAN.index(target) % args.folds
    run = args.work / f"african-together-{hand}-of-{args.folds}"
    names = [s for i, s in enumerate(AFRICAN) if i % args.folds != hand] + ["eng"]
    data = [x for s in names for x in ("--source", f"{s}={part(args, s, args.each)}")]
    run_xlner(["train", *data, "--output", str(run), *MAPS])
    return run


def part(args: Any, language: str, words: int) -> Path:
    """The beginning of a language's labelled text."""
    return beginning(args.data / TEXT[language], words, args.work / f"african-{language}-{words}.txt")


def table(f1: dict[str, dict[str, float]], args: Any) -> str:
    systems = list(next(iter(f1.values())))
    lines = [
        "# Every African language without labels",
        "",
        f"F1 of PER, ORG, LOC on whole MasakhaNER 2 tests; one seed. Students saw {args.words} words of raw text, the "
        f"consistent {args.more}. Where equal words of the test are labelled alike, its text was read, without labels, "
        f"before the first answer; how far alike was chosen on dev text of {', '.join(CHOSEN_ON)} and of three "
        f"European languages. {args.few} sources are recommended; their teachers are of matrix.md. A model of "
        f"all data together saw {args.each} words of each African language but a hand of {len(AFRICAN) // args.folds}, "
        "the target among them, and as many of English. Published, from English labels alone and with translation by a "
        f"model of 3.3 billion parameters: {PUBLISHED} on average over 18 languages (thesis of Shkalikov); so with "
        "less supervision than the labels of twelve African languages.",
        "",
        "| target | " + " | ".join(SYSTEMS[s] for s in systems) + " |",
        "|---" * (len(systems) + 1) + "|",
    ]
    lines += [f"| {t} | " + " | ".join(f"{row[s]:.1f}" for s in systems) + " |" for t, row in f1.items()]
    unseen = {t: row for t, row in f1.items() if t not in CHOSEN_ON}
    for name, rows in (("mean", f1), (f"mean without {', '.join(CHOSEN_ON)}", unseen)):
        means = [sum(row[s] for row in rows.values()) / len(rows) for s in systems]
        lines.append(f"| {name} | " + " | ".join(f"{m:.1f}" for m in means) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
