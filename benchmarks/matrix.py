"""Direct transfer between all pairs of MasakhaNER 2 languages, and from English (CoNLL) and French (WikiAnn).

Every source gets the same, small budget: the first --words words of its training file, three passes. Every tagger is
scored on the first --sentences test sentences of every target, types PER ORG LOC. The table is what
`benchmarks/transferability.py` learns from.

    python benchmarks/matrix.py                       # everything; finished sources are reused
    python benchmarks/matrix.py --sources swa hau     # only train and score these, in a process of their own
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common import parser, run_xlner, write_results
from xlner.core.types import Sentence
from xlner.data import load
from xlner.evaluate import score
from xlner.tagger import Tagger

TARGETS = (
    "bam", "bbj", "ewe", "fon", "hau", "kin", "lug", "luo", "mos", "nya", "pcm", "sna", "swa", "tsn", "twi", "yor",
)  # fmt: skip
OTHERS = {"eng": "conll/en", "fra": "wikiann/fr"}
MAPPING = {"DATE": "O", "MISC": "O"}


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    everything = [*TARGETS, *OTHERS]
    options.add_argument("--sources", nargs="+", default=everything, choices=everything)
    options.add_argument("--words", type=int, default=30_000, help="of training text per source")
    options.add_argument("--sentences", type=int, default=400, help="of test text per target")
    args = options.parse_args()
    rows = []
    for source in args.sources:
        found = of_source(args, source)
        rows += [{"source": source, "target": t, "f1": f1} for t, f1 in found["f1"].items()]
    if len(args.sources) < len(everything):
        return
    with (args.results / "matrix.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, ["source", "target", "f1"], lineterminator="\n")
        writer.writeheader()
        writer.writerows({**r, "f1": f"{r['f1']:.4f}"} for r in rows if r["source"] != r["target"])
    result = {"words": args.words, "sentences": args.sentences, "types": ["LOC", "ORG", "PER"], "rows": rows}
    write_results(args.results, "matrix", result, table(rows, args.words, args.sentences))


def of_source(args: Any, source: str) -> dict[str, Any]:
    """F1 of one source on all targets; trained and scored once, then read from beside the run."""
    run = args.work / f"matrix-{source}"
    kept = run.with_name(f"{run.name}.f1.json")
    if kept.is_file():
        return json.loads(kept.read_text("utf-8"))
    args.work.mkdir(parents=True, exist_ok=True)
    text = beginning(args.data / OTHERS.get(source, f"masakhaner2/{source}") / "train.txt", args.words)
    small = args.work / f"matrix-{source}.txt"
    small.write_text(text, "utf-8")
    maps = [x for name in MAPPING for x in ("--map", f"{name}=O")]
    made = run_xlner(["train", "--source", f"{source}={small}", "--output", str(run), *maps])
    tagger = Tagger.load(run)
    f1 = {t: score(gold := test_of(args, t), list(tagger.predict(gold))).f1 for t in TARGETS}
    found = {"f1": f1, "seconds": made["seconds"]}
    kept.write_text(json.dumps(found), "utf-8")
    return found


def beginning(path: Path, words: int) -> str:
    """Whole sentences of a CoNLL file from its start, until there are so many words."""
    lines, count = [], 0
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            if count >= words and not line.strip():
                break
            count += bool(line.strip())
            lines.append(line)
    return "".join(lines) + "\n"


def test_of(args: Any, target: str) -> list[Sentence]:
    path = args.data / "masakhaner2" / target / "test.txt"
    return load(path, mapping=MAPPING).sentences[: args.sentences]


def table(rows: list[Mapping[str, Any]], words: int, sentences: int) -> str:
    """Rows are sources, columns targets; the best other source of a target is bold, the target itself in brackets."""
    f1 = {(r["source"], r["target"]): 100 * r["f1"] for r in rows}
    sources = list(dict.fromkeys(s for s, _ in f1))
    best = {t: max((s for s in sources if s != t), key=lambda s, t=t: f1[s, t]) for t in TARGETS}
    lines = [
        "# Direct transfer between languages of MasakhaNER 2",
        "",
        f"F1 of PER, ORG, LOC on the first {sentences} test sentences; sources trained on {words} words each, embedded "
        "encoder, one seed. Rows are sources, the best other source of each target is bold.",
        "",
        "| | " + " | ".join(TARGETS) + " | mean of others |",
        "|---" * (len(TARGETS) + 2) + "|",
    ]
    for s in sources:
        cells = [f"({f1[s, t]:.1f})" if s == t else f"**{f1[s, t]:.1f}**" if best[t] == s else f"{f1[s, t]:.1f}"
                 for t in TARGETS]  # fmt: skip
        others = [f1[s, t] for t in TARGETS if s != t]
        lines.append(f"| {s} | " + " | ".join(cells) + f" | {sum(others) / len(others):.1f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
