"""Peak memory of distillation from 20 000 and from 200 000 raw sentences.

Memory also grows over the first hundreds of steps, however much text there is, as batches of new shapes come; so the
smaller text is taken ten times over, too, which makes as many steps as the larger one.

    python benchmarks/distill_memory.py

Uses an encoder of two small layers, so that the text and not the weights would show, and sentences of invented words,
so that no cache profits from repeats.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from common import ROOT, parser, run_xlner, write_results

sys.path.insert(0, str(ROOT))
from tests.toy import make_encoder, sentences, write_conll


def write_raw(path: Path, n: int) -> None:
    """Sentences of 3 to 9 words, most of them never seen before."""
    chance = random.Random(1)
    with path.open("w", encoding="utf-8") as file:
        for _ in range(n):
            words = (
                "".join(chance.choices("abcdefghilmnoprstuv", k=chance.randint(2, 4)))
                for _ in range(chance.randint(3, 9))
            )
            file.write(" ".join(words) + "\n")


def main() -> None:
    args = parser(__doc__.splitlines()[0]).parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder)
        make_encoder(world / "encoder", hidden=16)
        write_conll(world / "train.conll", sentences(100))
        fast = {"learning_rate": 1e-2, "batch_subwords": 8192, "epochs": 1}
        settings: dict[str, Any] = {
            "encoder": str(world / "encoder"),
            "student_from": "encoder",
            "teacher": fast,
            "student": fast,
        }
        for n, passes in ((20_000, 1), (20_000, 10), (200_000, 1)):
            settings["student"] = {**fast, "epochs": passes}
            (world / "config.yaml").write_text(yaml.safe_dump(settings))
            write_raw(world / f"{n}.txt", n)
            made = run_xlner(
                ["transfer", "--source", f"en={world / 'train.conll'}", "--target", f"es={world / f'{n}.txt'}",
                 "--output", str(world / f"run-{n}-{passes}"), "--config", str(world / "config.yaml")]
            )  # fmt: skip
            rows.append({"sentences": n, "passes": passes, "peak_mb": made["peak_mb"], "seconds": made["seconds"]})
    lines = ["# Memory of distillation", "", "| raw sentences | passes | peak MB | seconds |", "|---|---|---|---|"]
    lines += [f"| {r['sentences']} | {r['passes']} | {r['peak_mb']} | {r['seconds']} |" for r in rows]
    lines += ["", "Largest resident memory of the whole command, with an encoder so small that text would show."]
    write_results(args.results, "memory", {"rows": rows}, "\n".join(lines))


if __name__ == "__main__":
    main()
