"""Sentences of test sets in the parallel text of `african_bitext.py`, and its results without the languages concerned.

The first pairs of LAFAND, as they stand, hold sentences of MasakhaNER's test sets in some languages. Counted are test
sentences of 20 letters and more that are the target side of a pair, stand in one, or hold one; and pairs whose target
side is a sentence of the training file.

    python benchmarks/african_overlap.py                  # of docs/results/african_bitext_english.json
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from african_bitext import FROM_FRENCH, SHORTEST, TARGETS, lafand, letters
from common import ROOT, parser, write_results
from xlner.data import load
from xlner.evaluate import seeds_interval

DIFFERENCES = [
    ("two teachers", "direct"),
    ("two teachers", "distill"),
    ("two teachers", "bitext"),
    ("bitext", "distill"),
]
MANY, FEW = 0.1, 0.01  # share of test sentences from which on a language is left out; of pairs that are other text


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--of", default="english", help="name of the teacher in the results")
    options.add_argument("--pairs", type=int, default=2000)
    args = options.parse_args()
    counts = {target: overlap(args.data, target, args.pairs) for target in TARGETS}
    runs = json.loads((ROOT / "docs" / "results" / f"african_bitext_{args.of}.json").read_text("utf-8"))["runs"]
    f1: dict[str, dict[str, float]] = {}
    for run in runs:
        f1.setdefault(run["target"], {})[run["method"]] = 100 * run["f1"]
    some = {t: c for t, c in counts.items() if c["in_pairs"] > MANY * c["test"]}
    groups = {
        "all": list(f1),
        f"without {', '.join(some)}": [t for t in f1 if t not in some],
        "pairs that are other text": [
            t for t in f1 if not counts[t]["in_pairs"] and counts[t]["of_training"] <= FEW * counts[t]["pairs"]
        ],
    }
    write_results(args.results, "african_overlap", {"counts": counts, "groups": groups}, table(counts, groups, f1))


def overlap(data: Path, target: str, pairs: int) -> dict[str, Any]:
    """How many test sentences there are, and how many of them are in the first pairs."""
    lines = lafand(data, "fr" if target in FROM_FRENCH else "en", target)[:pairs]
    sides = [letters(json.loads(line)["translation"][target]) for line in lines]
    sides = [side for side in sides if len(side) >= SHORTEST]
    whole, everything = set(sides), "\n".join(sides)
    tests = [letters(" ".join(s.words)) for s in load(data / "masakhaner2" / target / "test.txt")]
    found = [len(t) >= SHORTEST and (t in whole or t in everything or any(side in t for side in sides)) for t in tests]
    train = {letters(" ".join(s.words)) for s in load(data / "masakhaner2" / target / "train.txt")}
    same = sum(side in train for side in sides)
    return {"test": len(tests), "in_pairs": sum(found), "pairs": len(lines), "of_training": same}


def table(counts: dict[str, Any], groups: dict[str, list[str]], f1: dict[str, dict[str, float]]) -> str:
    arms = list(next(iter(f1.values())))
    lines = ["# Test sentences in the African parallel text", ""]
    lines += [
        "| language | test sentences | in the first pairs | pairs | that are training sentences |",
        "|---" * 5 + "|",
    ]
    lines += [f"| {t} | {c['test']} | {c['in_pairs']} | {c['pairs']} | {c['of_training']} |" for t, c in counts.items()]
    lines += [""]
    lines += ["Mean F1 over languages, of the models that had such pairs:", ""]
    lines += ["| languages | " + " | ".join(arms) + " |", "|---" * (len(arms) + 1) + "|"]
    for name, targets in groups.items():
        means = [sum(f1[t][arm] for t in targets) / len(targets) for arm in arms]
        lines.append(f"| {name} ({len(targets)}) | " + " | ".join(f"{m:.1f}" for m in means) + " |")
    lines += ["", "Mean differences, with the 95 % t-interval over languages:", ""]
    for name, targets in groups.items():
        for one, other in DIFFERENCES:
            span = seeds_interval([f1[t][one] - f1[t][other] for t in targets])
            lines.append(f"- {name}: {one} less {other} {span.mean:+.1f} [{span.low:+.1f}, {span.high:+.1f}]")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
