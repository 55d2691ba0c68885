"""Memory, rate and disk of `xlner predict` in shards, on the text of our demo corpus, repeated.

    python benchmarks/predict_shards.py                        # 20 000 sentences
    python benchmarks/predict_shards.py --sentences 1000000 --layers 1 --texts distinct   # the program around the model

Each sentence ends with a number of its own, so that none is computed once for several; a further row has the text as it
is, which repeats. The model is the embedded encoder with a head that was fitted in seconds: what it finds is not looked
at. `--layers` takes so many of its layers, for what the rest of the program costs. Every row is a process of its own.
Whether the joined files of several shards are the bytes of one is tested.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from common import ROOT, measured_process, parser, write_results

sys.path.insert(0, str(ROOT))
from tests.quick_model import make_model

from xlner.api.export import export
from xlner.api.shard_plan import Job
from xlner.data import stream_text
from xlner.data.blocks import Reader
from xlner.data.demo import LANGUAGES, demo_file


def write_text(path: Path, count: int, *, distinct: bool) -> int:
    """So many sentences of the demo corpus, one to a line; returns the bytes."""
    texts = [s.text for code in LANGUAGES for s in stream_text(demo_file(f"{code}.raw.txt"))]
    with path.open("w", encoding="utf-8") as out:
        for number, text in enumerate(islice(cycle(texts), count)):
            out.write(f"{text} [{number}]\n".replace(". [", " [") if distinct else f"{text}\n")
    return path.stat().st_size


def encoder(folder: Path, layers: int) -> str | Path:
    """The embedded encoder, or one of so many of its layers."""
    from transformers import AutoModel, AutoTokenizer

    from xlner.encoder.depth import evenly, retain_layers
    from xlner.encoder.load import resolve

    if not layers:
        return "embedded"
    whole = resolve("embedded")
    model = AutoModel.from_pretrained(whole)
    retain_layers(model, evenly(layers, model.config.num_hidden_layers))
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(whole).save_pretrained(folder)
    return folder


def run(model: Path, text: Path, shards: int) -> dict[str, Any]:
    """All shards of a text in one process: what it says of itself, with "wall" seconds and "peak_mb"."""
    output = text.with_suffix(f".{shards}")
    command = ["predict", str(model), str(text), "--shards", str(shards), "--output", str(output), "--json"]
    started = time.monotonic()
    code, said, peak = measured_process([sys.executable, "-m", "xlner", *command])
    assert code == 0
    told = json.loads(said)
    return {
        "sentences": told["sentences"], "shards": shards, "seconds": told["seconds"],
        "rate": round(told["sentences"] / told["seconds"], 1), "wall": round(time.monotonic() - started, 1),
        "peak_mb": peak, "output_bytes": sum(p.stat().st_size for p in output.glob("part-*.conll")),
    }  # fmt: skip


def same_bytes(text: Path, *counts: int) -> bool:
    joined = set()
    for count in counts:
        job = Job("", (), str(text.with_suffix(f".{count}")), count)
        joined.add(b"".join(job.path(n).read_bytes() for n in range(count)))
    return len(joined) == 1


def _bytes_are(same: bool | None, shards: int) -> str:
    if same is None:
        return ""
    return f"The joined files of {shards} shards {'are' if same else 'ARE NOT'} the bytes of one. "


def dividing_rate(text: Path, size: int = 200_000_000) -> float:
    """Megabytes a second at which a text of that size is divided."""
    data, large = text.read_bytes(), text.with_suffix(".large")
    with large.open("wb") as out:
        for _ in range(size // len(data) + 1):
            out.write(data)
    started = time.perf_counter()
    Reader().marks(str(large))
    return round(large.stat().st_size / 1e6 / (time.perf_counter() - started), 1)


def main() -> None:
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--sentences", type=int, default=20_000)
    arguments.add_argument("--shards", type=int, default=8)
    arguments.add_argument("--layers", type=int, default=0, help="of the encoder; 0 for all of them")
    arguments.add_argument("--format", choices=["onnx", "openvino"], help="export the model first")
    arguments.add_argument("--texts", nargs="+", default=["distinct", "repeated"], choices=["distinct", "repeated"])
    args = arguments.parse_args()
    n, rows = args.sentences, []
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder)
        model = make_model(world / "model", encoder(world / "encoder", args.layers))
        if args.format:
            model = export(model, world / "exported", format=args.format).folder
        kinds = (
            ("distinct", n // 10, 1),
            ("distinct", n, args.shards),
            ("repeated", n, 1),
            ("repeated", n, args.shards),
        )
        for kind, count, shards in (row for row in kinds if row[0] in args.texts):
            text = world / f"{kind}-{count}.txt"
            size = write_text(text, count, distinct=kind == "distinct")
            rows.append({"text": kind, "bytes": size, **run(model, text, shards)})
            print(rows[-1], file=sys.stderr, flush=True)
        same = same_bytes(world / f"repeated-{n}.txt", 1, args.shards) if "repeated" in args.texts else None
        plan = dividing_rate(text)
        lengths = [len(s) for s in islice(stream_text(text), 2000)]
        words = sum(lengths) / len(lengths)
    result = {"rows": rows, "same_bytes": same, "plan_mb_per_second": plan, "words_per_sentence": round(words, 1)}
    lines = [
        "# Prediction in shards",
        "",
        "| text | sentences | shards | sentences/s | peak MB | bytes in | bytes out |",
    ]
    lines += ["|---|---|---|---|---|---|---|"]
    lines += [
        f"| {r['text']} | {r['sentences']} | {r['shards']} | {r['rate']} | {r['peak_mb']} | {r['bytes']} "
        f"| {r['output_bytes']} |"
        for r in rows
    ]
    lines += [
        "",
        f"{words:.1f} words a sentence. Shards were made one after the other in one process; the seconds leave out "
        f"loading the model. {_bytes_are(same, args.shards)}Dividing the text reads {plan:.0f} MB a second. "
        "Peak MB is the largest resident memory of the process.",
    ]
    if args.layers:
        lines[-1] += f" The encoder has {args.layers} of its 12 layers."
        result["layers"] = args.layers
    if args.format:
        lines[-1] += f" The model was exported to {args.format}."
        result["format"] = args.format
    special = [str(n) if args.layers else "", args.format or "", "" if len(args.texts) > 1 else args.texts[0]]
    name = "_".join(filter(None, ["predict_shards", *special]))
    write_results(args.results, name, result, "\n".join(lines))


if __name__ == "__main__":
    main()
