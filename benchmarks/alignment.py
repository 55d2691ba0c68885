"""Word alignment against gold links, and its speed, next to the systems that people use.

Every system runs on the same pairs in the same process. Those that compare embeddings share one encoder. Settings were
chosen on XL-WA dev only (`--dev` prints the choices); test sets are scored once.

    python benchmarks/alignment.py --data FOLDER            # all but the last
    python benchmarks/alignment.py --data FOLDER --dev      # the choices, on dev
    python benchmarks/alignment.py --data FOLDER --tuning   # those of the tuned aligner

With the package simalign installed (`pip install --no-deps simalign`, and scikit-learn), its own code is timed and
compared link by link with ours under its settings.
"""

from __future__ import annotations

import functools
import json
import random
import re
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from common import parser, provenance
from xlner.align import Aligner, Alignment
from xlner.align.embedding import AWESOME, SIMALIGN, EmbeddingAligner
from xlner.align.gold import Gold, score_alignments
from xlner.align.merging import backed
from xlner.align.statistical import ThotAligner
from xlner.align.subwords import SubwordEncoder, SubwordVectors
from xlner.align.tuned import TunedAligner
from xlner.data.segment import split_words
from xlner.encoder import resolve

Pair = tuple[list[str], list[str]]
TestSet = tuple[list[Pair], list[Gold]]

XL_WA = ("bg", "da", "es", "et", "hu", "nl", "pt", "sl")
NTREX = {"da": "dan", "es": "spa", "nl": "nld", "pt": "por", "ro": "ron", "de": "deu", "tr": "tur", "zh": "zho-CN"}
FIT_AT_MOST = 6_000

# Best layers on XL-WA dev for the published settings too, so that they meet ours on equal terms.
SIMALIGN_HERE = {**SIMALIGN, "layers": 7}
AWESOME_HERE = {**AWESOME, "layers": 5}
CHOICES: dict[str, dict[str, Any]] = {
    "simalign itermax, layer 8": SIMALIGN,
    "simalign itermax, layer 7": SIMALIGN_HERE,
    "simalign argmax, layer 7": {**SIMALIGN_HERE, "method": "mutual"},
    "awesome, layer 8": AWESOME,
    "awesome, layer 5": AWESOME_HERE,
    "xlner": {},
    "xlner, layer 6": {"layers": 6},
    "xlner, layer 8": {"layers": 8},
    "xlner, layers 5 and 7": {"layers": (5, 7)},
    "xlner without centring": {"centre": False},
    "xlner without hubs": {"hubs": 0},
    "xlner without diagonal": {"diagonal": 0.0},
    "xlner threshold 0.3": {"threshold": 0.3},
    "xlner threshold 0.5": {"threshold": 0.5},
    "xlner mutual": {"method": "mutual"},
    "xlner itermax": {"method": "itermax"},
    "xlner optimal": {"method": "optimal"},
    "xlner by words": {"level": "word"},
    "xlner in bf16": {"precision": "bf16"},
    "xlner in fp32": {"precision": "fp32"},
}


def xl_wa(data: Path, language: str, split: str) -> TestSet:
    pairs, gold = [], []
    for line in (data / f"wordalign/xl-wa/data/{language}/{split}.tsv").read_text("utf-8").rstrip("\n").split("\n"):
        source, target, links = line.split("\t")[:3]
        pairs.append((source.split(" "), target.split(" ")))
        sure = Alignment.from_pharaoh(links)
        gold.append(Gold(sure, sure))
    return pairs, gold


def awesome_examples(data: Path, name: str) -> TestSet:
    folder = data / "wordalign/awesome_align_examples"
    pairs = [_sides(line) for line in (folder / f"{name}.src-tgt").read_text("utf-8").rstrip("\n").split("\n")]
    gold = []
    for line in (folder / f"{name}.gold").read_text("utf-8").rstrip("\n").split("\n"):
        sure = " ".join(re.findall(r"\d+-\d+", line))
        gold.append(Gold(Alignment.from_pharaoh(sure, base=1), Alignment.from_pharaoh(line, base=1)))
    return pairs, gold


def german_english(data: Path) -> TestSet:
    folder = data / "wordalign/bicici_deen/German-English_WordAlignment"
    sides = [(folder / f"test.{code}").read_text("utf-8-sig").rstrip("\n").split("\n") for code in ("de", "en")]
    links: list[tuple[list[str], list[str]]] = [([], []) for _ in sides[0]]
    for line in (folder / "de-en.ref.wa").read_text("utf-8").rstrip("\n").split("\n"):
        number, i, j, kind = line.split()
        links[int(number) - 1][kind != "S"].append(f"{i}-{j}")
    pairs = [(s.strip().split(" "), t.strip().split(" ")) for s, t in zip(*sides, strict=True)]
    gold = []
    for (source, target), (sure, possible) in zip(pairs, links, strict=True):
        both = [Alignment.from_pharaoh(" ".join(x)) for x in (sure, sure + possible)]
        # One line of this set links a word that is not there.
        kept = [Alignment.of((i, j) for i, j in a.links() if i < len(source) and j < len(target)) for a in both]
        gold.append(Gold(*kept))
    return pairs, gold


def english_turkish(data: Path) -> TestSet:
    folder = data / "wordalign/silveralign/Data/eng_tur/Gold"
    text = (folder / "parallel.txt").read_text("utf-8").rstrip("\n").split("\n")
    pairs, gold = [], []
    for line in (folder / "gold.txt").read_text("utf-8").rstrip("\n").split("\n"):
        number, links = line.split("\t")
        pairs.append(_sides(text[int(number)]))
        sure = Alignment.from_pharaoh(links)
        gold.append(Gold(sure, sure))
    return pairs, gold


def _sides(line: str) -> Pair:
    source, target = line.split("|||")
    return source.strip().split(" "), target.strip().split(" ")


def test_sets(data: Path) -> Iterator[tuple[str, str, bool, TestSet]]:
    """Name, the language other than English, whether English is the source, the set."""
    for language in XL_WA:
        yield f"en-{language}", language, True, xl_wa(data, language, "test")
    for name in ("roen", "jaen", "zhen"):
        yield f"{name[:2]}-en", name[:2], False, awesome_examples(data, name)
    yield "de-en", "de", False, german_english(data)
    yield "en-tr", "tr", True, english_turkish(data)


def more_bitext(data: Path, language: str, *, english_first: bool) -> list[Pair]:
    """Text without gold links in the same languages, words apart, for models that are fitted."""
    sides: list[tuple[str, str]] = []
    if language in NTREX:
        folder = data / "bitext/ntrex"
        sides += _lines(folder / "eng.txt", folder / f"{NTREX[language]}.txt")
    news = data / f"bitext/newstest/en-{language}"
    if news.is_dir():
        english, other = sorted(news.iterdir(), key=lambda p: not p.name.endswith("en"))[:2]
        sides += _lines(english, other)
    pairs: list[Pair] = []
    for english_text, other_text in sides[:FIT_AT_MOST]:
        english_words = [english_text[a:b] for a, b in split_words(english_text, "en")]
        other_words = [other_text[a:b] for a, b in split_words(other_text, language)]
        pairs.append((english_words, other_words) if english_first else (other_words, english_words))
    if language in XL_WA:
        for split in ("dev", "train"):
            path = data / f"wordalign/xl-wa/data/{language}/{split}.tsv"
            for line in path.read_text("utf-8").rstrip("\n").split("\n"):
                source, target = line.split("\t")[:2]
                pairs.append((source.split(" "), target.split(" ")))
    return pairs


def _lines(english: Path, other: Path) -> list[tuple[str, str]]:
    both = (p.read_text("utf-8").split("\n") for p in (english, other))
    return [(e, o) for e, o in zip(*both, strict=False) if e.strip() and o.strip()]


class Remembering(SubwordEncoder):
    """Encodes the same sentences only once, so that many settings can be compared."""

    def encode(self, sentences: Sequence[Sequence[str]]) -> SubwordVectors:
        known: dict[int, SubwordVectors] = self.__dict__.setdefault("known", {})
        key = hash(tuple(map(tuple, sentences)))
        if key not in known:
            known[key] = super().encode(sentences)
        return known[key]


class Made:
    """Makes embedding aligners; those that compare the same layers share one encoder."""

    def __init__(self) -> None:
        self.encoders: dict[object, SubwordEncoder] = {}

    def __call__(
        self, *, layers: int | tuple[int, ...] = 7, precision: str = "auto", **settings: Any
    ) -> EmbeddingAligner:
        key = (layers, precision)
        if key not in self.encoders:
            taken = (layers,) if isinstance(layers, int) else layers
            self.encoders[key] = Remembering(layers=taken, precision=precision)
        return EmbeddingAligner(loaded=self.encoders[key], **settings)


def choose(data: Path, languages: list[str]) -> list[dict[str, Any]]:
    """The table of choices: mean F1 over the dev parts of XL-WA."""
    sets = {language: xl_wa(data, language, "dev") for language in languages}
    made: dict[str, dict[str, list[Alignment]]] = {}
    make = Made()
    for name, settings in CHOICES.items():
        aligner = make(**settings)
        made[name] = {language: aligner.align(pairs) for language, (pairs, _) in sets.items()}
    loose = make(threshold=0.2)
    for language, (pairs, _) in sets.items():
        prior = loose.align(pairs)
        bitext = [*pairs, *more_bitext(data, language, english_first=True)]
        for model in ("fast_align", "hmm"):
            fitted = ThotAligner(model=model).fit(bitext).align(pairs)
            made.setdefault(f"thot {model}", {})[language] = fitted
            for bonus in (0.1, 0.2, 0.3):
                both = [backed(p, [f], bonus, 0.5) for p, f in zip(prior, fitted, strict=True)]
                made.setdefault(f"xlner, prior for {model}, bonus {bonus}", {})[language] = both
    rows = []
    for name, of_languages in made.items():
        each = {f"en-{k}": score_alignments(links, sets[k][1]) for k, links in of_languages.items()}
        mean = {k: statistics.mean(getattr(s, k) for s in each.values()) for k in ("precision", "recall", "f1", "aer")}
        rows.append({"system": name, **mean, "per_language": {k: s.f1 for k, s in each.items()}})
        print(f"{name:28} P {mean['precision']:.4f}  R {mean['recall']:.4f}  F1 {mean['f1']:.4f}", flush=True)
    return rows


def score_all(data: Path, wanted: list[str] | None) -> list[dict[str, Any]]:
    """Every system on every test set."""
    make = Made()
    fixed: dict[str, Aligner] = {
        "awesome, layer 5": make(**AWESOME_HERE),
        "simalign argmax, layer 7": make(**{**SIMALIGN_HERE, "method": "mutual"}),
        "simalign itermax, layer 7": make(**SIMALIGN_HERE),
        "xlner embedding": make(),
    }
    loose = make(threshold=0.2)
    rows = []
    for name, language, english_first, (pairs, gold) in test_sets(data):
        if wanted and name not in wanted:
            continue
        bitext = [*pairs, *more_bitext(data, language, english_first=english_first)]
        made: dict[str, list[Alignment]] = {}
        for system, aligner in fixed.items():
            made[system] = aligner.align(pairs)
        made["thot fast_align"] = ThotAligner(model="fast_align").fit(bitext).align(pairs)
        tuned = TunedAligner().fit(bitext)
        made["thot hmm"] = tuned.counts.align(pairs)
        made["xlner combined"] = with_counts(loose.align(pairs), made["thot hmm"])
        made["xlner tuned"] = tuned.align(pairs)
        made["xlner tuned, combined"] = with_counts(loosely(tuned).align(pairs), made["thot hmm"])
        row = {"pair": name, "pairs": len(pairs), "fitted_on": len(bitext)}
        row["scores"] = {system: score_alignments(links, gold).as_dict() for system, links in made.items()}
        rows.append(row)
        shown = "  ".join(f"{s}: {v['f1']:.3f}/{v['aer']:.3f}" for s, v in row["scores"].items())
        print(f"{name} ({len(bitext)} pairs): {shown}", flush=True)
    return rows


def loosely(tuned: TunedAligner) -> EmbeddingAligner:
    """A tuned aligner that gives links of less confidence, too, for a combination."""
    assert tuned.reader is not None
    return EmbeddingAligner(loaded=tuned.reader.encoder, threshold=0.2)


def with_counts(priors: list[Alignment], counted: list[Alignment]) -> list[Alignment]:
    return [backed(prior, [fitted], 0.2, 0.5) for prior, fitted in zip(priors, counted, strict=True)]


def tune(data: Path, languages: list[str]) -> list[dict[str, Any]]:
    """Learning rates of the tuned aligner, on XL-WA dev."""
    rows = []
    for language in languages:
        pairs, gold = xl_wa(data, language, "dev")
        bitext = [*pairs, *more_bitext(data, language, english_first=True)]
        made = {"xlner embedding": EmbeddingAligner().align(pairs)}
        for rate in (5e-5, 1e-4, 2e-4):
            started = time.perf_counter()
            tuned = TunedAligner(learning_rate=rate).fit(bitext)
            seconds = time.perf_counter() - started
            made[f"tuned, learning rate {rate:g}"] = tuned.align(pairs)
            both = with_counts(loosely(tuned).align(pairs), tuned.counts.align(pairs))
            made[f"tuned, learning rate {rate:g}, combined"] = both
            print(f"{language}: fitted on {len(bitext)} pairs in {seconds:.0f} s", flush=True)
        for name, links in made.items():
            found = score_alignments(links, gold)
            rows.append({"pair": f"en-{language}", "system": name, "fitted_on": len(bitext), **found.as_dict()})
            print(f"{language} {name:40} {found.f1:.4f}", flush=True)
    return rows


def speed(data: Path, n_pairs: int, rounds: int) -> dict[str, Any]:
    """Pairs per second on pairs of all test sets, same encoder and layer, taking turns; medians over rounds.

    No sentence comes twice: we would encode it once, and simalign each time.
    """
    mixed = [(language, pair) for _, language, _, (found, _) in test_sets(data) for pair in found]
    random.Random(1).shuffle(mixed)
    pairs: list[Pair] = []
    languages: list[str] = []
    seen: set[tuple[str, ...]] = set()
    for language, (source, target) in mixed:
        if len(pairs) < n_pairs and not {tuple(source), tuple(target)} & seen:
            seen |= {tuple(source), tuple(target)}
            pairs.append((source, target))
            languages.append(language)
    runners: dict[str, Callable[[], list[Alignment]]] = {}
    theirs = _simalign(layer=SIMALIGN_HERE["layers"])
    if theirs is not None:
        runners["simalign, pair by pair, fp32"] = lambda: [theirs(*pair) for pair in pairs]
    alone = EmbeddingAligner(**SIMALIGN_HERE, precision="fp32")
    runners["xlner, same method, fp32"] = functools.partial(alone.align, pairs)
    cpu = alone.encoder.device.type == "cpu"
    for precision in ("bf16", "int8") if cpu else ("bf16",):
        aligner = EmbeddingAligner(**SIMALIGN_HERE, precision=precision)
        runners[f"xlner, same method, {precision}"] = functools.partial(aligner.align, pairs)
    runners["xlner, defaults"] = functools.partial(EmbeddingAligner().align, pairs)
    seconds: dict[str, list[float]] = {name: [] for name in runners}
    last: dict[str, list[Alignment]] = {}
    for _ in range(rounds):
        for name, run in runners.items():
            started = time.perf_counter()
            last[name] = run()
            seconds[name].append(time.perf_counter() - started)
    rates = {name: len(pairs) / statistics.median(s) for name, s in seconds.items()}
    out: dict[str, Any] = {
        "pairs": len(pairs),
        "rounds": rounds,
        "threads": torch.get_num_threads(),
        "pairs_per_second": rates,
        "seconds": seconds,
    }
    if theirs is not None:
        first = rates["simalign, pair by pair, fp32"]
        out["times_simalign"] = {name: rate / first for name, rate in rates.items()}
        both = zip(last["simalign, pair by pair, fp32"], last["xlner, same method, fp32"], strict=True)
        same = [a.links() == b.links() for a, b in both]
        # Words of these scripts get the subwords of running text here.
        spaced = [equal for equal, language in zip(same, languages, strict=True) if language not in ("zh", "ja")]
        out |= {"identical_pairs": sum(same), "spaced_pairs": len(spaced), "identical_spaced_pairs": sum(spaced)}
    for name, rate in rates.items():
        print(f"{name:40} {rate:8.1f} pairs/s", flush=True)
    return out


def _simalign(*, layer: int) -> Callable[[list[str], list[str]], Alignment] | None:
    try:
        from simalign import SentenceAligner
    except ImportError:
        print("simalign is not installed: its speed is not measured")
        return None
    aligner = SentenceAligner(model=resolve("embedded"), token_type="bpe", matching_methods="i", layer=layer)

    def align(source: list[str], target: list[str]) -> Alignment:
        return Alignment.of(aligner.get_word_aligns(source, target)["itermax"])

    return align


def table(result: dict[str, Any]) -> str:
    """Everything measured, as one page."""
    lines = ["# Word alignment", ""]
    for part, how in result["provenance"].items():
        where = ", ".join(f"{k} {v}" for k, v in how["machine"].items())
        lines.append(f"- {part}: `{how['command']}`, commit {how['commit'][:12]}; {where}")
    lines.append("")
    if rows := result.get("scores"):
        systems = list(dict.fromkeys(system for row in rows for system in row["scores"]))
        lines += [
            "F1 / AER on the test sets; the last column is how many pairs the statistical models were fitted on. Empty "
            "cells were not measured.",
            "",
        ]
        lines += ["| pair | " + " | ".join(systems) + " | fitted on |", "|---" * (len(systems) + 2) + "|"]
        for row in rows:
            best = max(s["f1"] for s in row["scores"].values())
            cells = [_cell(row["scores"].get(system), best) for system in systems]
            lines.append(f"| {row['pair']} | " + " | ".join(cells) + f" | {row['fitted_on']} |")
        whole = [row for row in rows if set(systems) <= row["scores"].keys()]
        for name, these in dict(_groups(rows, whole)).items():
            cells = [_mean([row["scores"].get(system) for row in these]) for system in systems]
            lines.append(f"| {name} | " + " | ".join(cells) + " | |")
        lines.append("")
    if rows := result.get("dev"):
        lines += [
            "Choices, on XL-WA dev (mean over languages):",
            "",
            "| setting | precision | recall | F1 |",
            "|---|---|---|---|",
        ]
        lines += [f"| {r['system']} | {r['precision']:.3f} | {r['recall']:.3f} | {r['f1']:.3f} |" for r in rows]
        lines.append("")
    if rows := result.get("tuning"):
        lines += ["Learning rates of the tuned aligner, F1 on XL-WA dev:", ""]
        pairs = list(dict.fromkeys(r["pair"] for r in rows))
        found = {(r["pair"], r["system"]): r["f1"] for r in rows}
        lines += ["| setting | " + " | ".join(pairs) + " |", "|---" * (len(pairs) + 1) + "|"]
        for system in dict.fromkeys(r["system"] for r in rows):
            lines.append(f"| {system} | " + " | ".join(f"{found[p, system]:.4f}" for p in pairs) + " |")
        lines.append("")
    if timed := result.get("speed"):
        lines += [
            f"Speed on {timed['pairs']} pairs, {timed['threads']} threads, median of {timed['rounds']} rounds:",
            "",
            "| system | pairs/s | times simalign |",
            "|---|---|---|",
        ]
        for name, rate in timed["pairs_per_second"].items():
            times = timed.get("times_simalign", {}).get(name)
            lines.append(f"| {name} | {rate:.1f} | {'' if times is None else f'{times:.1f}'} |")
        if "identical_pairs" in timed:
            lines += [
                "",
                f"Same links as simalign's code on {timed['identical_pairs']} of {timed['pairs']} pairs; on "
                f"{timed['identical_spaced_pairs']} of the {timed['spaced_pairs']} without Chinese and Japanese, whose "
                "words get other subwords here.",
            ]
    return "\n".join(lines) + "\n"


def _groups(rows: list[dict[str, Any]], whole: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    yield f"mean of {len(rows)}", rows
    if 0 < len(whole) < len(rows):
        yield f"mean of the {len(whole)} with all cells", whole


def _cell(score: dict[str, float] | None, best: float) -> str:
    if score is None:
        return ""
    mark = "**" if score["f1"] == best else ""
    return f"{mark}{score['f1']:.3f}{mark} / {score['aer']:.3f}"


def _mean(scores: list[dict[str, float] | None]) -> str:
    found = [s for s in scores if s is not None]
    if len(found) < len(scores):
        return ""
    return f"{statistics.mean(s['f1'] for s in found):.3f} / {statistics.mean(s['aer'] for s in found):.3f}"


def main() -> None:
    made = parser(__doc__ or "")
    made.add_argument("--dev", action="store_true", help="measure the choices on dev")
    made.add_argument("--scores", action="store_true", help="score the test sets")
    made.add_argument("--speed", action="store_true", help="measure speed")
    made.add_argument("--only", nargs="*", help="test sets, such as en-de; the rows of others stay as they are")
    made.add_argument("--tuning", action="store_true", help="measure learning rates on dev")
    made.add_argument("--languages", nargs="*", default=list(XL_WA), help="for --dev and --tuning")
    made.add_argument("--pairs", type=int, default=1600, help="for --speed")
    made.add_argument("--rounds", type=int, default=5, help="for --speed")
    options = made.parse_args()
    everything = not (options.dev or options.tuning or options.scores or options.speed)
    path = options.results / "alignment.json"
    # Parts may be measured in several runs; each brings its own provenance.
    result = json.loads(path.read_text("utf-8")) if path.is_file() and not everything else {}
    parts: dict[str, Callable[[], Any]] = {
        "speed": lambda: speed(options.data, options.pairs, options.rounds),
        "scores": lambda: score_all(options.data, options.only),
        "dev": lambda: choose(options.data, options.languages),
        "tuning": lambda: tune(options.data, options.languages),
    }
    for part, measure in parts.items():
        if (everything and part != "tuning") or getattr(options, part):
            some = options.only if part == "scores" and part in result else None
            name = f"{part} of {', '.join(some)}" if some else part
            result.setdefault("provenance", {})[name] = provenance()
            found = measure()
            if some:
                new = {row["pair"]: row for row in found}
                found = [new.get(row["pair"], row) for row in result[part]]
            result[part] = found
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")
            path.with_suffix(".md").write_text(table(result), "utf-8")


if __name__ == "__main__":
    main()
