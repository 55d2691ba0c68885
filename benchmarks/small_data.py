"""How many steps a teacher needs: little English data at the usual pace, and at the pace chosen for it.

python benchmarks/small_data.py                  # F1 on English dev; one seed
"""

from __future__ import annotations

from typing import Any

from common import beginning, f1_of, parser, run_xlner, write_results

WORDS = (1_000, 5_000, 20_000)
PACES: dict[str, list[str]] = {"768": ["--batch-subwords", "768", "--epochs", "3"], "chosen": []}


def main() -> None:
    args = parser(__doc__.splitlines()[0]).parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    english = args.data / "conll" / "en"
    rows: list[dict[str, Any]] = []
    for words in WORDS:
        data = beginning(english / "train.txt", words, args.work / f"small-{words}.txt")
        for name, flags in PACES.items():
            run = args.work / f"small-{words}-{name}"
            made = run_xlner(["train", "--source", f"en={data}", "--output", str(run), *flags])
            f1 = 100 * f1_of(run, english / "dev.txt")
            rows.append({"words": words, "pace": name, "f1": f1, "seconds": made["seconds"]})
    lines = ["# Little labelled data", "", "F1 on English dev (CoNLL-2003, four types), one seed.", ""]
    lines += [
        "| words | three passes in batches of 768 subwords | seconds | chosen pace | seconds |",
        "|---|---|---|---|---|",
    ]
    for words in WORDS:
        cells = [f"{r['f1']:.1f} | {r['seconds']:.0f}" for r in rows if r["words"] == words]
        lines.append(f"| {words} | {' | '.join(cells)} |")
    write_results(args.results, "small_data", {"rows": rows}, "\n".join(lines))


if __name__ == "__main__":
    main()
