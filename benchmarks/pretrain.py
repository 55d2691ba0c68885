"""Does an encoder that reads raw text of the target languages first make a better tagger from English alone?

The beginning of the English CoNLL training file teaches one tagger on the encoder as it is, and one on each encoder
after masked-language training on raw text of all targets and the same English text. Each is applied to the beginnings
of the MasakhaNER 2 development files of the targets as it is, to English dev text, and to that of Danish, which no
encoder has read further; test files are not read. The raw text is the beginning of each language's file in raw/lacuna;
sentences of the development file are taken out of it.

    OMP_NUM_THREADS=1 python benchmarks/pretrain.py
    OMP_NUM_THREADS=1 python benchmarks/pretrain.py --targets swa hau --epochs 1 3 --seeds 1 2 3
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from common import beginning, f1_of, parser, run_xlner, write_results
from matrix import MAPPING

MAPS = [x for name in MAPPING for x in ("--map", f"{name}=O")]
OTHERS = {"eng": "conll/en/dev.txt", "dan": "uner/da_ddt-ud-dev.iob2"}


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--targets", nargs="+", default=["swa", "yor", "twi"])
    options.add_argument("--words", type=int, default=30_000, help="of raw text of each target")
    options.add_argument("--source-words", type=int, default=20_000, help="of labelled English text")
    options.add_argument("--dev-words", type=int, default=8_000, help="of each development file")
    options.add_argument("--epochs", nargs="+", type=int, default=[1], help="of masked-language training")
    options.add_argument("--learning-rates", nargs="+", type=float, default=[5e-5])
    options.add_argument("--seeds", nargs="+", type=int, default=[1], help="of the tagger; the encoder has seed 1")
    args = options.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    english = args.data / "conll" / "en" / "train.txt"
    source = beginning(english, args.source_words, args.work / f"pretrain-en-{args.source_words}.txt")
    rows = [tagged(args, source, "as it is", None)]
    for rate in args.learning_rates:
        for epochs in args.epochs:
            run = args.work / f"pretrain-{'-'.join(args.targets)}-{args.words}-{epochs}x{rate:g}"
            texts = [x for t in args.targets for x in ("--text", f"{t}={raw_text(args, t)}")]
            made = run_xlner(
                ["pretrain", *texts, "--text", f"eng={source}", "--epochs", str(epochs), "--learning-rate", str(rate),
                 "--output", str(run)]
            )  # fmt: skip
            row = tagged(args, source, f"{epochs} epoch{'s' * (epochs > 1)}, rate {rate:g}", run)
            row |= {"epochs": epochs, "learning_rate": rate, "pretrain_seconds": made["seconds"]}
            kept = ("peak_mb", "subwords_per_second", "texts", "vocabulary", "held_out")
            rows.append({**row, **{k: made[k] for k in kept}})
    settings = {name: getattr(args, name) for name in ("targets", "words", "source_words", "dev_words", "seeds")}
    write_results(args.results, "pretrain", {**settings, "rows": rows}, table(rows, args))


def tagged(args: Any, source: Path, name: str, encoder: Path | None) -> dict[str, Any]:
    """F1 of taggers on one encoder, one per seed, by language."""
    f1: dict[str, list[float]] = {}
    seconds = []
    for seed in args.seeds:
        run = args.work / f"pretrain-tagger-{encoder.name if encoder else 'as-it-is'}-{args.source_words}-{seed}"
        named = ["--encoder", str(encoder)] if encoder else []
        made = run_xlner(
            ["train", "--source", f"eng={source}", "--seed", str(seed), *MAPS, *named, "--output", str(run)]
        )
        for language in (*args.targets, *OTHERS):
            f1.setdefault(language, []).append(100 * f1_of(run, dev(args, language), MAPPING))
        seconds.append(made["seconds"])
    return {"encoder": name, "f1": f1, "train_seconds": seconds}


def dev(args: Any, language: str) -> Path:
    """The beginning of a development file."""
    path = args.data / OTHERS.get(language, f"masakhaner2/{language}/dev.txt")
    return beginning(path, args.dev_words, args.work / f"pretrain-dev-{language}-{args.dev_words}.txt")


def raw_text(args: Any, target: str) -> Path:
    """The first lines of the raw text that are no sentences of the development file."""
    place = args.work / f"pretrain-{target}-{args.words}.txt"
    sentences = {"".join(s) for s in sentences_of(args.data / "masakhaner2" / target / "dev.txt")}
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
    languages = (*args.targets, *OTHERS)
    lines = [
        "# Masked-language training before the tagger",
        "",
        f"F1 of PER, ORG, LOC on the first {args.dev_words:,} words of development files, mean over seeds of the "
        f"tagger ({', '.join(map(str, args.seeds))}). A tagger learns from the first {args.source_words:,} words of "
        "English CoNLL and is applied to all other languages as it is. The encoder (embedded) is taken as it is, or "
        f"first reads {args.words:,} words of raw text of each of {', '.join(args.targets)}, and the English text, "
        "with masked words (seed 1); nothing in Danish. Settings were looked at on these same files, so a difference "
        "is no test result.",
        "",
        f"| encoder | {' | '.join(languages)} | mean of {', '.join(args.targets)} | s of reading | peak MB |",
        "|---" * (len(languages) + 4) + "|",
    ]
    for row in rows:
        means = {x: sum(row["f1"][x]) / len(args.seeds) for x in languages}
        of_targets = sum(means[t] for t in args.targets) / len(args.targets)
        cells = [f"{row['pretrain_seconds']:.0f}", str(row["peak_mb"])] if "held_out" in row else ["", ""]
        f1 = " | ".join(f"{means[x]:.1f}" for x in languages)
        lines.append(f"| {row['encoder']} | {f1} | {of_targets:.1f} | {' | '.join(cells)} |")
    lines += [
        "",
        "Masked words of held-out sentences, before and after: loss per subword, share of words with all subwords "
        "right. Before, the output layer is a fresh one.",
        "",
        "| encoder | text | loss | words right |",
        "|---|---|---|---|",
    ]
    for row in rows:
        for text, told in row.get("held_out", {}).items():
            before, after = told["before"], told["after"]
            lines.append(
                f"| {row['encoder']} | {text} | {before['loss']:.2f}, {after['loss']:.2f} "
                f"| {before['word_accuracy']:.3f}, {after['word_accuracy']:.3f} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
