"""A server under mixed load: statuses, times and memory at a share of its capacity, and a stop in the middle of it.

    python benchmarks/serve_load.py --minutes 3
    python benchmarks/serve_load.py --minutes 60 --model RUN

First as many clients as `--clients` ask one question after the other; what they get answered a second is the capacity.
Then questions come at random moments (Poisson) at `--load` times that rate, whether or not earlier ones are answered,
and the time of each counts from the moment when it should have been sent. At the end the server gets SIGTERM while
questions go on coming: each must be answered, or find nobody listening.

Of the questions 1 % are broken, 5 % huge (half of them beyond the bounds, half long texts) and the rest ordinary: one
text or several, or words, in every form that the server has, in seven scripts. All are drawn from a seed. Without
`--model` the embedded encoder with a new head is served, which takes as long as any model on that encoder.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from common import parser, write_results

JSON = {"Content-Type": "application/json"}
WORDS = {
    "Latin": "Amina Kano Lisbon the of river said with bought Nairobi Åsa yesterday team works near Müller",
    "Arabic": "ليلى في القاهرة سافر إلى بيروت أمس مع الفريق مدينة",
    "Cyrillic": "Анна живёт в Москве вчера уехал Борис на поезде",
    "Devanagari": "सीता मुंबई में रहती है कल दिल्ली से गए राम",
    "Ethiopic": "አበበ በ አዲስ አበባ ይኖራል ትናንት ወጣ",
    "Han": "李 明 住 在 北 京 昨 天 离 开 了 上 海 王 芳",
    "Thai": "อนงค์ อยู่ ที่ กรุงเทพ เมื่อวาน",
}
CONFIG = (
    '<View><Labels name="l" toName="t"><Label value="PER"/><Label value="LOC"/></Labels>'
    '<Text name="t" value="$text"/></View>'
)
BROKEN = (
    b"", b"{", b"[]", b'{"text": 7}', b'{"text": "\\ud83d"}', b'{"txt": "a"}', b"\xff\xfe", b"[" * 50_000,
    b'{"words": ["a", ""]}', b'{"text": "a", "min_score": 9}', b'{"tasks": [{}]}',
)  # fmt: skip


@dataclass(frozen=True)
class Question:
    kind: str
    path: str
    body: bytes


@dataclass
class Reply:
    """What became of a question: its status, 0 for nobody listening, -1 for a connection that was lost."""

    kind: str
    status: int
    seconds: float


def sentence(chance: random.Random, words: int) -> str:
    script = chance.choice(list(WORDS))
    joined = ("" if script in ("Han", "Thai") else " ").join(chance.choices(WORDS[script].split(), k=words))
    return f"{chance.choice(['', '', '😀 '])}{joined}{chance.choice(['.', '。', '!', ''])}"


def questions(seed: int) -> Iterator[Question]:
    """Without end."""
    chance = random.Random(seed)
    while True:
        drawn = chance.random()
        if drawn < 0.01:
            yield Question("broken", "/predict", chance.choice(BROKEN))
        elif drawn < 0.035:
            text = "\n".join(sentence(chance, chance.randint(5, 40)) for _ in range(chance.randint(20, 60)))
            yield Question("long text", "/predict", json.dumps({"text": text}).encode())
        elif drawn < 0.06:
            size = chance.choice([1_100_000, 9_000_000])
            yield Question("beyond the bounds", "/predict", json.dumps({"text": "a " * (size // 2)}).encode())
        else:
            yield ordinary(chance)


def ordinary(chance: random.Random) -> Question:
    text = sentence(chance, chance.randint(3, 30))
    few = [text, *(sentence(chance, chance.randint(1, 20)) for _ in range(chance.randint(0, 2)))]
    path, body = chance.choice(
        [
            ("/predict", {"text": text, "sentences": True}),
            ("/predict", {"text": few}),
            ("/predict", {"words": text.split()}),
            ("/predict", {"tasks": [{"id": 1, "data": {"text": text}}], "label_config": CONFIG}),
            ("/hf", {"inputs": text}),
            ("/doccano", {"text": text}),
            ("/models/bench/prodigy", {"text": text}),
        ]
    )
    return Question("ordinary", path, json.dumps(body).encode())


async def ask(client: httpx.AsyncClient, question: Question, due: float) -> Reply:
    status = -1
    try:
        status = (await client.post(question.path, content=question.body, headers=JSON)).status_code
    except httpx.ConnectError:
        status = 0
    except httpx.HTTPError:
        pass
    return Reply(question.kind, status, time.monotonic() - due)


async def capacity(client: httpx.AsyncClient, source: Iterator[Question], clients: int, seconds: float) -> float:
    """Answers a second when nobody waits between two questions."""
    until, answered = time.monotonic() + seconds, 0

    async def one() -> None:
        nonlocal answered
        while time.monotonic() < until:
            await ask(client, next(source), time.monotonic())
            answered += 1

    started = time.monotonic()
    await asyncio.gather(*(one() for _ in range(clients)))
    return answered / (time.monotonic() - started)


async def load(
    client: httpx.AsyncClient, source: Iterator[Question], rate: float, seconds: float, process: subprocess.Popen[str]
) -> tuple[list[Reply], list[tuple[float, float]], list[Reply]]:
    """Replies at that rate, (seconds, MB) of memory meanwhile, and the replies from the moment of SIGTERM on."""
    chance = random.Random(7)
    memory: list[tuple[float, float]] = []
    tasks: list[asyncio.Task[Reply]] = []
    started = due = time.monotonic()
    stopped: float | None = None

    async def watch() -> None:
        while stopped is None:
            memory.append((round(time.monotonic() - started, 1), resident(process.pid)))
            await asyncio.sleep(5)

    watcher = asyncio.create_task(watch())
    after: list[asyncio.Task[Reply]] = []
    while stopped is None or time.monotonic() < stopped + 3:
        due += chance.expovariate(rate)
        await asyncio.sleep(max(0, due - time.monotonic()))
        if stopped is None and due > started + seconds:
            process.send_signal(signal.SIGTERM)
            stopped = time.monotonic()
            after = [task for task in tasks if not task.done()]  # under way when the signal came
        task = asyncio.create_task(ask(client, next(source), due))
        (tasks if stopped is None else after).append(task)
    await watcher
    before = [task for task in tasks if task not in set(after)]
    return [t.result() for t in before], memory, list(await asyncio.gather(*after))


def resident(pid: int) -> float:
    """Resident memory in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def start(model: str) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "xlner", "serve", f"bench={model}", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if match := re.match(r"serving at (\S+) ", line):
            return process, match[1]
    raise SystemExit("the server did not start")


def new_head(folder: Path) -> str:
    """A model on the embedded encoder whose head was drawn and never trained."""
    from xlner.core.labels import LabelSet
    from xlner.core.seed import seed_everything
    from xlner.tagger import Tagger

    seed_everything(1)
    return str(Tagger.fresh("embedded", LabelSet(("LOC", "ORG", "PER")), device="cpu").save(folder / "model"))


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def summary(replies: list[Reply]) -> dict[str, dict[str, Any]]:
    """Per kind of question: how many, statuses, and times of those that were answered, in milliseconds."""
    kinds: dict[str, list[Reply]] = defaultdict(list)
    for reply in replies:
        kinds[reply.kind].append(reply)
        kinds["all"].append(reply)
    out = {}
    for kind, some in sorted(kinds.items()):
        times = [1000 * r.seconds for r in some if r.status > 0]
        out[kind] = {
            "requests": len(some),
            "statuses": {str(s): n for s, n in sorted(Counter(r.status for r in some).items())},
            "p50_ms": round(percentile(times, 0.5), 1),
            "p99_ms": round(percentile(times, 0.99), 1),
        }
        out[kind]["ratio"] = round(out[kind]["p99_ms"] / out[kind]["p50_ms"], 2)
    return out


def growth(memory: list[tuple[float, float]]) -> float:
    """MB an hour over the second half, by least squares."""
    half = memory[len(memory) // 2 :]
    if len(half) < 3:
        return 0.0
    slope, _ = statistics.linear_regression([t for t, _ in half], [mb for _, mb in half])
    return round(3600 * slope, 1)


async def measure(address: str, process: subprocess.Popen[str], args: Any) -> dict[str, Any]:
    source = questions(args.seed)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)
    async with httpx.AsyncClient(base_url=address, timeout=300, limits=limits) as client:
        await capacity(client, source, args.clients, 10)  # warm
        most = await capacity(client, source, args.clients, args.capacity_seconds)
        print(f"capacity {most:.1f} a second", file=sys.stderr, flush=True)
        replies, memory, last = await load(client, source, args.load * most, 60 * args.minutes, process)
    process.wait(300)
    return {
        "capacity_per_second": round(most, 2),
        "rate_per_second": round(args.load * most, 2),
        "kinds": summary(replies),
        "memory_mb": {
            "start": memory[0][1],
            "middle": memory[len(memory) // 2][1],
            "end": memory[-1][1],
            "most": max(mb for _, mb in memory),
            "growth_per_hour": growth(memory),
        },
        "stop": {
            "answered": sum(r.status > 0 for r in last),
            "not_taken": sum(r.status == 0 for r in last),
            "lost": sum(r.status < 0 for r in last),
            "statuses": {str(s): n for s, n in sorted(Counter(r.status for r in last).items())},
            "exit_code": process.returncode,
        },
    }


def table(result: dict[str, Any], args: Any) -> str:
    rows = []
    for kind, v in result["kinds"].items():
        statuses = ", ".join(f"{status}: {n}" for status, n in v["statuses"].items())
        times = f"{v['p50_ms']:.0f} | {v['p99_ms']:.0f} | {v['ratio']:.1f}"
        rows.append(f"| {kind} | {v['requests']} | {statuses} | {times} |")
    rate, most = result["rate_per_second"], result["capacity_per_second"]
    served = "a model" if args.model else "the embedded encoder with a new head"
    mb, stop = result["memory_mb"], result["stop"]
    return f"""# A server under mixed load

{args.minutes:g} minutes at {rate:.1f} requests a second, {args.load:g} times what {args.clients} clients get answered
that ask without a pause ({most:.1f}). Served: {served}. Seed {args.seed}. The time of a question
counts from the moment when it should have been sent; the questions came from the same machine.

| questions | requests | statuses | p50 ms | p99 ms | p99 / p50 |
|---|---|---|---|---|---|
{chr(10).join(rows)}

Resident memory in MB: {mb["start"]:.0f} at the start, {mb["middle"]:.0f} in the middle, {mb["end"]:.0f} at the end,
{mb["most"]:.0f} at most; {mb["growth_per_hour"]:+.0f} an hour over the second half.

SIGTERM under the same load: of the questions that were under way or came in the 3 s after it, {stop["answered"]} were
answered, {stop["not_taken"]} found nobody listening and {stop["lost"]} were lost; exit code {stop["exit_code"]}.
"""


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--model", help="run or model folder; by default the embedded encoder with a new head")
    options.add_argument("--minutes", type=float, default=3)
    options.add_argument("--load", type=float, default=0.8, help="share of the capacity")
    options.add_argument("--clients", type=int, default=16, help="clients that measure the capacity")
    options.add_argument("--capacity-seconds", type=float, default=40)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--name", default="serve_load", help="of the results")
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        process, address = start(args.model or new_head(Path(place)))
        try:
            result = asyncio.run(measure(address, process, args))
        finally:
            process.kill() if process.poll() is None else None
    settings = {k: getattr(args, k) for k in ("minutes", "load", "clients", "seed")}
    write_results(args.results, args.name, {"settings": settings, **result}, table(result, args))


if __name__ == "__main__":
    main()
