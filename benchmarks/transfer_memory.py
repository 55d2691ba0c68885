"""Peak memory of a whole run of data transfer, with 1 000 and with 10 000 sentences.

Memory also grows over the first hundreds of steps, however much text there is, as batches of new shapes come; so the
smaller text is taken ten times over, too, which makes as many steps as the larger one.

    python benchmarks/transfer_memory.py

The method is translate-test, which reads all of its text from a file: it is translated, tagged, aligned, projected and
learnt from. Uses an encoder of two small layers, so that the
text and not the weights would show, sentences of toy names and invented words, so that no cache profits from repeats,
and a program that stands in for Apertium.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

import yaml

from common import ROOT, parser, run_xlner, write_results

sys.path.insert(0, str(ROOT))
from tests.toy import make_encoder, sentence, sentences, write_conll

from kill_resume import write_translator

CHUNK = 500  # pairs; ten times as much text makes ten times as many files


def write_text(path: Path, n: int) -> None:
    """Toy sentences, each with a few words that were never seen before."""
    chance = random.Random(1)
    with path.open("w", encoding="utf-8") as file:
        for _ in range(n):
            new = ["".join(chance.choices("abcdefghilmnoprstuv", k=chance.randint(2, 4))) for _ in range(3)]
            file.write(" ".join([*sentence(chance, "spa").words, *new]) + "\n")


def main() -> None:
    args = parser(__doc__.splitlines()[0]).parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder)
        make_encoder(world / "encoder", hidden=16)
        write_conll(world / "train.conll", sentences(100))
        fast = {"learning_rate": 1e-2, "batch_subwords": 8192}
        for n, passes in ((1_000, 1), (1_000, 10), (10_000, 1)):
            settings = {
                "encoder": str(world / "encoder"), "chunk_pairs": CHUNK, "student_from": "encoder",
                "teacher": {**fast, "epochs": 20}, "student": {**fast, "epochs": passes},
                "aligner": {"name": "layers", "encoder": str(world / "encoder")},
                "translator": {"name": "apertium", "program": str(write_translator(world / "apertium"))},
            }  # fmt: skip
            (world / "config.yaml").write_text(yaml.safe_dump(settings))
            write_text(world / f"{n}.txt", n)
            run = world / f"run-{n}-{passes}"
            made = run_xlner(
                ["transfer", "--method", "translate-test", "--source", f"en={world / 'train.conll'}", "--target",
                 f"es={world / f'{n}.txt'}", "--output", str(run), "--config", str(world / "config.yaml")]
            )  # fmt: skip
            notes = " ".join(made["notes"])
            row = {"sentences": n, "passes": passes, "peak_mb": made["peak_mb"], "seconds": made["seconds"]}
            rows.append({**row, "notes": notes})
            print(row, notes, file=sys.stderr, flush=True)
    lines = ["# Memory of data transfer", "", "| raw sentences | passes | peak MB | seconds |", "|---|---|---|---|"]
    lines += [f"| {r['sentences']:,} | {r['passes']} | {r['peak_mb']} | {r['seconds']} |" for r in rows]
    lines += [
        "",
        f"Largest resident memory of `xlner transfer --method translate-test`, {CHUNK} pairs in a file, with an",
        "encoder so small that text would show. Seconds are those of a machine that does other work too.",
    ]
    write_results(args.results, "transfer_memory", {"chunk_pairs": CHUNK, "rows": rows}, "\n".join(lines))


if __name__ == "__main__":
    main()
