"""Does an encoder that reads raw text of the target language first make a better tagger from English alone?

The beginning of the English CoNLL training file teaches one tagger on the encoder as it is, and one on the encoder
after masked-language training on raw text of the target and the same English text. Both are applied to the target as
they are and scored on its MasakhaNER 2 development file; test files are not read. The raw text is the beginning of the
language's file in raw/lacuna; sentences of the development file are taken out of it.

    OMP_NUM_THREADS=1 python benchmarks/pretrain.py
    OMP_NUM_THREADS=1 python benchmarks/pretrain.py --targets swa hau --epochs 1 3 --seeds 1 2 3
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from common import beginning, f1_of, parser, run_xlner, write_results
from matrix import MAPPING

MAPS = [x for name in MAPPING for x in ("--map", f"{name}=O")]


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--targets", nargs="+", default=["swa"])
    options.add_argument("--words", type=int, default=200_000, help="of raw target text")
    options.add_argument("--source-words", type=int, default=20_000, help="of labelled English text")
    options.add_argument("--epochs", nargs="+", type=int, default=[1], help="of masked-language training")
    options.add_argument("--learning-rates", nargs="+", type=float, default=[2e-4])
    options.add_argument("--seeds", nargs="+", type=int, default=[1], help="of the tagger; the encoder has seed 1")
    args = options.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    rows = [row for target in args.targets for row in of_target(args, target)]
    settings = {name: getattr(args, name) for name in ("words", "source_words", "seeds")}
    write_results(args.results, "pretrain", {**settings, "rows": rows}, table(rows, args))


def of_target(args: Any, target: str) -> list[dict[str, Any]]:
    """The encoder as it is, and continued with each setting."""
    source = beginning(
        args.data / "conll" / "en" / "train.txt", args.source_words, args.work / f"pretrain-en-{args.source_words}.txt"
    )
    dev = args.data / "masakhaner2" / target / "dev.txt"
    raw = raw_text(args, target, dev)
    rows = [tagged(args, target, source, dev, "as it is", None)]
    for rate in args.learning_rates:
        for epochs in args.epochs:
            run = args.work / f"pretrain-{target}-{args.words}-{epochs}x{rate:g}"
            made = run_xlner(
                ["pretrain", "--text", f"{target}={raw}", "--text", f"eng={source}", "--epochs", str(epochs),
                 "--learning-rate", str(rate), "--output", str(run)]
            )  # fmt: skip
            row = tagged(args, target, source, dev, f"{epochs} epochs, rate {rate:g}", run)
            row |= {"epochs": epochs, "learning_rate": rate, "pretrain_seconds": made["seconds"]}
            row |= {k: made[k] for k in ("peak_mb", "subwords_per_second", "texts", "vocabulary")}
            rows.append({**row, "held_out": made["held_out"][code_of_target(made)]})
    return rows


def code_of_target(made: dict[str, Any]) -> str:
    """The language of the target text as the run calls it."""
    return next(code for code in made["texts"] if code != "eng")


def tagged(args: Any, target: str, source: Path, dev: Path, name: str, encoder: Path | None) -> dict[str, Any]:
    """F1 of taggers on one encoder, one per seed."""
    f1, seconds = [], []
    for seed in args.seeds:
        run = args.work / f"pretrain-tagger-{encoder.name if encoder else 'as-it-is'}-{args.source_words}-{seed}"
        named = ["--encoder", str(encoder)] if encoder else []
        made = run_xlner(
            ["train", "--source", f"eng={source}", "--seed", str(seed), *MAPS, *named, "--output", str(run)]
        )
        f1.append(100 * f1_of(run, dev, MAPPING))
        seconds.append(made["seconds"])
    return {"target": target, "encoder": name, "f1": f1, "train_seconds": seconds}


def raw_text(args: Any, target: str, dev: Path) -> Path:
    """The first lines of the raw text that are no sentences of the development file."""
    place = args.work / f"pretrain-{target}-{args.words}.txt"
    sentences = {"".join(s) for s in sentences_of(dev)}
    lines, count = [], 0
    with (args.data / "raw" / "lacuna" / f"{target}.txt").open(encoding="utf-8") as stream:
        for line in stream:
            if "".join(line.split()) not in sentences and count < args.words:
                lines.append(line)
                count += len(line.split())
    place.write_text("".join(lines), "utf-8")
    return place


def sentences_of(path: Path) -> list[list[str]]:
    """The words of a file with a word and a tag a line."""
    blocks = path.read_text("utf-8").split("\n\n")
    return [[line.split()[0] for line in block.splitlines() if line.split()] for block in blocks]


def table(rows: list[dict[str, Any]], args: Any) -> str:
    lines = [
        "# Masked-language training before the tagger",
        "",
        "F1 of PER, ORG, LOC on MasakhaNER 2 development files. A tagger learns from the first "
        f"{args.source_words} words of English CoNLL and is applied to the target as it is; seeds of the tagger: "
        f"{', '.join(map(str, args.seeds))}. The encoder (embedded) is taken as it is, or first reads {args.words} "
        "words of raw target text and the English text with masked words (seed 1). Accuracy is that of masked words in "
        "held-out sentences of the target, all subwords of a word right; before, the output layer is a fresh one. "
        "Settings were looked at on these same files, so a difference is no test result.",
        "",
        "| target | encoder | F1 | mean | masked words right, before and after | loss | subwords/s | s | peak MB |",
        "|---" * 9 + "|",
    ]
    for row in rows:
        f1 = ", ".join(f"{value:.1f}" for value in row["f1"])
        mean = sum(row["f1"]) / len(row["f1"])
        cells = ["-"] * 5
        if held_out := row.get("held_out"):
            before, after = held_out["before"], held_out["after"]
            cells = [
                f"{before['word_accuracy']:.3f}, {after['word_accuracy']:.3f}",
                f"{before['loss']:.2f}, {after['loss']:.2f}",
                f"{row['subwords_per_second']:.0f}",
                f"{row['pretrain_seconds']:.0f}",
                str(row["peak_mb"]),
            ]
        lines.append(f"| {row['target']} | {row['encoder']} | {f1} | {mean:.1f} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
