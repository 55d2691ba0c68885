"""Direct transfer between languages: 16 of MasakhaNER 2 both ways, and some from elsewhere, near and far.

Every source gets the same, small budget: the first --words words of its training file, three passes. Every tagger is
scored on the first --sentences test sentences of every target, types PER ORG LOC. The table is what
`benchmarks/transferability.py` learns from.

    python benchmarks/matrix.py                       # everything; what is finished is reused
    python benchmarks/matrix.py --sources swa hau     # only train and score these, in a process of their own
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common import beginning, parser, run_xlner, write_results
from figures import colours
from xlner.data import load
from xlner.evaluate import score
from xlner.tagger import Tagger

AFRICAN = (
    "bam", "bbj", "ewe", "fon", "hau", "kin", "lug", "luo", "mos", "nya", "pcm", "sna", "swa", "tsn", "twi", "yor",
)  # fmt: skip
TRAIN = {
    **{code: f"masakhaner2/{code}/train.txt" for code in AFRICAN},
    "eng": "conll/en/train.txt",
    "fra": "wikiann/fr/train",
    "deu": "conll/de/train.txt",
    "spa": "conll/es/train.txt",
}
TEST = {
    **{code: f"masakhaner2/{code}/test.txt" for code in AFRICAN},
    **{code: f"conll/{short}/test.txt" for code, short in (("deu", "de"), ("nld", "nl"), ("spa", "es"))},
    "dan": "uner/da_ddt-ud-test.iob2",
    "por": "uner/pt_bosque-ud-test.iob2",
    "srp": "uner/sr_set-ud-test.iob2",
    "swe": "uner/sv_pud-ud-test.iob2",
    "zho": "uner/zh_gsdsimp-ud-test.iob2",
}
TEXT = {  # for measures
    **TRAIN,
    "dan": "uner/da_ddt-ud-train.iob2",
    "nld": "conll/nl/train.txt",
    "por": "uner/pt_bosque-ud-train.iob2",
    "srp": "uner/sr_set-ud-train.iob2",
    "swe": "uner/sv_talbanken-ud-train.iob2",
    "zho": "uner/zh_gsdsimp-ud-train.iob2",
}
MAPPING = {"DATE": "O", "MISC": "O", "OTH": "O"}


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--sources", nargs="+", default=list(TRAIN), choices=list(TRAIN))
    options.add_argument("--words", type=int, default=20_000, help="of training text per source")
    options.add_argument("--sentences", type=int, default=250, help="of test text per target")
    args = options.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    f1 = {s: of_source(args, s) for s in args.sources}
    if len(f1) < len(TRAIN):
        return
    for target in set(TEST) - set(TRAIN):
        small_text(args, target)
    with (args.results / "matrix.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["source", "target", "f1"])
        writer.writerows([s, t, f"{f1[s][t]:.4f}"] for s in TRAIN for t in TEST if s != t)
    result = {"words": args.words, "sentences": args.sentences, "types": ["LOC", "ORG", "PER"], "f1": f1}
    write_results(args.results, "matrix", result, table(f1, args.words, args.sentences))
    points = [[100 * f1[s][t] for t in TEST] for s in TRAIN]
    title = "F1 of direct transfer: rows are sources, columns targets"
    colours(points, list(TRAIN), list(TEST), args.results / "matrix.png", title=title)


def of_source(args: Any, source: str) -> dict[str, float]:
    """F1 of one source on all targets; what was trained and scored before is read from beside the run."""
    run = args.work / f"matrix-{source}"
    kept = run.with_name(f"{run.name}.f1.json")
    found = json.loads(kept.read_text("utf-8")) if kept.is_file() else {}
    f1: dict[str, float] = found.get("f1", {})
    if not (open_ := [t for t in TEST if t not in f1]):
        return f1
    small = small_text(args, source)
    maps = [x for name in MAPPING for x in ("--map", f"{name}=O")]
    run_xlner(["train", "--source", f"{source}={small}", "--output", str(run), *maps])
    tagger = Tagger.load(run)
    for t in open_:
        gold = load(args.data / TEST[t], mapping=MAPPING).sentences[: args.sentences]
        f1[t] = score(gold, list(tagger.predict(gold))).f1
    kept.write_text(json.dumps({"f1": f1}), "utf-8")
    return f1


def small_text(args: Any, language: str) -> Path:
    """The beginning of a training file, in the folder of runs."""
    place = (args.work / f"matrix-{language}").with_suffix(Path(TEXT[language]).suffix or ".txt")
    return beginning(args.data / TEXT[language], args.words, place)


def table(f1: Mapping[str, Mapping[str, float]], words: int, sentences: int) -> str:
    """Rows are sources, columns targets; the best other source of a target is bold, the target itself in brackets."""
    best = {t: max((s for s in f1 if s != t), key=lambda s, t=t: f1[s][t]) for t in TEST}
    others = {s: [f1[s][t] for t in AFRICAN if s != t] for s in f1}
    lines = [
        "# Direct transfer between languages",
        "",
        f"F1 of PER, ORG, LOC on the first {sentences} test sentences; sources trained on {words} words each, embedded "
        "encoder, one seed. Rows are sources, the best other source of each target is bold, the target itself is in "
        "brackets. The last column is the mean over the other African languages.",
        "",
        "| | " + " | ".join(TEST) + " | mean |",
        "|---" * (len(TEST) + 2) + "|",
    ]
    for s, row in f1.items():
        cells = [cell(100 * row[t], own=s == t, bold=best[t] == s) for t in TEST]
        lines.append(f"| {s} | " + " | ".join(cells) + f" | {100 * sum(others[s]) / len(others[s]):.1f} |")
    chosen = Counter(best.values()).most_common()
    mean = sum(100 * f1[best[t]][t] for t in AFRICAN) / len(AFRICAN)
    counts = ", ".join(f"{s} of {n}" for s, n in chosen)
    lines += ["", f"Best sources: {counts}. Mean of the best other source over the African targets: {mean:.1f}."]
    return "\n".join([*lines, "", "![The same as a picture](matrix.png)"])


def cell(points: float, *, own: bool, bold: bool) -> str:
    return f"({points:.1f})" if own else f"**{points:.1f}**" if bold else f"{points:.1f}"


if __name__ == "__main__":
    main()
