"""Seconds to read labelled files: two versions of xlner, a plain loop, and libraries that people use for it.

    git worktree add --detach /tmp/before 43cc2b1
    python benchmarks/read_speed.py --before /tmp/before/src --rounds 5

Each reading runs in a process of its own; the ways take turns, so that a busy machine slows all of them. Counted is
processor time of the reading alone, without imports. The JSON files are made from English CoNLL in three dialects.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from common import ROOT, parser, write_results
from xlner.core.tags import iob2
from xlner.data import load, write

_TIMED = """
import sys, time, resource
path = sys.argv[1]
{imports}
def read(): {reading}
read()
taken = []
for _ in range(2):
    started = time.process_time(); read(); taken.append(time.process_time() - started)
print(min(taken), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
_LOAD = ("from xlner.data import load", "load(path)")
_STREAM = ("from xlner.data import stream_text", "sum(1 for _ in stream_text(path))")
_CONLL_LOOP = (
    "",
    "[[line.split() for line in block.split('\\n')] for block in open(path, encoding='utf-8').read().split('\\n\\n')]",
)
_JSON_LOOP = ("import json", "[json.loads(line) for line in open(path, encoding='utf-8')]")
_DATASETS = (
    "from datasets import load_dataset\nimport tempfile",
    "load_dataset('json', data_files=path, split='train', cache_dir=tempfile.mkdtemp()).to_list()",
)
WAYS = {
    "before": _LOAD,
    "after": _LOAD,
    "before, words alone": _STREAM,
    "after, words alone": _STREAM,
    "plain loop": _CONLL_LOOP,
    "datasets": _DATASETS,
}


def measured(way: tuple[str, str], source: Path, path: Path) -> tuple[float, int]:
    """Seconds of processor time, and the largest memory in MB."""
    imports, reading = way
    environment = {**os.environ, "PYTHONPATH": str(source), "HF_HUB_OFFLINE": "1"}
    code = _TIMED.format(imports=imports, reading=reading)
    output = subprocess.run(
        [sys.executable, "-c", code, str(path)], env=environment, check=True, capture_output=True, text=True
    ).stdout.split()
    return float(output[-2]), int(output[-1])


def make_json(sentences: list[Any], folder: Path) -> dict[str, Path]:
    """The same sentences as our own JSON lines, as tokens with tags, and as text with character spans."""
    files = {name: folder / f"{name}.jsonl" for name in ("jsonl", "tokens", "doccano")}
    write(files["jsonl"], sentences)
    with files["tokens"].open("w", encoding="utf-8") as tokens, files["doccano"].open("w", encoding="utf-8") as doccano:
        for sentence in (s.with_text() for s in sentences):
            tokens.write(json.dumps({"tokens": sentence.words, "ner_tags": iob2(sentence)}) + "\n")
            spans = [[sentence.offsets[s.start][0], sentence.offsets[s.end - 1][1], s.label] for s in sentence.spans]
            doccano.write(json.dumps({"text": sentence.text, "label": spans}) + "\n")
    return files


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--before", type=Path, required=True, help="folder `src` of the other version")
    options.add_argument("--rounds", type=int, default=5)
    args = options.parse_args()
    with TemporaryDirectory() as place:
        english = args.data / "conll" / "en" / "train.txt"
        files = {"CoNLL English": english, "WikiAnn English": args.data / "wikiann" / "en" / "train"}
        files |= make_json(load(english, language="eng").sentences, Path(place))
        result: dict[str, Any] = {"rounds": args.rounds, "files": {}}
        rows = []
        for name, path in files.items():
            is_json = path.suffix == ".jsonl"
            ways = dict(WAYS)
            if is_json:
                ways["plain loop"] = _JSON_LOOP
            if not is_json or importlib.util.find_spec("datasets") is None:
                del ways["datasets"]
            taken: dict[str, list[tuple[float, int]]] = {way: [] for way in ways}
            for _ in range(args.rounds):
                for way, code in ways.items():
                    source = args.before.resolve() if way.startswith("before") else ROOT / "src"
                    taken[way].append(measured(code, source, path))
            seconds = {way: [s for s, _ in values] for way, values in taken.items()}
            ratios = {
                after: median(
                    a / b for a, b in zip(seconds[after], seconds[after.replace("after", "before")], strict=True)
                )
                for after in ("after", "after, words alone")
            }
            result["files"][name] = {
                "seconds": seconds,
                "peak_mb": {way: max(mb for _, mb in values) for way, values in taken.items()},
                "ratio_to_before": {way: round(ratio, 2) for way, ratio in ratios.items()},
            }
            cells = [f"{median(seconds[way]):.2f}" if way in seconds else "-" for way in WAYS]
            rows.append(f"| {name} | {' | '.join(cells)} | {' / '.join(f'{r:.2f}' for r in ratios.values())} |")
            print(rows[-1], flush=True)
    table = f"""# Seconds to read a file

Processor seconds, medians of {args.rounds} rounds in which the ways take turns. The last column is the median of the
rounds' ratios, after to before: with labels / words alone. A plain loop only splits lines or parses JSON: it checks
nothing, finds no layout, and makes no entities.

| file | {" | ".join(WAYS)} | ratios |
|---|{"---|" * (len(WAYS) + 1)}
""" + "\n".join(rows)
    write_results(args.results, "read_speed", result, table)


if __name__ == "__main__":
    main()
