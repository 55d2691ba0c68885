"""Fuzz every reader with changed files of the corpus: it reads, or raises an error of ours that names the file.

    python benchmarks/fuzz_readers.py --inputs 1000000 --seconds 1200

Inputs are files of tests/corpus, changed one to four times: bytes flipped, cut or doubled, lines deleted, repeated or
swapped, pieces of another file put in, values of JSON exchanged, odd characters inserted. Each input is read three
ways: with labels, as words alone, and checked (which goes on after faults). `random.Random(f"{seed} {number}")` makes
input `number`, so any of them can be made again: --seed S --first N --inputs 1. What is looked for:

- any exception that is not the package's own, or a message that does not name the file;
- a reading of more than two seconds;
- sentences whose offsets do not point at their words, or that differ between a reading and the next;
- words lost in silence: in columns and lists of words, the words read and those counted as left out are all there are.

A failing input is saved below --work with its number.
"""

from __future__ import annotations

import json
import random
import re
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import ROOT, commit, parser, write_results
from xlner.data import check, load, stream_text
from xlner.data.formats import FORMATS
from xlner.errors import DataError, XlnerError

CORPUS = ROOT / "tests" / "corpus"
SLOW = 2.0  # seconds
ODD = [
    *("\u200b", "\u00a0", "\u3000", "\u2028", "\u0085", "\ufeff", "\ufffd", "🙂", "\u0301", "\u202e", "\t", " ", "\n"),
    *("\r", "\r\n", "\n\n", "\x00", "#", "# text = x", "-DOCSTART-", "_", "O", "B-PER", "I-", "Q-X", '"', "\\", "{"),
    *("}", "[", "]", ",", ":", "null", "true", "-1", "1e999", "NaN", "0.5", "99999999999999999999", '"\\ud83d"'),
    *("1-2\t", "1.1\t"),
]  # fmt: skip


class Slow(BaseException):
    """A reading took too long. No `Exception`, so that no reader takes it for damage of the file."""


def seeds() -> list[bytes]:
    """The files of the corpus, in the order of their names."""
    return [p.read_bytes() for p in sorted(CORPUS.glob("*/*")) if p.is_file() and p.suffix not in (".py", ".pyc")
            and not p.name.endswith(".right.json")]  # fmt: skip


def mutate(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """A file changed one to four times."""
    for _ in range(chance.choice((1, 1, 1, 1, 2, 3, 4))):
        data = chance.choice(CHANGES)(data, others, chance)[:20_000]
    return data


def _flip(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    if not data:
        return data
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _cut(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    start, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    return data[:start] + data[end:]


def _end(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    return data[: chance.randint(0, len(data))]


def _repeat(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    start, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    return data[:end] + data[start:end] * chance.choice((1, 1, 2, 50)) + data[end:]


def _splice(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    other = chance.choice(others)
    return data[: chance.randint(0, len(data))] + other[chance.randint(0, len(other)) :]


def _odd(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(ODD).encode("utf-8") + data[at:]


def _lines(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    act = chance.randrange(4)
    if act == 0:
        del lines[at]
    elif act == 1:
        lines.insert(at, chance.choice(lines))
    elif act == 2:
        lines.insert(at, chance.choice(chance.choice(others).split(b"\n")))
    else:
        to = chance.randrange(len(lines))
        lines[at], lines[to] = lines[to], lines[at]
    return b"\n".join(lines)


def _columns(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    columns = re.split(rb"([\t ])", lines[at])
    act, column = chance.randrange(3), chance.randrange(len(columns))
    if act == 0:
        del columns[column]
    elif act == 1:
        columns.insert(column, chance.choice(columns))
    else:
        columns[column] = chance.choice(ODD).encode("utf-8")
    lines[at] = b"".join(columns)
    return b"\n".join(lines)


def _values(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """A value of JSON in the place of another, or something else there."""
    try:
        value = json.loads(data)
        whole = True
    except (ValueError, RecursionError):
        rows = data.split(b"\n")
        at = chance.randrange(len(rows))
        try:
            value, whole = json.loads(rows[at]), False
        except (ValueError, RecursionError):
            return _odd(data, others, chance)
    places: list[tuple[Any, Any]] = []
    _places(value, places)
    if not places:
        return data
    inside, key = chance.choice(places)
    taken, other = chance.choice(places)
    act = chance.randrange(3)
    if act == 0:
        inside[key] = json.loads(json.dumps(taken[other]))
    elif act == 1:
        inside[key] = chance.choice(
            [None, True, -1, 0, 3, 0.5, "", "x", "O", [], {}, [[]], 10**20, "\ud83d", "é\u0301"]
        )
    elif isinstance(inside, dict):
        del inside[key]
    else:
        inside.insert(key, inside[key])
    made = json.dumps(value, ensure_ascii=chance.random() < 0.5, indent=chance.choice((None, None, 1))).encode(
        "utf-8", "surrogatepass"
    )
    return made if whole else b"\n".join([*rows[:at], made, *rows[at + 1 :]])


def _places(value: Any, found: list[tuple[Any, Any]], depth: int = 0) -> None:
    if depth > 20:
        return
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found.append((value, key))
        _places(inner, found, depth + 1)


CHANGES: list[Callable[[bytes, list[bytes], random.Random], bytes]] = [
    _flip, _cut, _end, _repeat, _splice, _odd, _odd, _lines, _lines, _columns, _values, _values, _values
]  # fmt: skip
READERS = [
    *[None] * 15,
    *(name for name in FORMATS.names() if hasattr(FORMATS.load(name), "read") and name != "datasets"),
]


def fault_of(path: Path, format: str | None) -> tuple[str | None, str]:
    """What is wrong with the reading of one file, None for nothing; and what came of it: read or refused."""
    try:
        corpus = load(path, format=format)
    except XlnerError as error:
        if str(path) not in str(error):
            return f"the message does not name the file: {error}", "refused"
        if isinstance(error, DataError) and str(error).count(str(path)) > 1 and "iconv" not in str(error):
            return f"the message names the file twice: {error}", "refused"
        corpus = None
    for sentence in corpus or ():
        text, offsets = sentence.text, sentence.offsets
        if text is not None and offsets is not None and tuple(text[a:b] for a, b in offsets) != sentence.words:
            return "offsets do not point at the words", "read"
        if not all(sentence.words):
            return "an empty word", "read"
    try:
        raw = list(stream_text(path, format=format))
    except XlnerError as error:
        if str(path) not in str(error):
            return f"the message does not name the file: {error}", "refused"
        raw = None
    report = check([path], format=format)
    json.dumps(report.as_dict())
    if corpus is None:
        return ("check finds no error where load does" if report.ok else None), "refused"
    if not report.ok:
        return "check finds an error where load does not", "read"
    told = report.files[0].report
    if told is None or (told.sentences, told.words, told.types) != (
        len(corpus),
        corpus.report.words,
        corpus.report.types,
    ):
        return "check counts otherwise than load", "read"
    return _lost(path, corpus, raw), "read"


def _lost(path: Path, corpus: Any, raw: Any) -> str | None:
    """Words lost in silence, as far as a count from outside can tell: in columns, a line is a word or is counted."""
    report = corpus.report
    if raw is None:
        return "words are read with labels, and refused without"
    if report.format in ("conll", "conllu", "uner", "tokens", "few-nerd", "gliner"):
        with_labels, without = [s.words for s in corpus], [s.words for s in raw]
        if with_labels != without:
            return "other words with labels than without"
    if report.format == "conll":
        text = path.read_bytes().decode("utf-8").lstrip("\ufeff")
        ends = "\n" if "\r" not in text else None
        if ends:
            lines = [line for line in text.split("\n") if line.lstrip("\ufeff").strip(" \t")]
            marks = sum(line.lstrip("\ufeff").startswith(("-DOCSTART-", "#")) for line in lines)
            lost = (
                len(lines)
                - report.words
                - sum(n for why, n in report.reasons.items() if why.startswith(("word that", "header", "multiword")))
            )
            if not 0 <= lost <= marks:
                return f"{lost} lines are neither words nor counted, of which {marks} may be marks or comments"
    return None


def _alarm(*_: Any) -> None:
    raise Slow


def try_one(path: Path, data: bytes, format: str | None) -> tuple[str | None, str]:
    """As `fault_of`, with every other exception and every slow reading a fault."""
    path.write_bytes(data)
    signal.setitimer(signal.ITIMER_PROF, 3 * SLOW)  # of processor time, for the three readings
    try:
        return fault_of(path, format)
    except Slow:
        return f"slower than {SLOW} s", "slow"
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} in {Path(place.filename).name}:{place.name}: {error}"[:300], "crashed"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def make(seed: int, number: int, files: list[bytes]) -> tuple[bytes, str | None]:
    """Input `number` of a seed, and the format that it is read as; None finds it."""
    chance = random.Random(f"{seed} {number}")
    return mutate(chance.choice(files), files, chance), chance.choice(READERS)


def fuzz(seed: int, first: int, inputs: int, seconds: float, place: Path, keep: Path | None = None) -> dict[str, Any]:
    """Try inputs until there are enough or the time is over.

    Args:
        seed: of all inputs.
        first: number of the first.
        inputs: how many at most.
        seconds: for how long at most.
        place: folder for the input that is being read.
        keep: folder for those that fail.

    Returns:
        Counts, and a few examples of each kind of fault.
    """
    signal.signal(signal.SIGPROF, _alarm)
    files = seeds()
    came_to: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    faults: dict[str, list[int]] = {}
    started = time.monotonic()
    number = first
    while number < first + inputs and time.monotonic() - started < seconds:
        data, format = make(seed, number, files)
        path = place / "input"
        fault, outcome = try_one(path, data, format)
        came_to[outcome] += 1
        asked[format or "found"] += 1
        if fault is not None:
            kind = re.sub(r"[0-9]+", "N", fault.replace(str(path), "FILE"))[:160]
            numbers = faults.setdefault(kind, [])
            numbers.append(number)
            if keep is not None and len(numbers) <= 3:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{seed}-{number}-{format or 'found'}").write_bytes(data)
        number += 1
    return {
        "seed": seed,
        "files": len(files),
        "first": first,
        "inputs": number - first,
        "seconds": round(time.monotonic() - started, 1),
        "came_to": dict(came_to),
        "read_as": dict(sorted(asked.items())),
        "faults": {kind: {"inputs": len(numbers), "first": numbers[:5]} for kind, numbers in faults.items()},
    }


def table(parts: list[dict[str, Any]]) -> str:
    total = sum(p["inputs"] for p in parts)
    seconds = sum(p["seconds"] for p in parts)
    came_to = sum((Counter(p["came_to"]) for p in parts), Counter())
    lines = [
        "# Every reader under changed inputs",
        "",
        f"{total:,} inputs, made from the files of tests/corpus by one to four changes each,",
        f"in {seconds:.0f} s of one process ({total / seconds:.0f} a second; the machine had other work).",
        "Each is read with labels, as words alone, and checked. A fault of an earlier commit may be mended since;",
        "the numbers make its input again at that commit.",
        "",
        "| outcome | inputs |",
        "|---|---|",
        *(f"| {name} | {n:,} |" for name, n in came_to.most_common()),
        "",
        "| seed | files | inputs | first | commit | faults |",
        "|---|---|---|---|---|---|",
        *(
            f"| {p['seed']} | {p['files']} | {p['inputs']:,} | {p['first']:,} | {p['commit'][:12]} | "
            f"{sum(f['inputs'] for f in p['faults'].values())} |"
            for p in parts
        ),
        "",
        "| fault | inputs | seed and number of the first |",
        "|---|---|---|",
    ]  # fmt: skip
    rows = [
        f"| {kind.replace('|', ' ')} | {f['inputs']} | {p['seed']} {f['first'][0]} |"
        for p in parts
        for kind, f in p["faults"].items()
    ]
    return "\n".join([*lines, *(rows or ["| none | 0 | |"])])


def main() -> None:
    arguments = parser(__doc__.splitlines()[0])  # type: ignore[union-attr]
    arguments.add_argument("--inputs", type=int, default=1_000_000)
    arguments.add_argument("--seconds", type=float, default=1200)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--first", type=int, default=0, help="number of the first input")
    arguments.add_argument("--fresh", action="store_true", help="forget earlier results instead of adding to them")
    args = arguments.parse_args()
    version = commit()  # the code that is loaded now, whatever is committed until the end
    place = args.work / "fuzz" / f"seed-{args.seed}-{args.first}"
    place.mkdir(parents=True, exist_ok=True)
    part = fuzz(args.seed, args.first, args.inputs, args.seconds, place, args.work / "fuzz" / "failing")
    part["commit"] = version
    earlier = args.results / "fuzz_readers.json"
    parts = [] if args.fresh or not earlier.is_file() else json.loads(earlier.read_text("utf-8"))["parts"]
    parts = [p for p in parts if (p["seed"], p["first"]) != (part["seed"], part["first"])] + [part]
    write_results(args.results, "fuzz_readers", {"parts": parts}, table(parts))
    sys.exit(1 if part["faults"] else 0)


if __name__ == "__main__":
    main()
