"""No labels in the language: every African language as target, with teachers of all the others.

Takes the teachers of `benchmarks/matrix.py` (the beginning of the training file of each source). For every target: the
source that `benchmarks/transferability.py` recommends without having seen the target, alone; students of the --few
recommended sources, of all African sources with English and French, alike and by language-id; and one model trained on
the first --words words of each of these sources together, without distillation. The raw text is the beginning of the
target's training file; everything is scored on its whole test set.

    python benchmarks/masakhaner.py
    python benchmarks/masakhaner.py --targets swa yor --systems all     # only these, in a process of their own
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common import f1_of, parser, run_xlner, write_results
from matrix import AFRICAN, MAPPING, TEXT, beginning
from xlner.similarity.transferability import Transfers, predictions

SOURCES = (*AFRICAN, "eng", "fra")
SYSTEMS = {
    "recommended": "the recommended source alone",
    "few": "student of the few recommended",
    "all": "student of all",
    "language-id": "student of all, by language-id",
    "together": "all data together, direct",
}
PUBLISHED = 68.7  # mean of 18 languages, translation by a model of 3.3 billion parameters


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--targets", nargs="+", default=list(AFRICAN), choices=AFRICAN)
    options.add_argument("--systems", nargs="+", default=["recommended", "few", "all"], choices=list(SYSTEMS))
    options.add_argument("--words", type=int, default=10_000, help="of raw text, and of each source in 'together'")
    options.add_argument("--few", type=int, default=5)
    args = options.parse_args()
    ranked = rankings(args.results / "transferability.json")
    f1 = {t: {s: of_system(args, t, s, ranked[t]) for s in args.systems} for t in args.targets}
    if len(f1) < len(AFRICAN):
        return
    result = {"words": args.words, "few": args.few, "f1": f1, "recommended": {t: ranked[t][: args.few] for t in f1}}
    write_results(args.results, "masakhaner", result, table(f1, args.words, args.few))


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


def of_system(args: Any, target: str, system: str, ranked: Sequence[str]) -> float:
    run = args.work / f"african-{target}-{system}"
    raw = args.work / f"african-{target}.txt"
    raw.write_text(beginning(args.data / TEXT[target], args.words), "utf-8")
    maps = [x for name in MAPPING for x in ("--map", f"{name}=O")]
    others = [s for s in SOURCES if s != target]
    names = {"recommended": ranked[:1], "few": ranked[: args.few]}.get(system, others)
    command = ["transfer", "--target", f"{target}={raw}", "--output", str(run), *maps]
    if system == "recommended":
        place = args.work / f"matrix-{names[0]}"
    elif system == "together":
        data = [x for s in names for x in ("--source", f"{s}={part(args, s)}")]
        run_xlner([*command, "--method", "direct", *data])
        place = run
    else:
        teachers = [x for s in names for x in ("--source", f"{s}={args.work / f'matrix-{s}'}")]
        texts = [x for s in names for x in ("--source-text", f"{s}={part(args, s)}")]
        run_xlner([*command, *teachers, *(["--weights", "language-id", *texts] if system == "language-id" else [])])
        place = run
    return 100 * f1_of(place, args.data / "masakhaner2" / target / "test.txt", MAPPING)


def part(args: Any, source: str) -> Path:
    """The beginning of a source's labelled text."""
    place = args.work / f"african-source-{source}.txt"
    place.write_text(beginning(args.data / TEXT[source], args.words), "utf-8")
    return place


def table(f1: dict[str, dict[str, float]], words: int, few: int) -> str:
    systems = list(next(iter(f1.values())))
    lines = [
        "# Every African language without labels",
        "",
        "F1 of PER, ORG, LOC on whole MasakhaNER 2 tests; one seed. Teachers are those of matrix.md, "
        f"students saw {words} words of raw text; {few} sources are recommended. Published, with translation by a "
        f"model of 3.3 billion parameters: {PUBLISHED} on average over 18 languages.",
        "",
        "| target | " + " | ".join(SYSTEMS[s] for s in systems) + " |",
        "|---" * (len(systems) + 1) + "|",
    ]
    lines += [f"| {t} | " + " | ".join(f"{row[s]:.1f}" for s in systems) + " |" for t, row in f1.items()]
    means = [sum(row[s] for row in f1.values()) / len(f1) for s in systems]
    return "\n".join([*lines, "| mean | " + " | ".join(f"{m:.1f}" for m in means) + " |"])


if __name__ == "__main__":
    main()
