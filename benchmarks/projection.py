"""Label projection with gold English (German, Swedish) entities on Europarl-NER and PUD.

Settings are the package's defaults. They were chosen on PUD; nothing was chosen on Europarl-NER. The statistical part,
fast_align, is fitted on news text (newstest) and on the pairs themselves.

    python benchmarks/projection.py --tagger RUN --translate 300
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

from common import parser, write_results
from projection_back import back_translation, markers, nmt_scores, portuguese
from projection_tables import markdown
from xlner.align import Alignment
from xlner.align.embedding import EmbeddingAligner
from xlner.align.layers import LayersAligner
from xlner.align.merging import mixed
from xlner.align.statistical import ThotAligner
from xlner.core.types import Sentence, Span
from xlner.data import load, stream_text
from xlner.evaluate import compare, interval, score, span_calibration
from xlner.project import ProjectionResult, Reason, curve, project
from xlner.project.candidates import CandidateOptions, candidates_of
from xlner.project.matchers.exact import ExactMatcher
from xlner.project.matchers.heuristic import HeuristicMatcher
from xlner.project.pair import Pair, Problem
from xlner.project.scores.fused import FusedScore
from xlner.project.scores.learning import learn

# The file of PUD in Chinese has the same sentences in another order of its blocks.
CHINESE_ORDER = [*range(375), *range(750, 875), *range(375, 750), *range(875, 1000)]
HEURISTIC = [(d, k, thr) for d in (0, 1) for k in (1, 0) for thr in (0.8, 0.0)]
PUNCTUATION: dict[str, Any] = {"punctuation": "keep"}
CONSTRAINTS = [("<=", 1), ("<=", 2), ("=", 1), (">=", 1)]
WIDE = ["ngrams"]


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--tagger", help="English NER model, for rows with its evidence and for back-translation")
    options.add_argument("--against", action="store_true", help="that comparison alone, the rest from the last result")
    options.add_argument("--translate", type=int, default=0, metavar="N", help="also N sentences with back-translation")
    args = options.parse_args()
    europarl = {t: europarl_corpus(args.data, args.work, t) for t in ("de", "es")}
    if args.against:
        last = json.loads((args.results / "projection.json").read_text("utf-8"))
        last["against"] = {t: against(c) for t, c in europarl.items()}
        write_results(args.results, "projection", last, markdown(last))
        return
    result: dict[str, Any] = {
        "europarl": {t: systems(c, args.tagger) for t, c in europarl.items()},
        "against": {t: against(c) for t, c in europarl.items()},
        "constraints": {t: constraint_study(c) for t, c in europarl.items()},
        "heuristic": {t: heuristics(c) for t, c in europarl.items()},
        "calibration": {t: calibrated(c) for t, c in europarl.items()},
        "errors": {t: errors(c, default(c)) for t, c in europarl.items()},
        "curve": {t: [p.as_dict() for p in curve(default(c), gold=c["gold"], points=10)] for t, c in europarl.items()},
        "speed": {t: speed(c) for t, c in europarl.items()},
        "pud": {f"{a}-{b}": pud(args.data, args.work, a, b) for a, b in PUD},
        "raw": raw_chinese(args.data, args.work),
    }
    if args.translate:
        result["markers"] = markers(args.data, args.work, args.translate)
        if args.tagger:
            sides = portuguese(args.data, args.work, args.tagger, args.translate)
            result["back_translation"] = back_translation(args.work, *sides)
            result["nmt"] = nmt_scores(args.work, *sides)
    write_results(args.results, "projection", result, markdown(result))


PUD = [("en", "de"), ("en", "sv"), ("en", "zh"), ("de", "en"), ("sv", "en")]


def europarl_corpus(data: Path, work: Path, target: str) -> dict[str, Any]:
    """Sentences and alignments of one language pair."""
    source, gold = (load(data / "europarl_ner" / f"{x}.conll02").sentences for x in ("en", target))
    news = data / "bitext" / "newstest" / f"en-{target}"
    sides = [[s.words for s in stream_text(news / f"{x}.txt", language=x, split_lines=False)] for x in ("en", target)]
    return {
        "source": source,
        "gold": gold,
        **aligned(work, f"europarl-{target}", source, gold, zip(*sides, strict=True)),
    }


def aligned(work: Path, name: str, source: Sequence[Sentence], gold: Sequence[Sentence], more: Any) -> dict[str, Any]:
    """The alignments of one corpus, from `work` if a run before this one left them there."""
    pairs = [(s.words, t.words) for s, t in zip(source, gold, strict=True)]

    def kept(kind: str, make: Any) -> list[Alignment]:
        file = work / "alignments" / f"{name}-{kind}.txt"
        if not file.is_file():
            file.parent.mkdir(parents=True, exist_ok=True)
            lines = [a.to_pharaoh(scores=True) + "\n" for a in make()]
            file.write_text("".join(lines), "utf-8")
        return [Alignment.from_pharaoh(line) for line in file.read_text("utf-8").splitlines()]

    def statistical() -> list[Alignment]:
        bitext = [*pairs, *(p for p in more if p[0] and p[1])]
        return ThotAligner(model="fast_align").fit(bitext).align(pairs)

    layers = kept("layers", lambda: LayersAligner().align(pairs))
    counted = kept("fast_align", statistical)
    return {
        "layers": layers,
        "counted": [Alignment(a.pairs) for a in counted],
        "embedding": [Alignment(a.pairs) for a in kept("embedding", lambda: EmbeddingAligner().align(pairs))],
        "both": [mixed(a, [b], 0.2) for a, b in zip(layers, counted, strict=True)],
    }


def run(corpus: dict[str, Any], which: str, score: str | None = None, matcher: Any = "exact", **more: Any) -> Any:
    """One projection with given alignments."""
    sides = corpus["source"], corpus["gold"]
    return project(*sides, alignments=corpus[which], matcher=matcher, score=score, **more)


def default(corpus: dict[str, Any]) -> ProjectionResult:
    """The system that the figures are about."""
    return run(corpus, "both")


def figures(corpus: dict[str, Any], result: ProjectionResult) -> dict[str, Any]:
    """Strict scores and fates."""
    return {**scored(corpus, result.sentences), "fates": result.counts}


def scored(corpus: dict[str, Any], made: Sequence[Sentence]) -> dict[str, Any]:
    s = score(corpus["gold"], made)
    span = interval(s)
    return {"f1": s.f1, "low": span.low, "high": span.high, "precision": s.precision, "recall": s.recall}


def systems(corpus: dict[str, Any], tagger: str | None) -> dict[str, Any]:
    """From the published heuristic to the whole."""
    out = {
        "range heuristic of the paper, embedding": run(corpus, "embedding", matcher=HeuristicMatcher(variant="paper")),
        "range heuristic of the thesis, embedding": run(
            corpus, "embedding", matcher=HeuristicMatcher(variant="thesis")
        ),
        "range heuristic of IXA, embedding": run(corpus, "embedding", matcher=HeuristicMatcher(variant="ixa")),
        "range heuristic, our default, embedding": run(corpus, "embedding", matcher="heuristic"),
        "exact, string and sound alone": run(corpus, "embedding", "string"),
        "exact, similarity of span embeddings alone": run(corpus, "embedding", "embedding"),
        "exact, align + string, embedding": run(corpus, "embedding", "align=0.5,string=0.5"),
        "exact, align score, embedding": run(corpus, "embedding", "align"),
        "exact, align score, layers": run(corpus, "layers", "align"),
        "exact, fused, embedding": run(corpus, "embedding"),
        "exact, fused, layers": run(corpus, "layers"),
        "exact, fused, layers + fast_align": default(corpus),
        "greedy, fused, layers + fast_align": run(corpus, "both", matcher="greedy"),
    }
    rows = {name: figures(corpus, r) for name, r in out.items()}
    rows["exact, fused with weights learned on this text without its labels"] = figures(corpus, learned(corpus))
    if tagger:
        from xlner.tagger import Tagger

        model = Tagger.load(tagger)
        made = project(corpus["source"], corpus["gold"], alignments=corpus["both"], tagger=model)
        rows["exact, fused, layers + fast_align + English NER model"] = figures(corpus, made)
        for name in ("ner_spans", "align=0.5,ner_spans=0.5"):
            made = project(corpus["source"], corpus["gold"], alignments=corpus["embedding"], tagger=model, score=name)
            rows[f"exact, {name}, embedding"] = figures(corpus, made)
        alone = list(model.predict([g.without_labels() for g in corpus["gold"]]))
        rows["English NER model on the target text, no projection"] = scored(corpus, alone)
    return rows


def against(corpus: dict[str, Any]) -> dict[str, Any]:
    """Ours less the published methods with the same links, sentence by sentence, and what the labels allow at best.

    Links are those of `layers`, with which ours is the default of the command, or those of `embedding`. At best: every
    entity goes to a gold entity of its own type while the sentence has one left. Nobody who keeps all entities and
    their types can do better.
    """
    wide = ExactMatcher(candidates=WIDE)
    rows = {}
    for links in ("layers", "embedding"):
        others = {
            "range heuristic of the paper": run(corpus, links, matcher=HeuristicMatcher(variant="paper")),
            "range heuristic of the thesis": run(corpus, links, matcher=HeuristicMatcher(variant="thesis")),
            "range heuristic of IXA": run(corpus, links, matcher=HeuristicMatcher(variant="ixa")),
            "ILP over n-grams, align score": run(corpus, links, "align", wide),
        }
        ours = score(corpus["gold"], run(corpus, links).sentences)
        for name, other in others.items():
            found = compare(ours, score(corpus["gold"], other.sentences)).as_dict()
            rows[f"{name}, {links}"] = found
    sides = [[Counter(x.label for x in s.spans) for s in corpus[side]] for side in ("source", "gold")]
    met = sum((a & b).total() for a, b in zip(*sides, strict=True))
    return {"methods": rows, "at best": 2 * met / sum(c.total() for side in sides for c in side)}


def learned(corpus: dict[str, Any]) -> ProjectionResult:
    """Co-training: fast_align and the embedding aligner are the witnesses, the layers are what is read."""
    pairs = [Pair(s, t, a) for s, t, a in zip(corpus["source"], corpus["gold"], corpus["layers"], strict=True)]
    weights = learn(pairs, [corpus["counted"], corpus["embedding"]])
    full = [replace(p, alignment=a) for p, a in zip(pairs, corpus["both"], strict=True)]
    ranges = [candidates_of(p, CandidateOptions()) for p in full]
    scores = FusedScore(weights=weights)(full, ranges)
    items = [ExactMatcher().match(Problem(p, c, s, 0.2)) for p, c, s in zip(full, ranges, scores, strict=True)]
    return ProjectionResult(tuple(items))


def constraint_study(corpus: dict[str, Any]) -> dict[str, Any]:
    """Greedy and exact under every constraint, on the align score of all n-grams of up to 10 words."""
    out = {}
    for sense, n_proj in CONSTRAINTS:
        how = {"constraint": sense, "n_proj": n_proj, "candidates": WIDE}
        for name in ("greedy", "exact"):
            made = run(corpus, "embedding", "align", name, matcher_options=how)
            out[f"{sense} {n_proj} {name}"] = figures(corpus, made)
    return out


def heuristics(corpus: dict[str, Any]) -> dict[str, Any]:
    """The range heuristic over its options."""
    out = {}
    for d, k, thr in HEURISTIC:
        made = run(corpus, "embedding", matcher=HeuristicMatcher(d=d, k=k, thr=thr))
        out[f"d={d} k={k or '-'} thr={thr or '-'}"] = figures(corpus, made)
    for name, settings in (("d=1 k=1 thr=- only_i", {"only_i": True}), ("d=1 k=1 thr=- punctuation=keep", PUNCTUATION)):
        out[name] = figures(corpus, run(corpus, "embedding", matcher=HeuristicMatcher(**settings)))
    return out


def calibrated(corpus: dict[str, Any]) -> dict[str, Any]:
    """Is a fused score of 0.8 right in 80 of 100 cases?"""
    found = span_calibration(corpus["gold"], default(corpus).sentences)
    return found.as_dict()


def errors(corpus: dict[str, Any], result: ProjectionResult) -> dict[str, Any]:
    """Where the entities went that are not right, and which gold entities no source entity stands for."""
    kinds: Counter[str] = Counter()
    for gold, item in zip(corpus["gold"], result, strict=True):
        right = {s.key for s in gold.spans} & {s.key for s in item.sentence.spans}
        left = [s for s in gold.spans if s.key not in right]
        for fate in item.fates:
            if fate.spans and all(s.key in right for s in fate.spans):
                kinds["right"] += 1
                continue
            kinds[_kind(fate.spans, fate.wanted, left, fate.entity.label) + _lost(fate.reason)] += 1
        surplus = Counter(s.label for s in gold.spans) - Counter(e.label for e in item.source.spans)
        kinds["gold entity of a type that the source has fewer of"] += surplus.total()
    return dict(kinds)


def _lost(reason: Reason) -> str:
    return "" if reason is Reason.PROJECTED else " (not projected)"


def _kind(spans: Sequence[Span], wanted: tuple[int, int] | None, left: Sequence[Span], label: str) -> str:
    start, end = (spans[0].start, spans[0].end) if spans else (wanted or (0, 0))
    if any((g.start, g.end) == (start, end) for g in left):
        return "right place, other type in the target's annotation"
    if any(g.start < end and start < g.end and g.label == label for g in left):
        return "boundary"
    if any(g.start < end and start < g.end for g in left):
        return "boundary and type"
    if any(g.label == label for g in left):
        return "another place"
    return "no such entity in the target's annotation"


def speed(corpus: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Wall-clock and processor seconds to project the whole corpus with alignments given, best of three."""
    out = {}
    for name, which, score_name in (("align score", "embedding", "align"), ("fused", "both", "fused")):
        times = []
        for _ in range(3):
            started, used = time.perf_counter(), time.process_time()
            run(corpus, which, score_name)
            times.append((time.perf_counter() - started, time.process_time() - used))
        out[name] = {"wall": min(t for t, _ in times), "processor": min(t for _, t in times)}
    return out


def pud(data: Path, work: Path, a: str, b: str) -> dict[str, Any]:
    """Scores and fates on PUD, whole and where both sides name as many entities of each type."""
    source, gold = (pud_side(data, x) for x in (a, b))
    corpus = {"source": source, "gold": gold}
    if a == "en":
        corpus |= aligned(work, f"pud-{b}", source, gold, [])
    else:
        back = aligned(work, f"pud-{a}", gold, source, [])
        corpus |= {name: [x.transposed() for x in links] for name, links in back.items()}
    whole = run(corpus, "layers")
    same = [
        i
        for i, (s, g) in enumerate(zip(source, gold, strict=True))
        if Counter(x.label for x in s.spans) == Counter(x.label for x in g.spans) and s.spans
    ]
    few = score([gold[i] for i in same], [whole.sentences[i] for i in same])
    return {
        "fused": figures(corpus, whole),
        "align score": figures(corpus, run(corpus, "layers", "align")),
        "heuristic": figures(corpus, run(corpus, "layers", matcher="heuristic")),
        "agreeing": {"sentences": len(same), "f1": few.f1, "precision": few.precision, "recall": few.recall},
        "errors": errors(corpus, whole),
    }


def raw_chinese(data: Path, work: Path) -> dict[str, Any]:
    """Scores on Chinese text without the words of the gold file, counted in characters."""
    source, gold = (pud_side(data, x) for x in ("en", "zh"))
    place = work / "pud-zh.txt"
    place.write_text("".join("".join(g.words) + "\n" for g in gold), "utf-8")
    raw = list(stream_text(place, language="zh", split_lines=False))
    corpus = {"gold": [in_characters(g) for g in gold]}
    made = {
        "exact, fused": project(source, raw),
        "exact, align score": project(source, raw, score="align"),
        "range heuristic": project(source, raw, matcher="heuristic"),
    }
    return {name: scored(corpus, [in_characters(s) for s in r.sentences]) for name, r in made.items()}


def in_characters(sentence: Sentence) -> Sentence:
    """The same with a word for every character of its words."""
    at = [0, *accumulate(map(len, sentence.words))]
    spans = tuple(replace(s, start=at[s.start], end=at[s.end]) for s in sentence.spans)
    return Sentence(tuple("".join(sentence.words)), spans)


def pud_side(data: Path, language: str) -> list[Sentence]:
    """One side of PUD, in the order of the English file."""
    sentences = load(data / "uner" / f"{language}_pud-ud-test.iob2").sentences
    return [sentences[i] for i in CHINESE_ORDER] if language == "zh" else sentences


if __name__ == "__main__":
    main()
