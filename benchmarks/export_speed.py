"""Exported taggers beside the pipeline of transformers and our torch path: speed on one machine, and F1 on whole tests.

Speed is measured on the first sentences of the Spanish test, in rounds in which the systems take turns; rates are
medians. Rates per second of CPU time are given too: other work on the machine changes them less. F1 is of the numbers
that are stored, with exact spans, on whole test sets.

GLiNER's ONNX form is not here: its package brings no weights, and they cannot be had without a network.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from common import f1_of, parser, write_results

SWAHILI = {"MISC": "O", "DATE": "O"}


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--sentences", type=int, default=200, help="how many of the Spanish test to time")
    options.add_argument("--rounds", type=int, default=3, help="in which the systems take turns")
    options.add_argument("--batch", type=int, default=16)
    options.add_argument("--model", type=Path, help="one run for all three tests, in place of those of conll.py")
    options.add_argument("--name", default="export", help="of the files of results")
    args = options.parse_args()
    runs = {
        "es": (args.work / "conll-es-1-consistent", args.data / "conll" / "es" / "test.txt", {}),
        "de": (args.work / "conll-de-1-consistent", args.data / "conll" / "de" / "test.txt", {}),
        "swa": (args.work / "conll-teacher-1", args.data / "masakhaner2" / "swa" / "test.txt", SWAHILI),
    }
    if args.model is not None:
        runs = {name: (args.model, gold, mapping) for name, (_, gold, mapping) in runs.items()}
    exported = {
        name: {kind: export(run, args.work, kind) for kind in ("int8", "openvino")}
        for name, (run, _, _) in runs.items()
    }
    plain = export(runs["es"][0], args.work, "fp32")
    timed = systems(runs["es"][0], {"fp32": plain, **exported["es"]}, args.batch)
    speed = time_all(timed, sentences(runs["es"][1], args.sentences), args.rounds)
    losses = []
    for name, (run, gold, mapping) in runs.items():
        before = f1_of(run, gold, mapping, precision="fp32")
        fast = "bf16" if has_bf16() else "fp32"
        after = {
            "int8": f1_of(exported[name]["int8"], gold, mapping),
            "openvino": f1_of(exported[name]["openvino"], gold, mapping, precision=fast),
        }
        losses.append(
            {
                "test": name,
                "model": (run.parent if run.name == "result" else run).name,
                "f1": before,
                "f1_int8": after["int8"],
                "lost": before - after["int8"],
                "f1_openvino": after["openvino"],
                "lost_openvino": before - after["openvino"],
            }
        )
    folders = {"torch": runs["es"][0] / "model", "ONNX fp32": plain, "ONNX int8": exported["es"]["int8"]}
    sizes = {name: size(folder) for name, folder in {**folders, "OpenVINO": exported["es"]["openvino"]}.items()}
    result = {
        "speed": speed, "f1": losses, "bytes": sizes, "sentences": args.sentences,
        "rounds": args.rounds, "instructions": instructions(),
    }  # fmt: skip
    write_results(args.results, args.name, result, table(result))


def export(run: Path, work: Path, kind: str) -> Path:
    """The exported folder of a run, "fp32", "int8" or "openvino"; one that is there is used again."""
    from xlner.export import write_exported
    from xlner.tagger import Tagger

    place = work / f"{run.name}-{kind}"
    if not (place / "xlner.json").is_file():
        for kept in work.glob(f"{place.name}.*.f1.json"):  # of an earlier export
            kept.unlink()
        tagger = Tagger.load(run, device="cpu", precision="fp32")
        format, quantise = "openvino" if kind == "openvino" else "onnx", "int8" if kind == "int8" else None
        write_exported(tagger, place, format=format, quantise=quantise, source={"model": run.name})
    return place


def sentences(gold: Path, count: int) -> list[Any]:
    from xlner.data import load

    return load(gold).sentences[:count]


def systems(run: Path, exported: dict[str, Path], batch: int) -> dict[str, Callable[[Sequence[Any]], Any]]:
    """Each reads the same sentences; the pipeline gets them as text."""
    from transformers import pipeline

    from xlner.tagger import Tagger

    pipe = pipeline("token-classification", model=str(run / "model"), aggregation_strategy="first", device="cpu")

    def piped(size: int) -> Callable[[Sequence[Any]], Any]:
        return lambda items: pipe([" ".join(s.words) for s in items], batch_size=size)

    taggers = {
        "xlner, torch fp32": Tagger.load(run, device="cpu", precision="fp32"),
        "xlner, torch bf16": Tagger.load(run, device="cpu", precision="bf16"),
        "xlner, ONNX fp32": Tagger.load(exported["fp32"]),
        "xlner, ONNX int8": Tagger.load(exported["int8"]),
        "xlner, OpenVINO fp32": Tagger.load(exported["openvino"], precision="fp32"),
        "xlner, OpenVINO bf16": Tagger.load(exported["openvino"]),
    }
    if not has_bf16():
        del taggers["xlner, torch bf16"], taggers["xlner, OpenVINO bf16"]
    return {
        "transformers pipeline, one by one": piped(1),
        f"transformers pipeline, batch {batch}": piped(batch),
        **{name: lambda items, t=t: list(t.predict(items)) for name, t in taggers.items()},
    }


def time_all(
    runners: dict[str, Callable[[Sequence[Any]], Any]], items: Sequence[Any], rounds: int
) -> dict[str, dict[str, float | list[float]]]:
    """Sentences per second of each, by the clock and by CPU time; of the very first pass, too."""
    first: dict[str, float] = {}
    for name, run in runners.items():
        run(items[:3])
        started = time.perf_counter()
        run(items)
        first[name] = len(items) / (time.perf_counter() - started)
    clock: dict[str, list[float]] = {name: [] for name in runners}
    cpu: dict[str, list[float]] = {name: [] for name in runners}
    for _ in range(rounds):
        for name, run in runners.items():
            started, used = time.perf_counter(), time.process_time()
            run(items)
            clock[name].append(len(items) / (time.perf_counter() - started))
            cpu[name].append(len(items) / (time.process_time() - used))
    return {
        name: {
            "sentences_per_second": statistics.median(clock[name]),
            "sentences_per_cpu_second": statistics.median(cpu[name]),
            "first_pass": first[name],
            "rounds": clock[name],
            "rounds_cpu": cpu[name],
        }
        for name in runners
    }


def size(folder: Path) -> int:
    return sum(f.stat().st_size for f in folder.iterdir() if f.is_file())


def has_bf16() -> bool:
    """Whether the CPU has units for bf16."""
    return bool({"avx512_bf16", "amx_bf16"} & set(instructions()))


def instructions() -> list[str]:
    """Which of the instructions that matter to 8- and 16-bit numbers this CPU has."""
    info = Path("/proc/cpuinfo")
    flags = info.read_text().split("flags", 1)[1].split("\n", 1)[0].split() if info.is_file() else []
    return [
        f for f in ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16") if f in flags
    ]


def table(result: dict[str, Any]) -> str:
    speed = result["speed"]
    keys = ("sentences_per_second", "sentences_per_cpu_second")
    base = speed[next(n for n in speed if "batch" in n)]
    lines = [
        "# Exported taggers",
        "",
        f"Speed on the first {result['sentences']} sentences of the Spanish CoNLL test; medians of {result['rounds']} "
        "rounds in which the systems take turns. In brackets: times the pipeline in batches. The CPU has of the "
        f"instructions that matter here: {', '.join(result['instructions']) or 'none'}.",
        "",
        "| system | sentences/s | sentences per CPU second | first pass, sentences/s |",
        "|---|---|---|---|",
    ]
    for system, rates in speed.items():
        cells = (f"{rates[key]:.1f} ({rates[key] / base[key]:.2f})" for key in keys)
        lines.append(f"| {system} | {' | '.join(cells)} | {rates['first_pass']:.1f} |")
    lines += ["", "F1 (exact spans) on whole test sets:", ""]
    lines += ["| test | model | torch fp32 | ONNX int8 | lost | OpenVINO | lost |", "|---|---|---|---|---|---|---|"]
    for row in result["f1"]:
        scores = (f"{row[key] * 100:.2f}" for key in ("f1", "f1_int8", "lost", "f1_openvino", "lost_openvino"))
        lines.append(f"| {row['test']} | {row['model']} | {' | '.join(scores)} |")
    sizes = ", ".join(f"{name} {count / 1e6:.0f} MB" for name, count in result["bytes"].items())
    lines += [
        "",
        f"Size of the folder: {sizes}.",
        "",
        "Where other work runs on the machine meanwhile, CPU time is the steadier one. GLiNER's ONNX form was not "
        "measured: its package brings no weights.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
